"""Facts versions without new facts: an undo, a repair or a renamed shop moved some customers.

Who is touched is written down (`plan`) before facts go, since after a crash they no longer tell;
`carry_out` then makes it the newest facts version, in the transaction that completes the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection, delete, func, insert, select

from yutang.state.brand import commits
from yutang.workspace import Workspace


@dataclass(frozen=True)
class Planned:
    """A change that is not carried out yet. version: facts of later versions came after it."""

    journal: str
    version: int
    note: Mapping[str, Any]


def planned(connection: Connection, kind: str) -> Planned | None:
    """The first change of this kind that was planned and not carried out: its process died."""
    query = (
        select(commits.c.journal, commits.c.id, commits.c.counts)
        .where(commits.c.kind == kind, commits.c.status == "prepared")
        .order_by(commits.c.id)
    )
    found = connection.execute(query).first()
    return None if found is None else Planned(found.journal, int(found.id), found.counts or {})


def plan(
    workspace: Workspace,
    kind: str,
    journal: str,
    touched: Callable[[], Iterable[int]],
    note: Mapping[str, Any] | None = None,
) -> None:
    """Remember whom a change will touch; asked only the first time, not after a crash.

    note: what else must be known to finish it after a crash, as JSON; `planned` gives it back.
    """
    with workspace.db.read() as connection:
        if connection.execute(select(commits.c.id).where(_is(journal))).first() is not None:
            return
    customers = BitMap(touched())
    with workspace.db.write() as connection:
        _add(connection, workspace, kind, journal, customers, "prepared", note)


def carry_out(
    connection: Connection, workspace: Workspace, kind: str, journal: str, changed: Iterable[int]
) -> int:
    """Make the change known: the new facts version. What was planned is included."""
    customers = BitMap(changed)
    planned = connection.execute(select(commits.c.changed).where(_is(journal))).scalar()
    if planned is not None:
        customers |= BitMap.deserialize(planned)
        connection.execute(delete(commits).where(_is(journal)))
    return _add(connection, workspace, kind, journal, customers, "done")


def _is(journal: str):  # type: ignore[no-untyped-def]
    return (commits.c.journal == journal) & (commits.c.position == 0)


def _add(
    connection: Connection,
    workspace: Workspace,
    kind: str,
    journal: str,
    customers: BitMap,
    status: str,
    note: Mapping[str, Any] | None = None,
) -> int:
    version = next_version(connection, workspace)
    connection.execute(
        insert(commits).values(
            id=version,
            at=workspace.now(),
            kind=kind,
            journal=journal,
            position=0,
            status=status,
            counts=dict(note or {}),
            changed=customers.serialize(),
        )
    )
    return version


def next_version(connection: Connection, workspace: Workspace) -> int:
    """One more than the largest facts version in the state or the lake."""
    top = connection.execute(select(func.max(commits.c.id))).scalar() or 0
    return max(int(top), workspace.lake.highest("commit_id")) + 1
