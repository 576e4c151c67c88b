"""A rule asked of everybody at once: one bool array per condition, joined as the tree says.

The same rule asked of one person is in `person.py`; a test holds both together.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from pyroaring import BitMap

from yutang.customers.snapshot import Snapshot
from yutang.errors import BadInput
from yutang.segments import tree
from yutang.segments.behaviour import Behaviour
from yutang.segments.days import birthday_of, celebrated_on, span_of
from yutang.sequence import ShardSet
from yutang.sequence.calendar import day_of
from yutang.sequence.conditions import Test
from yutang.sequence.filters import customers_where
from yutang.sequence.matching import mix
from yutang.sequence.memberships import ids_of
from yutang.sequence.source import NO_TIME, Attribute

RELATIONS = ("contact", "group", "follow")  # codes of Ties.kind
KEY_WORDS = ("guide", "group", "account")  # their words in the snapshot
_CACHED_BYTES = 160_000_000
# Sets that people change at any moment are read anew each time: that takes milliseconds.
_MOVING_KINDS = ("tag", "segment", "consent", "people")
_CUSTOMER = '"customer.'  # a filter of events that asks about the customer, too


@dataclass(frozen=True)
class Ground:
    """What rules are asked of. tagged, in_segment, behind: people by tag, by segment, behind an
    origin; consenting: people by purpose and state; today: the business day of relative days."""

    snapshot: Snapshot
    shards: ShardSet | None
    attributes: Mapping[str, Attribute]
    zone: str
    today: date
    in_segment: Callable[[int], BitMap]
    behind: Callable[[Mapping[str, Any]], BitMap]
    tagged: Callable[[int], BitMap] | None = None
    consenting: Callable[[str, str], BitMap] | None = None

    @property
    def size(self) -> int:
        return len(self.snapshot.people.alive)

    @property
    def stamp(self) -> tuple[object, ...]:
        """Changes with the facts."""
        version = self.shards.facts_version if self.shards else 0
        return (version, self.snapshot.version, self.snapshot.made_at, self.today)


def today_of(snapshot: Snapshot, zone: str) -> date:
    """The business day of the newest fact."""
    return day_of(snapshot.as_of, zone)


class Masks:
    """Answers of conditions, kept while the facts stand still; the longest unused go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: tuple[object, ...] = ()
        self._kept: OrderedDict[str, tuple[object, np.ndarray]] = OrderedDict()

    def get(self, stamp: tuple[object, ...], key: str, of: object) -> np.ndarray | None:
        """of: what the answer was read from; another object is another answer."""
        with self._lock:
            if stamp != self._stamp or key not in self._kept or self._kept[key][0] is not of:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][1]

    def put(self, stamp: tuple[object, ...], key: str, of: object, mask: np.ndarray) -> None:
        with self._lock:
            if stamp != self._stamp:
                self._kept.clear()
                self._stamp = stamp
            self._kept[key] = (of, mask)
            while sum(one.nbytes for _, one in self._kept.values()) > _CACHED_BYTES:
                self._kept.popitem(last=False)


