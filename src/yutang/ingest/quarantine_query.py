"""Questions to the quarantine's table, put together from what a page or a program asks for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, true

from yutang.state.brand import imports, quarantine

SAMPLES = 5  # values told of each group


def select_rows() -> Any:
    return select(
        quarantine.c.id,
        quarantine.c.import_id,
        func.coalesce(imports.c.filename, quarantine.c.source),
        func.coalesce(imports.c.kind, ""),
        quarantine.c.row,
        quarantine.c.column,
        quarantine.c.reason,
        quarantine.c.value,
        quarantine.c.record,
        quarantine.c.at,
        quarantine.c.status,
        quarantine.c.resolved_by,
        quarantine.c.repair,
    ).select_from(quarantine.outerjoin(imports, imports.c.id == quarantine.c.import_id))


def samples_of(connection: Connection) -> dict[tuple[str, str | None], tuple[str, ...]]:
    """A few different values of each reason and column."""
    distinct = (
        select(quarantine.c.reason, quarantine.c.column, quarantine.c.value)
        .where(quarantine.c.status == "open", quarantine.c.value.is_not(None))
        .distinct()
        .subquery()
    )
    group = [distinct.c.reason, distinct.c.column]
    place = func.row_number().over(partition_by=group, order_by=distinct.c.value).label("place")
    numbered = select(distinct, place).subquery()
    found: dict[tuple[str, str | None], tuple[str, ...]] = {}
    for reason, column, value, _ in connection.execute(
        select(numbered).where(numbered.c.place <= SAMPLES)
    ):
        found[reason, column] = (*found.get((reason, column), ()), str(value))
    return found


def what_is() -> ColumnElement[str]:
    """value | record | row, as `Group.what` says it."""
    return case(
        (quarantine.c.record.is_(None), "value"),
        (quarantine.c.import_id.is_(None), "record"),
        else_="row",
    )


def which(
    *,
    import_id: int | None = None,
    reason: str = "",
    status: str = "open",
    column: str = "",
    source: str = "",
    search: str = "",
    value: str = "",
    what: str = "",
) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [true()]
    exactly = {"reason": reason, "status": status, "column": column, "source": source,
               "value": value}  # fmt: skip
    parts += [quarantine.c[name] == wanted for name, wanted in exactly.items() if wanted]
    if import_id is not None:
        parts.append(quarantine.c.import_id == import_id)
    if what:
        parts.append(what_is() == what)
    if search:
        texts = (quarantine.c.column, quarantine.c.value, quarantine.c.record)
        parts.append(or_(*(text.contains(search, autoescape=True) for text in texts)))
    return and_(*parts)
