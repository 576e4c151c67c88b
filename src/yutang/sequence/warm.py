"""Compiles all kernels and keeps them on disk: `python -m yutang.sequence.warm`.

Run at set-up, so that nobody waits for a compiler in front of a page. The calls below have exactly
the argument types the models use: read-only inputs (memory-mapped shards are), as `frozen` gives.
"""

from __future__ import annotations

import numpy as np

from yutang.sequence.files import frozen
from yutang.sequence.kernels.approaches import approaches
from yutang.sequence.kernels.cells import add_cells, sort_by_cell, sum_sorted
from yutang.sequence.kernels.events import count_cells, select_rows, sum_cells
from yutang.sequence.kernels.forms import count_fields, count_stages, find_attempts, find_touches
from yutang.sequence.kernels.funnel import NO_STEP, ordered_funnel
from yutang.sequence.kernels.intervals import intervals
from yutang.sequence.kernels.measures import count_days, count_rows
from yutang.sequence.kernels.paths import count_links, count_nodes, walk_all
from yutang.sequence.kernels.picking import bits_of, find_rows, merge_rows, place_rows, rows_with
from yutang.sequence.kernels.repeats import ANY, ORDERED
from yutang.sequence.kernels.retention import (
    EXACT,
    count_exact,
    count_listed,
    count_returns,
    find_starts,
    mark_returned,
)
from yutang.sequence.kernels.selecting import BUCKETS, count_buckets, take_buckets
from yutang.sequence.kernels.sessions import count_ends, count_places, count_sessions, cut_sessions
from yutang.sequence.kernels.sort import list_by_event, sort_rows
from yutang.sequence.kernels.stages import first_after
from yutang.sequence.kernels.subjects import PEOPLE, TIMES, funnel
from yutang.sequence.kernels.tally import EACH, count_flows, tally, tally_plain, tally_units
from yutang.sequence.kernels.touches import count_channels, paths
from yutang.sequence.kernels.values import first_of, since_start
from yutang.sequence.kernels.views import count_pages, count_views, find_views


def warm_up() -> None:
    """Call every kernel once on one customer with two events."""
    keys = frozen(np.array([0, 1], np.uint16))
    table = frozen(np.array([1, 2], np.uint32))
    time = frozen(np.array([0, 1], np.int64))
    offsets = frozen(np.array([0, 2], np.int64))
    keep = frozen(np.empty(0, np.bool_))
    edges = frozen(np.empty(0, np.int64))
    none = frozen(np.empty(0, np.int32))
    step_of = frozen(np.array([0, NO_STEP], np.uint8))
    ordered_funnel(keys, step_of, time, offsets, keep, 2, 0, 1, 1, 1, edges)
    gaps = frozen(np.empty((0, 2), np.int64))
    for order, count in ((ORDERED, PEOPLE), (ANY, PEOPLE), (ORDERED, TIMES)):
        funnel(keys, table, time, offsets, keep, none, 2, order, count, gaps, 0, 1, 1, 1, edges)
    intervals(keys, table, time, offsets, keep, none, 0, 1, 1, 1, edges, False, 1)
    paths(keys, table, time, offsets, keep, none, 0, 1, 1, edges, False)
    channel, chosen = np.zeros(1, np.int64), np.ones(1, np.bool_)
    count_channels(channel, np.zeros(1, np.int32), chosen, 1)
    for of_keys in (table, frozen(table.astype(np.uint16))):
        bits_of(keys, of_keys)
    rows_with(keys, table, np.uint32(1))
    periods = frozen(np.array([0, 2], np.int64))
    count_cells(keys, table, 0, time, offsets, keep, periods, edges, none, 1, False)
    select_rows(keys, table, 0, time, offsets, keep, 0, 2)
    sum_cells(np.zeros(1, np.int64), np.ones(1), 1)
    who, rows, cohorts = map(
        frozen, find_starts(keys, table, time, offsets, keep, 0, 1, periods, False)
    )
    count_exact(keys, table, time, offsets, keep, 0, 1, periods, 1, 1)
    cells = frozen(np.ones(1, np.int64))
    count_returns(
        keys, table, time, offsets, who, rows, cohorts, edges, none, 1, periods, 1, EXACT, cells,
        cells, edges, False,
    )  # fmt: skip
    mark_returned(keys, table, time, offsets, who, rows, cohorts, periods, EXACT, cells, cells, 0)
    worth = frozen(np.empty(0))
    tally(keys, table, 0, time, offsets, keep, periods, edges, worth, edges, none, 1, EACH)
    tally_plain(keys, table, 0, time, offsets, keep, periods)
    tally_units(keys, table, 0, time, offsets, keep, periods, periods)
    count_flows(none, none, none, 1, 1, 1, 0)
    _warm_lists(time, offsets, keep)
    _warm_visits(keys, table, time, offsets, keep, edges)
    _warm_pages(keys, table, time, offsets, keep)