@dataclass
class Asking:
    """Asks one ground. masks: answers of before."""

    ground: Ground
    masks: Masks = field(default_factory=Masks)

    def __post_init__(self) -> None:
        self._asked: dict[str, np.ndarray] = {}  # of what moves: for this question only
        self._behaviour = Behaviour(self.ground.shards, self.ground.today, self.ground.zone)

    def mask(self, node: Any) -> np.ndarray:
        """bool by customer id (index 0: nobody): who fulfils the rule. Raises BadInput."""
        return self._node(node, "rule") & self.ground.snapshot.people.alive

    def people(self, node: Any) -> BitMap:
        """The same as a bitmap."""
        return BitMap(np.flatnonzero(self.mask(node)).astype(np.uint32))

    def count(self, node: Any) -> int:
        return int(np.count_nonzero(self.mask(node)))

    def one(self, condition: Any) -> np.ndarray:
        """bool by customer id: who fulfils one condition."""
        return self._condition(condition, "rule")

    # --- the tree ------------------------------------------------------------------------------
    def _node(self, node: Any, place: str) -> np.ndarray:
        if isinstance(node, tree.Not):
            return ~self._node(node.not_, f"{place}.not")
        if isinstance(node, tree.AllOf):
            return self._joined(node.and_, f"{place}.and", np.logical_and)
        if isinstance(node, tree.AnyOf):
            return self._joined(node.or_, f"{place}.or", np.logical_or)
        return self._condition(node, place)

    def _joined(self, nodes: list[Any], place: str, join: Any) -> np.ndarray:
        out = self._node(nodes[0], f"{place}[0]")
        for i, one in enumerate(nodes[1:], start=1):
            out = join(out, self._node(one, f"{place}[{i}]"))
        return out

    def _condition(self, one: Any, place: str) -> np.ndarray:
        kind = one.kind
        key = json.dumps(tree.to_json(one), sort_keys=True, ensure_ascii=False)
        if kind in _MOVING_KINDS or _CUSTOMER in key:
            if key not in self._asked:
                self._asked[key] = _ASK[kind](self, one, place)
            return self._asked[key]
        of = None
        if kind in ("attribute", "anniversary"):
            of = self.ground.attributes.get(one.name if kind == "attribute" else one.attribute)
        known = self.masks.get(self.ground.stamp, key, of)
        if known is not None:
            return known
        made = _ASK[kind](self, one, place)
        made.flags.writeable = False
        self.masks.put(self.ground.stamp, key, of, made)
        return made

    # --- conditions ----------------------------------------------------------------------------
    def _attribute(self, one: tree.Attribute, place: str) -> np.ndarray:
        attribute = attribute_of(self.ground.attributes, one.name, place)
        test = test_of(attribute, one, place, self.ground)
        return self._spread(*customers_where(attribute, test))

    def _spread(self, holds: np.ndarray, absent: bool) -> np.ndarray:
        """An answer by customer id cut, or filled up, to everybody."""
        out = np.full(self.ground.size, absent, np.bool_)
        n = min(holds.size, out.size)
        out[:n] = holds[:n]
        return out

    def _tag(self, one: tree.TagHeld, place: str) -> np.ndarray:
        if self.ground.tagged is None:
            raise BadInput("%(place)s: there are no tags here.", place=place)
        return self._sets([self.ground.tagged(id_) for id_ in one.tags], one.has)

    def _segment(self, one: tree.InSegment, place: str) -> np.ndarray:
        return self._sets([self.ground.in_segment(id_) for id_ in one.segments], one.has)

    def _consent(self, one: tree.Consent, place: str) -> np.ndarray:
        if self.ground.consenting is None:
            raise BadInput("%(place)s: there are no consents here.", place=place)
        if one.state != "unknown":
            return self._flags(self.ground.consenting(one.purpose, one.state))
        said = [self.ground.consenting(one.purpose, state) for state in ("given", "withdrawn")]
        return ~self._flags(said[0] | said[1])

    def _people(self, one: tree.Behind, place: str) -> np.ndarray:
        return self._flags(self.ground.behind(one.origin))

    def _sets(self, sets: list[BitMap], has: str) -> np.ndarray:
        if has == "all":
            return self._flags(BitMap.intersection(*sets))
        out = self._flags(BitMap.union(*sets))
        return ~out if has == "none" else out

    def _flags(self, people: BitMap) -> np.ndarray:
        out = np.zeros(self.ground.size, np.bool_)
        ids = ids_of(people)
        out[ids[: np.searchsorted(ids, out.size)]] = True
        return out

    def _relation(self, one: tree.Relation, place: str) -> np.ndarray:
        ties, words = self.ground.snapshot.ties, self.ground.snapshot.words
        n = len(ties)
        wanted = ~ties.is_end
        if one.relation != "any":
            wanted &= ties.kind == RELATIONS.index(one.relation)
        if one.state != "ever":
            wanted &= (ties.end == n) == (one.state == "live")
        if one.keys:
            named = np.zeros(n, np.bool_)
            for kind, name in enumerate(KEY_WORDS):
                codes = [i for i, word in enumerate(words.get(name, ())) if word in one.keys]
                named |= (ties.kind == kind) & np.isin(ties.key, codes)
            wanted &= named
        if one.channel_codes:
            known = words.get("channel_code", ())
            codes = [i for i, word in enumerate(known) if word in one.channel_codes]
            wanted &= np.isin(ties.channel_code, codes)
        if one.began != tree.EVER:
            wanted &= self._within(ties.time, one.began)
        if one.ended != tree.EVER:
            ends = np.append(ties.time, NO_TIME)[np.where(ties.end < 0, n, ties.end)]
            wanted &= self._within(ends, one.ended)  # a live one ends at NO_TIME: in no span
        out = np.zeros(self.ground.size, np.bool_)
        out[ties.customer[wanted]] = True
        return out

    def _within(self, times: np.ndarray, days: tree.Days) -> np.ndarray:
        first, end = span_of(days, self.ground.today, self.ground.zone)
        return np.asarray((times >= first) & (times < end))

    def _behave(self, one: Any, place: str) -> np.ndarray:
        return self._spread(*self._behaviour.holds(one, self.ground.size, place))

    def _anniversary(self, one: tree.Anniversary, place: str) -> np.ndarray:
        attribute = attribute_of(self.ground.attributes, one.attribute, place)
        fits = celebrated_on(one, self.ground.today)
        if attribute.type == "string":
            words = [birthday_of(word, one.calendar) in fits for word in attribute.dictionary]
            return self._spread(np.array([*words, False], np.bool_)[attribute.values], False)
        if attribute.type == "time":
            zone = self.ground.zone
            known = attribute.values != NO_TIME
            days, places = np.unique(attribute.values[known], return_inverse=True)
            texts = [_day_text(int(moment), zone) for moment in days]
            hits = np.array([birthday_of(text, one.calendar) in fits for text in texts], np.bool_)
            out = np.zeros(attribute.values.size, np.bool_)
            out[known] = hits[places] if hits.size else False
            return self._spread(out, False)
        raise BadInput(
            "%(place)s: “%(name)s” is no date: a birthday is a text such as 1990-05-01, or a time.",
            place=place,
            name=one.attribute,
        )

    def _share(self, one: tree.Share, place: str) -> np.ndarray:
        return drawn(np.arange(self.ground.size, dtype=np.uint32), one)


