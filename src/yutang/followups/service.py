"""Follow-ups of one brand's customers, newest first; what was removed can be brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from yutang.errors import BadInput, NotFound
from yutang.identity import numbers_of
from yutang.state.brand import follow_ups
from yutang.workspace import Workspace

# What was done; the words are the console's.
KINDS = ("note", "chat", "call", "visit", "service", "complaint")
MOST_TEXT = 2_000
_COLUMNS = ("id", "customer", "kind", "text", "by", "at", "removed_at")


@dataclass(frozen=True)
class FollowUp:
    """One of them. at, removed_at: UTC ms; customer: the number of that day."""

    id: int
    customer: int
    kind: str
    text: str
    by: str
    at: int
    removed_at: int | None = None


class FollowUps:
    """What is written down of people."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def of_customer(self, customer: int, *, most: int = 50) -> list[FollowUp]:
        """Newest first; those of merged numbers, too."""
        with self._workspace.db.read() as connection:
            found = written_about(connection, numbers_of(connection, customer))
        return [one for one in found if one.removed_at is None][:most]

    def add(self, customer: int, kind: str, text: str, *, by: str) -> FollowUp:
        """Write one down. Raises BadInput for another kind, no text, or too much of it."""
        text = text.strip()
        if kind not in KINDS:
            raise BadInput("There is no follow-up of the kind “%(kind)s”.", kind=kind[:40])
        if not text:
            raise BadInput("The follow-up is empty.", hint="Write what was said or done.")
        if len(text) > MOST_TEXT:
            raise BadInput("A follow-up has at most %(n)d characters.", n=MOST_TEXT)
        at = self._workspace.now()
        with self._workspace.db.write() as connection:
            made = connection.execute(
                insert(follow_ups)
                .values(customer=customer, kind=kind, text=text, by=by, at=at)
                .returning(follow_ups.c.id)
            ).scalar_one()
        return FollowUp(int(made), customer, kind, text, by, at)

    def remove(self, customer: int, id_: int, *, back: bool = False) -> FollowUp:
        """Take one away, or bring it back. Raises NotFound where the customer has no such one."""
        c = follow_ups.c
        with self._workspace.db.write() as connection:
            numbers = list(numbers_of(connection, customer))
            here = (c.id == id_, c.customer.in_(numbers))
            changed = connection.execute(
                update(follow_ups)
                .where(*here)
                .values(removed_at=None if back else self._workspace.now())
            )
            if not changed.rowcount:
                raise NotFound("This customer has no such follow-up.")
            row = connection.execute(select(*(c[name] for name in _COLUMNS)).where(*here)).one()
        return FollowUp(*row)


# --- rights of a person --------------------------------------------------------------------------
def written_about(connection: Connection, numbers: Sequence[int]) -> list[FollowUp]:
    """All that is kept of these customer numbers, removed ones included, newest first."""
    c = follow_ups.c
    query = (
        select(*(c[name] for name in _COLUMNS))
        .where(c.customer.in_(list(numbers)))
        .order_by(c.at.desc(), c.id.desc())
    )
    return [FollowUp(*row) for row in connection.execute(query)]


def forget(connection: Connection, numbers: Sequence[int]) -> int:
    """Remove them for good; how many there were."""
    gone = connection.execute(delete(follow_ups).where(follow_ups.c.customer.in_(list(numbers))))
    return int(gone.rowcount)