def _warm_lists(time: np.ndarray, offsets: np.ndarray, keep: np.ndarray) -> None:
    """The kernels that make the lists by event and read them, and those of single places."""
    pair, days = np.array([0, 1]), frozen(np.array([0, 2], np.int64))
    sort_rows(np.zeros(2, np.int64), np.array([0, 2]), pair, pair)
    list_by_event(np.zeros(2, np.uint16), pair, np.array([0, 2]), 1, np.array([0, 2]))
    rows, on = frozen(np.zeros(1, np.uint32)), frozen(np.zeros(1, np.uint16))
    merge_rows(rows, rows)
    find_rows(rows, frozen(np.zeros(1, np.int64)), 0)
    place_rows(rows, time, offsets, days)
    first_of(rows, on, frozen(np.ones(1, np.bool_)), 1)
    began, by_day = frozen(np.zeros(1, np.int64)), frozen(np.zeros(1, np.int32))
    since_start(rows, rows, on, time, began, began, 1)
    count_listed(rows, on, rows, on, keep, 0, 1, by_day, by_day, 1, 1)
    for count in (count_rows, count_days):
        count(rows, on, 0, 0, 1, np.zeros(1, np.int32))
    wanted = frozen(np.ones(BUCKETS, np.bool_))
    for kind in (np.int32, np.int64, np.float64):
        numbers = frozen(np.array([1, 2], kind))
        count_buckets(numbers, numbers[0], 1.0)
        take_buckets(numbers, numbers[0], 1.0, wanted, 2)


def _warm_visits(
    keys: np.ndarray,
    table: np.ndarray,
    time: np.ndarray,
    offsets: np.ndarray,
    keep: np.ndarray,
    none: np.ndarray,
) -> None:
    """The kernels of sessions and of what is made of them."""
    first, last, depth, who = cut_sessions(keys, table, time, offsets, keep, 1, none, 0, 1)
    no_group = frozen(np.empty(0, np.int32))
    count_sessions(
        first, last, depth, who, time, frozen(np.array([0, 2])), none, no_group, 1, False,
        none, none, 1,
    )  # fmt: skip
    count_ends(keys, first, who, depth, 2)
    count_ends(np.zeros(who.size, np.int64), first[:0], who, depth, 1)
    count_places(np.zeros(who.size, np.int64), who, 1)
    nodes, follow = frozen(np.zeros(2, np.int32)), frozen(np.full(2, -1, np.int32))
    walk = (keys, table, nodes, False, False, True, follow)
    place_of = frozen(np.zeros((2, 1), np.int16))
    count_nodes(first, last, *walk, 1)
    walk_all(first, last, *walk, place_of, 1)
    count_links(first, last, who, *walk, place_of, 1, none, no_group, 1)
    approaches(keys, table, time, offsets, keep, nodes, True, 1, 0, 1, 1)
    first_after(
        who, np.zeros(who.size, np.int64), np.zeros(who.size, np.int64), who[:0],
        np.empty(0, np.int64), np.empty(0, np.int64), 1,
    )  # fmt: skip


def _warm_pages(
    keys: np.ndarray, table: np.ndarray, time: np.ndarray, offsets: np.ndarray, keep: np.ndarray
) -> None:
    """The kernels of pages and forms, and of the values they carry by cell."""
    value, place = frozen(np.zeros(2, np.int32)), frozen(np.zeros(2, np.int32))
    none, no_group = frozen(np.empty(0, np.int64)), frozen(np.empty(0, np.int32))
    count_pages(keys, table, 0, time, offsets, keep, 1, 0, 1, value, 2)
    _, mine, page, follow, entry, seconds = find_views(
        keys, table, 0, time, offsets, keep, 1, 0, 1, value, place
    )
    *_, dwell, cuts = count_views(mine, page, follow, entry, seconds, 1, none, no_group, 1)
    kind = frozen(np.array([0, 2], np.uint8))
    who, _, _, far, waits, _, fill_of, _, since = find_attempts(
        keys, table, kind, time, offsets, keep, value, place, 1, 1, 0, 1
    )
    count_stages(who, far, waits, none, no_group, 1)
    fields, empty = np.zeros(fill_of.size, np.int64), np.zeros(fill_of.size, np.bool_)
    attempt, field, fills, blank, last = find_touches(fill_of, fields, empty, who.size, 1)
    count_fields(attempt, field, fills, blank, last, who, far, 1)
    sort_by_cell(frozen(fields), frozen(since), 1)
    sum_sorted(frozen(dwell), frozen(cuts))
    for kind_of in (np.int32, np.int64, np.float64):
        out = np.empty(0, kind_of)
        starts = frozen(np.zeros(2, np.int64))
        add_cells(frozen(out), starts, frozen(np.zeros(1, np.int64)), out, np.zeros(1, np.int64))


if __name__ == "__main__":
    warm_up()
