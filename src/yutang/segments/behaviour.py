"""Conditions on what customers did, asked of all shards at once (docs/segments.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from yutang import analysis
from yutang.errors import BadInput
from yutang.segments import tree
from yutang.segments.days import dates_of, span_of
from yutang.sequence import ShardSet
from yutang.sequence.calendar import day_start
from yutang.sequence.conditions import Test
from yutang.sequence.files import frozen
from yutang.sequence.filters import compile_filter
from yutang.sequence.kernels.measures import count_days, count_rows
from yutang.sequence.matching import Matcher, find_codes, matched
from yutang.sequence.memberships import ids_of
from yutang.sequence.shard import Listed
from yutang.sequence.source import ABSENT
from yutang.sequence.view import View, gather_lists

_NEVER = np.iinfo(np.int64).min
# By view: (customer ids, whether they fulfil the condition); whoever is not named: as `without`.
Found = tuple[np.ndarray, np.ndarray]


class Behaviour:
    """shards: None where no event has come yet: then nobody did anything."""

    def __init__(self, shards: ShardSet | None, today: date, zone: str) -> None:
        self._shards, self._today, self._zone = shards, today, zone

    def holds(self, one: Any, size: int, place: str) -> tuple[np.ndarray, bool]:
        """bool by customer id, and what holds for ids past its end."""
        if self._shards is None:
            return np.zeros(0, np.bool_), _without_events(one, self._today, self._zone)
        if one.kind == "sequence":
            return self._sequence(one, size), False
        if one.kind == "event":
            work, without = self._event(one, place)
        else:
            work, without = (self._edge if one.kind == "edge" else self._after)(one, place)
        out = np.full(size, without, np.bool_)
        for ids, holds in analysis.each(self._shards, work):
            inside = ids < size
            out[ids[inside]] = holds[inside]
        return out, without

    # --- how often, how much -------------------------------------------------------------------
    def _event(self, one: tree.Event, place: str) -> tuple[Callable[[View], Found], bool]:
        matcher = self._matcher(one, place)
        first, end = span_of(one.when, self._today, self._zone)
        holds = number_test(one, place)
        if one.property is not None:
            self._check_property(one, place)
        without = bool(holds(np.array([value_without(one.measure)]))[0])

        def work(view: View) -> Found:
            ids = view.customers
            if one.measure in ("times", "days"):
                values = self._counted(view, matcher, first, end, one.measure)
            else:
                values = self._measured(view, matcher, first, end, one)
            answer = np.asarray(holds(values.astype(np.float64)))
            return (ids[view.keep], answer[view.keep]) if view.keep.size else (ids, answer)

        return work, without

    def _counted(
        self, view: View, matcher: Matcher, first: int, end: int, measure: str
    ) -> np.ndarray:
        """int32 by customer of the view. Spans are of whole days, so days say enough."""
        lo, hi = (int(n) for n in np.searchsorted(view.shard.days, (first, end)))
        out = np.zeros(view.customers.size, np.int32)
        count = count_rows if measure == "times" else count_days
        if len(matcher.codes) == 1 and matcher.filter is None:
            listed = view.listed(matcher.codes[0])
            count(listed.who, listed.day, view.first, lo, hi, out)
        else:
            found = matched(view, matcher)
            count(found.who, found.day, 0, lo, hi, out)
        return out

    def _measured(
        self, view: View, matcher: Matcher, first: int, end: int, one: tree.Event
    ) -> np.ndarray:
        """float64 by customer of the view: NaN without a value."""
        who, rows = self._rows(view, matcher, first, end)
        n = view.customers.size
        assert one.property is not None
        assert self._shards is not None
        if one.measure == "distinct":
            return _distinct(view, one.property, self._shards, who, rows, n)
        values = view.values_at(one.property, rows).astype(np.float64)
        present = ~np.isnan(values)
        who, values = who[present], values[present]
        return measured(one.measure, who, values, n)

    def _rows(
        self, view: View, matcher: Matcher, first: int, end: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """(customer positions, rows) int64 that meet the matcher in the span."""
        found: Listed = matched(view, matcher)
        rows = found.rows.astype(np.int64)
        times = view.time[rows]
        inside = (times >= first) & (times < end)
        return found.who[inside].astype(np.int64), rows[inside]

    # --- first and last ------------------------------------------------------------------------
    def _edge(self, one: tree.Edge, place: str) -> tuple[Callable[[View], Found], bool]:
        matcher = self._matcher(one, place)
        first, end = span_of(one.when, self._today, self._zone)
        low, high = span_of(one.at, self._today, self._zone)
        assert self._shards is not None
        then = compile_filter(one.then, self._shards, place=f"{place}.then", today=self._today)

        def work(view: View) -> Found:
            who, rows = _ends(*self._rows(view, matcher, first, end), one.which)
            times = view.time[rows]
            holds = (times >= low) & (times < high)
            if then is not None and rows.size:
                holds &= then.rows(view, rows)
            return _kept(view, who, holds)

        return work, False

    # --- one thing after another ---------------------------------------------------------------
    def _sequence(self, one: tree.Sequence, size: int) -> np.ndarray:
        """The funnel's own kernels: they know ties, and that one event serves one step."""
        assert self._shards is not None
        first, last = dates_of(one.when, self._today)
        steps = [{"event": step.events, "filter": step.filter} for step in one.steps]
        asked: dict[str, Any] = {
            "steps": steps, "window": one.within.model_dump(), "trend": None,
            "from": first, "to": last,
        }  # fmt: skip
        cell = {"step": len(steps)}
        people = analysis.people("funnel", self._shards, asked, cell, today=self._today)
        out = np.zeros(size, np.bool_)
        ids = ids_of(people)
        out[ids[ids < size]] = True
        return out

    def _after(self, one: tree.After, place: str) -> tuple[Callable[[View], Found], bool]:
        anchor = self._matcher(one.anchor, f"{place}.anchor")
        then = self._matcher(one.then, f"{place}.then")
        first, end = span_of(one.anchor.when, self._today, self._zone)
        now = day_start(self._today, self._zone)
        window = one.within.ms

        def work(view: View) -> Found:
            who, rows = _ends(*self._rows(view, anchor, first, end), one.anchor.which)
            n = view.customers.size
            begun, row = np.full(n, _NEVER, np.int64), np.full(n, -1, np.int64)
            begun[who], row[who] = view.time[rows], rows
            follow = matched(view, then)
            followers, places = follow.who.astype(np.int64), follow.rows.astype(np.int64)
            since = begun[followers]
            at = view.time[places]
            hit = (since != _NEVER) & (at >= since) & (at <= since + window)
            hit &= places != row[followers]
            did = np.zeros(n, np.bool_)
            did[followers[hit]] = True
            # Whoever still has time has not failed to do it yet.
            holds = did[who] if one.did else ~did[who] & (begun[who] + window < now)
            return _kept(view, who, holds)

        return work, False

    # --- inside --------------------------------------------------------------------------------
    def _matcher(self, asked: tree.Asked, place: str) -> Matcher:
        assert self._shards is not None
        codes = find_codes(self._shards, asked.events)
        where = compile_filter(
            asked.filter, self._shards, place=f"{place}.filter", today=self._today
        )
        return Matcher(codes, where)

    def _check_property(self, one: tree.Event, place: str) -> None:
        assert self._shards is not None
        assert one.property is not None
        column = self._shards.columns.get(one.property)
        if column is None:
            raise BadInput(
                "%(place)s: there is no property %(name)s.",
                hint="The event dictionary in the settings lists them.",
                place=place,
                name=repr(one.property),
            )
        if one.measure != "distinct" and column.type != "number":
            raise BadInput(
                "%(place)s: “%(name)s” is no number; of other properties, count the distinct ones.",
                place=place,
                name=one.property,
            )


