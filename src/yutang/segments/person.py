"""A rule asked of one person: does he fulfil it, and which condition says so.

The arithmetic is done again here, plainly, over his own events; what an operator means is the
filters' own (sequence/conditions.py). A test holds this against `asking.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from yutang.segments import tree
from yutang.segments.asking import (
    KEY_WORDS,
    RELATIONS,
    Ground,
    attribute_of,
    drawn,
    test_of,
)
from yutang.segments.behaviour import number_test, value_without
from yutang.segments.days import birthday_of, celebrated_on, span_of
from yutang.sequence.calendar import day_of, day_start
from yutang.sequence.filters import compile_filter, customers_where
from yutang.sequence.matching import find_codes
from yutang.sequence.source import NO_BOOL, NO_CODE, NO_TIME, Attribute
from yutang.sequence.view import view_of

_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "average": lambda values: sum(values) / len(values),
    "min": min,
    "max": max,
}


@dataclass(frozen=True)
class Why:
    """A node of a rule and what came of it. node: as JSON, its parts aside; found: what the person
    has in the place the condition asks about (None: nothing, or a group); parts: of a group."""

    holds: bool
    node: dict[str, Any]
    found: Any = None
    parts: tuple[Why, ...] = ()


@dataclass(frozen=True)
class _Row:
    """An event of his: place in the view, UTC ms."""

    row: int
    at: int


class Person:
    """One customer on the ground of a rule."""

    def __init__(self, ground: Ground, customer: int) -> None:
        self.ground, self.customer = ground, customer
        self._view = view_of(ground.shards, customer) if ground.shards is not None else None

    def why(self, node: Any, place: str = "rule") -> Why:
        """Whether he fulfils the rule, and each part of it. Raises BadInput."""
        if isinstance(node, tree.Not):
            inner = self.why(node.not_, f"{place}.not")
            return Why(not inner.holds, {"not": {}}, None, (inner,))
        if isinstance(node, (tree.AllOf, tree.AnyOf)):
            word, nodes = ("and", node.and_) if isinstance(node, tree.AllOf) else ("or", node.or_)
            parts = tuple(self.why(one, f"{place}.{word}[{i}]") for i, one in enumerate(nodes))
            holds = [part.holds for part in parts]
            return Why(all(holds) if word == "and" else any(holds), {word: []}, None, parts)
        holds, found = getattr(self, f"_{node.kind}")(node, place)
        return Why(bool(holds), tree.to_json(node), found)

    # --- what is known of him ------------------------------------------------------------------
    def _attribute(self, one: tree.Attribute, place: str) -> tuple[bool, Any]:
        attribute = attribute_of(self.ground.attributes, one.name, place)
        test = test_of(attribute, one, place, self.ground)
        alone = _alone(attribute, self.customer)
        holds, _ = customers_where(alone, test)
        return bool(holds[0]), value_of(alone, 0)

    def _tag(self, one: tree.TagHeld, place: str) -> tuple[bool, Any]:
        assert self.ground.tagged is not None
        held = [id_ for id_ in one.tags if self.customer in self.ground.tagged(id_)]
        return _has(one.has, one.tags, held), held

    def _segment(self, one: tree.InSegment, place: str) -> tuple[bool, Any]:
        inside = [id_ for id_ in one.segments if self.customer in self.ground.in_segment(id_)]
        return _has(one.has, one.segments, inside), inside

    def _consent(self, one: tree.Consent, place: str) -> tuple[bool, Any]:
        assert self.ground.consenting is not None
        states = ("given", "withdrawn")
        said = [s for s in states if self.customer in self.ground.consenting(one.purpose, s)]
        state = said[0] if said else "unknown"
        return state == one.state, state

    def _people(self, one: tree.Behind, place: str) -> tuple[bool, Any]:
        return self.customer in self.ground.behind(one.origin), None

    def _share(self, one: tree.Share, place: str) -> tuple[bool, Any]:
        return bool(drawn(np.array([self.customer], np.uint32), one)[0]), None

    def _anniversary(self, one: tree.Anniversary, place: str) -> tuple[bool, Any]:
        attribute = attribute_of(self.ground.attributes, one.attribute, place)
        value = value_of(_alone(attribute, self.customer), 0)
        if value is None:
            return False, None
        if attribute.type == "time":
            value = day_of(value, self.ground.zone).isoformat()
        born = birthday_of(str(value), one.calendar)
        return born in celebrated_on(one, self.ground.today), value

    def _relation(self, one: tree.Relation, place: str) -> tuple[bool, Any]:
        ties, words = self.ground.snapshot.ties, self.ground.snapshot.words
        zone, today, n = self.ground.zone, self.ground.today, len(ties)
        first = int(np.searchsorted(ties.customer, self.customer, "left"))
        end = int(np.searchsorted(ties.customer, self.customer, "right"))
        fits = []
        for row in range(first, end):
            if ties.is_end[row]:
                continue
            kind, code = int(ties.kind[row]), int(ties.key[row])
            key = words[KEY_WORDS[kind]][code] if code >= 0 else ""
            channel = int(ties.channel_code[row])
            code_word = words["channel_code"][channel] if channel >= 0 else ""
            live = ties.end[row] == n
            ended_at = None if live else int(ties.time[ties.end[row]])
            if one.relation not in ("any", RELATIONS[kind]):
                continue
            if one.state != "ever" and live != (one.state == "live"):
                continue
            if (one.keys and key not in one.keys) or (
                one.channel_codes and code_word not in one.channel_codes
            ):
                continue
            low, high = span_of(one.began, today, zone)
            if not low <= int(ties.time[row]) < high:
                continue
            low, high = span_of(one.ended, today, zone)
            if one.ended != tree.EVER and (ended_at is None or not low <= ended_at < high):
                continue
            fits.append(key or RELATIONS[kind])
        return bool(fits), fits

    # --- what he did ---------------------------------------------------------------------------
    def _event(self, one: tree.Event, place: str) -> tuple[bool, Any]:
        rows = self._inside(self._rows(one, place), one.when)
        value: float = value_without(one.measure)
        if one.measure == "times":
            value = len(rows)
        elif one.measure == "days":
            value = len({day_of(row.at, self.ground.zone) for row in rows})
        else:
            values = self._values(str(one.property), rows)
            if one.measure == "distinct":
                value = len(set(values))
            elif values:
                value = _AGGREGATES[one.measure](values)
        holds = number_test(one, place)(np.array([value], np.float64))[0]
        return bool(holds), None if value != value else value

    def _edge(self, one: tree.Edge, place: str) -> tuple[bool, Any]:
        rows = self._inside(self._rows(one, place), one.when)
        if not rows:
            return False, None
        row = rows[0] if one.which == "first" else rows[-1]
        holds = bool(self._inside([row], one.at))
        if one.then is not None and holds:
            assert self.ground.shards is not None
            then = compile_filter(
                one.then, self.ground.shards, place=f"{place}.then", today=self.ground.today
            )
            assert self._view is not None
            holds = then is None or bool(then.rows(self._view, np.array([row.row]))[0])
        return holds, row.at

    def _sequence(self, one: tree.Sequence, place: str) -> tuple[bool, Any]:
        steps = [self._rows(step, f"{place}.steps[{i}]") for i, step in enumerate(one.steps)]
        for start in self._inside(steps[0], one.when):
            if self._follows(steps, 1, {start.row}, start.at, start.at + one.within.ms):
                return True, start.at
        return False, None

    def _follows(
        self, steps: list[list[_Row]], step: int, used: set[int], since: int, until: int
    ) -> bool:
        """Whether the steps from `step` on find events of their own, each not before the last."""
        if step == len(steps):
            return True
        return any(
            self._follows(steps, step + 1, used | {row.row}, row.at, until)
            for row in steps[step]
            if since <= row.at <= until and row.row not in used
        )

    def _after(self, one: tree.After, place: str) -> tuple[bool, Any]:
        begun = self._inside(self._rows(one.anchor, f"{place}.anchor"), one.anchor.when)
        if not begun:
            return False, None
        anchor = begun[0] if one.anchor.which == "first" else begun[-1]
        until = anchor.at + one.within.ms
        followed = [
            row.at
            for row in self._rows(one.then, f"{place}.then")
            if row.row != anchor.row and anchor.at <= row.at <= until
        ]
        if one.did:
            return bool(followed), followed[0] if followed else anchor.at
        closed = until < day_start(self.ground.today, self.ground.zone)
        return closed and not followed, followed[0] if followed else anchor.at

    # --- inside --------------------------------------------------------------------------------
    def _rows(self, asked: tree.Asked, place: str) -> list[_Row]:
        """His events that are asked for, in order of time."""
        if self._view is None or self.ground.shards is None:
            return []
        codes = set(find_codes(self.ground.shards, asked.events))
        rows = [row for row in range(self._view.rows) if int(self._view.code[row]) in codes]
        where = compile_filter(
            asked.filter, self.ground.shards, place=f"{place}.filter", today=self.ground.today
        )
        if where is not None and rows:
            passed = where.rows(self._view, np.array(rows, np.int64))
            rows = [row for row, holds in zip(rows, passed.tolist(), strict=True) if holds]
        return [_Row(row, int(self._view.time[row])) for row in rows]

    def _inside(self, rows: list[_Row], days: tree.Days) -> list[_Row]:
        first, end = span_of(days, self.ground.today, self.ground.zone)
        return [row for row in rows if first <= row.at < end]

    def _values(self, name: str, rows: list[_Row]) -> list[Any]:
        """Values of a property, absent ones left out; of a list its elements."""
        if self._view is None or self.ground.shards is None or not rows:
            return []
        kind = self.ground.shards.columns[name].type
        places = np.array([row.row for row in rows], np.int64)
        if kind == "list":
            offsets, codes = self._view.lists(name)
            return [code for row in places for code in codes[offsets[row] : offsets[row + 1]]]
        absent = {"string": NO_CODE, "bool": NO_BOOL, "time": NO_TIME}.get(kind)
        found = self._view.values_at(name, places).tolist()
        return [value for value in found if value == value and value != absent]


def _has(has: str, wanted: list[int], held: list[int]) -> bool:
    if has == "all":
        return len(held) == len(wanted)
    return bool(held) == (has == "any")


def _alone(attribute: Attribute, customer: int) -> Attribute:
    """The attribute of one customer, as that of the only one there is."""
    if attribute.offsets is not None:
        inside = customer + 1 < attribute.offsets.size
        first, end = attribute.offsets[customer : customer + 2] if inside else (0, 0)
        values, offsets = attribute.values[first:end], np.array([0, end - first], np.int64)
        return Attribute("list", values, attribute.dictionary, offsets, attribute.closed)
    if customer < attribute.values.size:
        values = attribute.values[customer : customer + 1]
    else:
        absent: float = {"number": np.nan, "string": NO_CODE, "bool": NO_BOOL}.get(
            attribute.type, NO_TIME
        )
        values = np.array([absent], attribute.values.dtype)
    return Attribute(attribute.type, values, attribute.dictionary, None, attribute.closed)


def value_of(attribute: Attribute, customer: int) -> Any:
    """What an attribute says of a customer, in plain Python; None where it says nothing."""
    if attribute.offsets is not None:
        if customer + 1 >= attribute.offsets.size:
            return None
        first, end = attribute.offsets[customer : customer + 2]
        return [attribute.dictionary[code] for code in attribute.values[first:end]] or None
    if customer >= attribute.values.size:
        return None
    value = attribute.values[customer].item()
    if attribute.type == "string":
        return attribute.dictionary[value] if value != NO_CODE else None
    if attribute.type == "bool":
        return bool(value) if value != NO_BOOL else None
    if attribute.type == "time":
        return value if value != NO_TIME else None
    return value if value == value else None


def is_in(ground: Ground, node: Any, customer: int) -> bool:
    """The predicate: does this customer fulfil the rule now?"""
    people = ground.snapshot.people
    alive = customer < len(people.alive) and bool(people.alive[customer])
    return alive and Person(ground, customer).why(node).holds
