"""The dictionary as the stream uses it: read once, and again only after somebody changed it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from yutang.ingest import dictionary
from yutang.ingest.brand_meta import get_meta
from yutang.ingest.dictionary import STRICT, Property
from yutang.ingest.personal import DEFAULT_RULE, RULES, Rule, rule_in
from yutang.state.brand import event_names

PRIVACY = "property_privacy"  # in `meta`: the brand's rule for personal values in properties


@dataclass
class Words:
    """The dictionary at one epoch. properties: by case-folded name; the writer adds to it."""

    epoch: int
    properties: dict[str, Property]
    blocked_events: frozenset[str]
    strict: bool
    rule: Rule

    def rule_of(self, one: Property) -> Rule:
        """What is done with personal values of a property."""
        return rule_in(one.type, self.rule_of_attribute(one))

    def rule_of_attribute(self, one: Property) -> Rule:
        """The same where customers' attributes have that name: these have no type."""
        return one.privacy if one.privacy in RULES else self.rule


class WordCache:
    """Words of one brand, kept between batches: for the one writer."""

    def __init__(self) -> None:
        self._words: Words | None = None

    def get(self, connection: Connection) -> Words:
        """The dictionary as this transaction sees it."""
        epoch = dictionary.epoch(connection)
        if self._words is None or self._words.epoch != epoch:
            self._words = _read(connection, epoch)
        return self._words

    def settle(self, connection: Connection) -> None:
        """The writer itself registered properties in this transaction: the view has them."""
        if self._words is not None:
            self._words.epoch = dictionary.epoch(connection)

    def types(self) -> dict[str, str]:
        """Types of the properties that are known and not blocked, by case-folded name; nothing
        before the first `get`."""
        if self._words is None:
            return {}
        known = self._words.properties.items()
        return {name: one.type for name, one in known if one.status != "blocked"}

    def clear(self) -> None:
        """Forget everything: a transaction that added to it was rolled back."""
        self._words = None


def unknown_events(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those names that the dictionary does not hold."""
    wanted = sorted(set(names))
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        query = select(event_names.c.name).where(event_names.c.name.in_(part))
        found |= {str(row[0]) for row in connection.execute(query)}
    return set(wanted) - found


def _read(connection: Connection, epoch: int) -> Words:
    blocked = select(event_names.c.name).where(event_names.c.status == "blocked")
    rule = get_meta(connection, PRIVACY)
    return Words(
        epoch=epoch,
        properties=dictionary.properties(connection),
        blocked_events=frozenset(str(row[0]) for row in connection.execute(blocked)),
        strict=get_meta(connection, STRICT) == "1",
        rule=rule if rule in RULES else DEFAULT_RULE,
    )
