"""What the one writer remembers of identities, so that an event of a known person asks nothing.

Ids never change, so they may be remembered; when identities are removed (an erasure, an undo, also
by another process) the epoch in the state goes up and everything is forgotten. What a batch has
just made is not remembered before a later batch finds it in the state: a transaction may fail.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from yutang.state.brand import meta, refusals

EPOCH = "identity_epoch"
MOST = 1_500_000  # identities, and as many pairs; then half is forgotten (about 300 MB)


class Known:
    """Identities and links that stand in the state."""

    def __init__(self) -> None:
        self._epoch = -1
        self._ids: dict[str, dict[str, int]] = {}
        self._pairs: dict[tuple[str, str], dict[int, int]] = {}
        self.refused: frozenset[str] = frozenset()  # hashes
        self.highest_in_lake: int | None = None

    def check(self, connection: Connection) -> None:
        """Forget everything where the epoch has changed."""
        now = epoch(connection)
        if now != self._epoch:
            self._epoch = now
            self._ids.clear()
            self._pairs.clear()
            self.highest_in_lake = None
            rows = connection.execute(select(refusals.c.value_hash))
            self.refused = frozenset(row[0] for row in rows)

    def ids(self, kind: str) -> dict[str, int]:
        """Text as it came → identity id, of one kind."""
        found = self._ids.setdefault(kind, {})
        if len(found) > MOST:
            _halve(found)
        return found

    def pairs(self, evidence: str, source: str) -> dict[int, int]:
        """Pair (`pair_key`) → the earliest time noted, of one kind of evidence and source."""
        found = self._pairs.setdefault((evidence, source), {})
        if len(found) > MOST:
            _halve(found)
        return found


def _halve(known: dict) -> None:  # type: ignore[type-arg]
    for key in list(known)[: len(known) // 2]:
        del known[key]


def epoch(connection: Connection) -> int:
    value = connection.execute(select(meta.c.value).where(meta.c.key == EPOCH)).scalar()
    return int(value or 0)


def next_epoch(connection: Connection) -> None:
    """Identities were removed: what anybody remembers of them is void."""
    now = epoch(connection)
    if now:
        connection.execute(update(meta).where(meta.c.key == EPOCH).values(value=str(now + 1)))
    else:
        connection.execute(insert(meta).values(key=EPOCH, value="1"))
