"""Notes on days: what happened, so that whoever sees a chart knows why it bends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, func, insert, select, update

from yutang.errors import BadInput, NotFound
from yutang.state.brand import day_notes
from yutang.workspace import Workspace

KINDS: dict[str, tuple[str, str]] = {
    "campaign": ("活动", "campaign"),
    "release": ("上新/改版", "release"),
    "incident": ("故障/异常", "incident"),
    "other": ("其他", "other"),
}
TEXT_LENGTH = 200
MOST_NOTES = 5_000  # of a brand
_LONGEST = timedelta(days=366)
_COLUMNS = [
    day_notes.c[name]
    for name in ("id", "first_on", "last_on", "kind", "text", "created_by", "created_at")
]


@dataclass(frozen=True)
class DayNote:
    """`first_on` to `last_on`: business days, YYYY-MM-DD, both inclusive."""

    id: int
    first_on: str
    last_on: str
    kind: str
    text: str
    created_by: str
    created_at: int


class DayNotes:
    """Notes on days of one brand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def list_(self, first: date | None = None, last: date | None = None) -> list[DayNote]:
        """Those that touch the days, the newest day first."""
        query = select(*_COLUMNS).order_by(day_notes.c.first_on.desc(), day_notes.c.id.desc())
        if first is not None:
            query = query.where(day_notes.c.last_on >= first.isoformat())
        if last is not None:
            query = query.where(day_notes.c.first_on <= last.isoformat())
        with self._workspace.db.read() as connection:
            return [DayNote(*row) for row in connection.execute(query)]

    def get(self, note_id: int) -> DayNote:
        query = select(*_COLUMNS).where(day_notes.c.id == note_id)
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such note.")
        return DayNote(*row)

    def add(self, first: str, last: str, kind: str, text: str, *, by: str) -> DayNote:
        """`last` may be empty: the same day. Raises BadInput."""
        values = _checked(first, last or first, kind, text)
        with self._workspace.db.write() as connection:
            count = connection.execute(select(func.count()).select_from(day_notes)).scalar_one()
            if count >= MOST_NOTES:
                raise BadInput(
                    "A brand has at most %(n)d notes on days.",
                    hint="Remove old ones first.",
                    n=MOST_NOTES,
                )
            new = connection.execute(
                insert(day_notes)
                .values(**values, created_by=by, created_at=self._workspace.now())
                .returning(day_notes.c.id)
            ).scalar_one()
        return self.get(int(new))

    def change(self, note_id: int, first: str, last: str, kind: str, text: str) -> DayNote:
        self.get(note_id)
        values = _checked(first, last or first, kind, text)
        with self._workspace.db.write() as connection:
            connection.execute(update(day_notes).where(day_notes.c.id == note_id).values(**values))
        return self.get(note_id)

    def remove(self, note_id: int) -> None:
        self.get(note_id)
        with self._workspace.db.write() as connection:
            connection.execute(delete(day_notes).where(day_notes.c.id == note_id))


def _checked(first: str, last: str, kind: str, text: str) -> dict[str, str]:
    days = []
    for one in (first.strip(), last.strip()):
        try:
            days.append(date.fromisoformat(one))
        except ValueError:
            raise BadInput(
                "“%(place)s” is no date. Write it like 2026-11-22.", place=one[:20]
            ) from None
    if days[1] < days[0]:
        raise BadInput("The last day is before the first.", hint="Swap the two days.")
    if days[1] - days[0] > _LONGEST:
        raise BadInput("A note is about a year at most.", hint="Write one note a year.")
    if kind not in KINDS:
        raise BadInput("There is no kind of note “%(kind)s”.", kind=kind[:20])
    text = " ".join(text.split())
    if not 0 < len(text) <= TEXT_LENGTH:
        raise BadInput("A note has 1 to %(n)d characters.", n=TEXT_LENGTH)
    return {
        "first_on": days[0].isoformat(), "last_on": days[1].isoformat(), "kind": kind, "text": text,
    }  # fmt: skip
