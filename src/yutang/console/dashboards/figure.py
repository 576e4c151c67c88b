"""The one number of a card: what it is now, and how that stands against the range before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yutang.analysis import Column, Table
from yutang.console.analyse.answer import COMPARED, Asked, change, kind_of, title_of
from yutang.console.analyse.cells import is_key
from yutang.console.charts import spark

# Tables of one row that stand for the whole range, in the order they are looked for.
_WHOLE = ("total", "totals", "summary", "starts")


@dataclass(frozen=True)
class Figure:
    """`value` and `before` are shown as `kind` (parts.html, cell); `change` is final text."""

    title: str
    value: Any
    kind: str
    before: Any
    change: str
    points: str

    @property
    def digits(self) -> int:
        """Large sums read better without their decimals."""
        whole = isinstance(self.value, (int, float)) and float(self.value).is_integer()
        return 0 if whole or abs(self.value or 0) >= 1_000 else 2


def figure_of(asked: Asked, measure: str = "") -> Figure | None:
    """The number of a result: of the whole range where the model says it, else of the last row.
    measure: the column; else the first that holds numbers. None where there is none."""
    result = asked.result
    tables = [t for name in _WHOLE if (t := result.tables.get(name)) and len(t.rows) == 1]
    for table in [*tables, result.table]:
        column = _column(table, measure, asked.model)
        if column is None or not table.rows:
            continue
        row = table.rows[-1]
        value, before = row.get(column.name), row.get(column.name + COMPARED)
        if before is None and table is result.table and len(table.rows) > 1 and _dated(table):
            before = table.rows[-2].get(column.name)
        kind = kind_of(column)
        return Figure(
            title=title_of(asked, column),
            value=value,
            kind=kind,
            before=before,
            change=change(value, before, kind),
            points=_points(result.table, column.name),
        )
    return None


def _column(table: Table, measure: str, model: str) -> Column | None:
    """A funnel's number is how many came through, not how many did its last step."""
    named = {one.name: one for one in table.columns}
    if measure:
        return named.get(measure)
    if model == "funnel" and "rate_first" in named:
        return named["rate_first"]
    fits = (c for c in table.columns if not is_key(c) and not c.name.endswith(COMPARED))
    return next((c for c in fits if any(_is_number(row.get(c.name)) for row in table.rows)), None)


def _points(table: Table, name: str) -> str:
    """The course over time, where the rows are periods and nothing else."""
    keys = [c for c in table.columns if is_key(c)]
    if not _dated(table) or len(keys) != 1 or not any(c.name == name for c in table.columns):
        return ""
    return spark([row.get(name) for row in table.rows])


def _dated(table: Table) -> bool:
    return any(c.kind == "period" for c in table.columns)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def with_comparison(params: Mapping[str, Any]) -> dict[str, Any]:
    """The question with the range before beside it, where its days have a beginning and an end."""
    closed = params.get("from") and params.get("to") and not params.get("compare")
    return {**params, "compare": "previous"} if closed else dict(params)