def _day_text(moment: int, zone: str) -> str:
    return day_of(moment, zone).isoformat()


def drawn(customers: np.ndarray, share: tree.Share) -> np.ndarray:
    """bool for each customer id: is he in the share? The same for ever, whoever else comes."""
    salt = int.from_bytes(hashlib.sha256(share.salt.encode()).digest()[:4], "big")
    with np.errstate(over="ignore"):
        keys = mix(customers.astype(np.uint64) ^ (np.uint64(salt) << np.uint64(32)))
    place = (keys >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return np.asarray((place >= share.part * share.rate) & (place < (share.part + 1) * share.rate))


def attribute_of(attributes: Mapping[str, Attribute], name: str, place: str) -> Attribute:
    """Raises BadInput for an attribute that there is not."""
    found = attributes.get(name)
    if found is None:
        raise BadInput(
            "%(place)s: there is no attribute “%(name)s”.",
            hint="The page that writes rules lists them all.",
            place=place,
            name=name,
        )
    return found


def test_of(attribute: Attribute, one: tree.Attribute, place: str, ground: Ground) -> Test:
    """The condition's operator, checked against the attribute's type. Raises BadInput."""
    test = Test(attribute.type, one.op, one.value, place, ground.zone, ground.today)
    if one.op in ("is_set", "is_empty"):
        test.check_no_value()
    if attribute.closed:
        test.check_known(attribute.dictionary, one.name)
    return test


_ASK: dict[str, Callable[[Asking, Any, str], np.ndarray]] = {
    "attribute": Asking._attribute,
    "tag": Asking._tag,
    "segment": Asking._segment,
    "consent": Asking._consent,
    "relation": Asking._relation,
    "event": Asking._behave,
    "edge": Asking._behave,
    "sequence": Asking._behave,
    "after": Asking._behave,
    "anniversary": Asking._anniversary,
    "share": Asking._share,
    "people": Asking._people,
}
