"""Many identities at once by their plain values: lists that people bring along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, select

from yutang.catalog.identity_kinds import KINDS
from yutang.identity.rules import as_text
from yutang.state.brand import identities

_PART = 500  # values of one IN list
_HASHED = [kind.code for kind in KINDS if kind.hashed]


def customers_by_value(
    connection: Connection,
    keyed_hash: Callable[[str, str], str],
    values: Sequence[str],
    kind: str = "",
) -> dict[str, set[int]]:
    """Value as it was given → customers who have an identity of exactly this value.

    kind: of this kind only; "" of any kind, so that a value may fit several people.
    """
    wanted: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for value in dict.fromkeys(values):
        for key in _keys(value, kind, keyed_hash):
            wanted[key].append(value)
    found: dict[str, set[int]] = defaultdict(set)
    stored = sorted({key for key, _ in wanted})
    for start in range(0, len(stored), _PART):
        part = stored[start : start + _PART]
        # The kind is looked at here: as a condition SQLite takes the index on kind for it.
        query = select(identities.c.kind, identities.c.value, identities.c.customer_id)
        for its, key, customer in connection.execute(query.where(identities.c.value.in_(part))):
            if not kind or its == kind:
                _note(found, wanted, (key, its in _HASHED), int(customer))
    return found


def _keys(value: str, kind: str, keyed_hash: Callable[[str, str], str]) -> list[tuple[str, bool]]:
    """(what is stored of the value, whether that is a hash), for each kind it may be of."""
    kinds = [kind] if kind else ["", *_HASHED]
    texts = [(one, as_text(one, value)) for one in kinds]
    return [
        (keyed_hash(one, text) if one in _HASHED else text, one in _HASHED)
        for one, text in texts
        if text is not None
    ]


def _note(
    found: dict[str, set[int]],
    wanted: Mapping[tuple[str, bool], list[str]],
    key: tuple[str, bool],
    customer: int,
) -> None:
    for value in wanted.get(key, ()):
        found[value].add(customer)