def number_test(one: tree.Event, place: str) -> Callable[[np.ndarray], np.ndarray]:
    """The test of a measure's numbers."""
    test = Test("number", one.op, one.value, place, "UTC", date(1970, 1, 1))
    return test.holds()


def value_without(measure: str) -> float:
    """The measure of somebody without such an event."""
    return 0.0 if measure in tree.ZERO_WITHOUT else float("nan")


def measured(measure: str, who: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """float64 by position [0, n): of values and their owners (ascending)."""
    if measure in ("sum", "average"):
        sums = np.bincount(who, values, n)
        if measure == "sum":
            return sums
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(sums / np.bincount(who, minlength=n))
    out = np.full(n, np.nan)
    if who.size:
        starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
        reduce = np.minimum if measure == "min" else np.maximum
        out[who[starts]] = reduce.reduceat(values, starts)
    return out


def _distinct(
    view: View, name: str, shards: ShardSet, who: np.ndarray, rows: np.ndarray, n: int
) -> np.ndarray:
    kind = shards.columns[name].type
    if kind == "list":
        at, values = gather_lists(*view.lists(name), rows)
        who = who[at]
    else:
        values = view.values_at(name, rows)
        present = ~np.isnan(values) if kind == "number" else values != ABSENT[kind]
        who, values = who[present], values[present]
    order = np.lexsort((values, who))
    who, values = who[order], values[order]
    fresh = np.ones(who.size, np.bool_)
    fresh[1:] = (who[1:] != who[:-1]) | (values[1:] != values[:-1])
    return np.bincount(who[fresh], minlength=n).astype(np.float64)


def _ends(who: np.ndarray, rows: np.ndarray, which: str) -> tuple[np.ndarray, np.ndarray]:
    """Each customer's first or last row; rows ascend, and a customer's stand together."""
    if not who.size:
        return who, rows
    change = who[1:] != who[:-1]
    at = np.flatnonzero(np.r_[True, change] if which == "first" else np.r_[change, True])
    return who[at], rows[at]


def _kept(view: View, who: np.ndarray, holds: np.ndarray) -> Found:
    if view.keep.size:
        seen = view.keep[who]
        who, holds = who[seen], holds[seen]
    return frozen(view.customers[who]), holds


def _without_events(one: Any, today: date, zone: str) -> bool:
    """Whether somebody who never did anything fulfils the condition."""
    span_of(getattr(one, "when", tree.EVER), today, zone)
    if one.kind != "event":
        return False
    return bool(number_test(one, "rule")(np.array([value_without(one.measure)]))[0])
