"""The funnel kernels against the brute-force definition, on many more shapes than models ask."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.analysis import funnel_oracle as oracle
from yutang.sequence.files import frozen
from yutang.sequence.kernels.funnel import NO_STEP, ordered_funnel
from yutang.sequence.kernels.sort import sort_rows
from yutang.sequence.kernels.subjects import PEOPLE, TIMES, funnel

ORDERS = ("ordered", "strict", "any")
NO_KEEP = frozen(np.empty(0, np.bool_))
NO_HOLD = frozen(np.empty(0, np.int32))


def arrays(events, steps):
    masks = [
        sum(1 << s for s in e["steps"]) | sum(1 << (steps + b) for b in e["bars"]) for e in events
    ]
    return (
        frozen(np.arange(len(events), dtype=np.uint16)),
        frozen(np.array(masks or [0], np.uint32)),
        frozen(np.array([e["time"] for e in events], np.int64)),
        frozen(np.array([0, len(events)], np.int64)),
    )


def case(rng):
    """A random history of one customer and random rules."""
    steps, span, overlap = rng.randint(2, 4), rng.choice([3, 6, 12]), rng.random() < 0.5
    order = rng.choice(ORDERS)
    gaps = 0 if order == "any" else rng.choice([0, 0, 1, 2])
    events = []
    for moment in sorted(rng.randint(0, span) for _ in range(rng.randint(0, 7))):
        serves = {rng.randrange(steps)}
        if overlap:
            serves = {s for s in range(steps) if rng.random() < 0.4}
        bars = {b for b in range(gaps) if rng.random() < 0.3}
        if bars and rng.random() < 0.5:
            serves = set()
        events.append({"time": moment, "steps": serves, "bars": bars,
                       "hold": rng.choice([None, 0, 1])})  # fmt: skip
    hi = rng.choice([100, span // 2, span - 2])
    window, edges = rng.choice([0, 2, 4, 100]), np.empty(0, np.int64)
    until = lambda start: start + window  # noqa: E731
    if rng.random() < 0.3:
        edges = np.arange(-4, span + 9, 4)
        until = lambda start: (start // 4 + 1) * 4 - 1  # noqa: E731
    rules = {
        "order": order,
        "lo": rng.choice([-100, 1]),
        "hi": hi,
        "last": rng.choice([100, hi]),
        "until": until,
        "exclusions": [tuple(sorted(rng.sample(range(steps), 2))) for _ in range(gaps)],
    }
    return events, steps, rules, window, frozen(edges), overlap


def check(rng):
    events, steps, rules, window, edges, overlap = case(rng)
    keys, table, time, offsets = arrays(events, steps)
    limits = (rules["lo"], rules["hi"], rules["last"], window, edges)
    gaps = [(i + 1, j + 1) for i, j in rules["exclusions"]]
    gap_array = frozen(np.array(gaps, np.int64).reshape(-1, 2))
    order, hold = ORDERS.index(rules["order"]), rng.random() < 0.3
    held = NO_HOLD
    if hold:
        held = frozen(np.array([-1 if e["hold"] is None else e["hold"] for e in events], np.int32))
    general = (steps, order)
    _, depths, times, rows = funnel(
        keys, table, time, offsets, NO_KEEP, held, *general, PEOPLE, gap_array, *limits
    )
    found = [(t[:d].tolist(), tuple(r[:d])) for t, r, d in zip(times, rows, depths, strict=True)]
    best = oracle.best(events, steps, hold=hold, **rules)
    assert found == ([best] if best else [])
    if not (overlap or hold or gaps) and rules["order"] == "ordered":
        steps_of = np.array([m.bit_length() - 1 if m else NO_STEP for m in table.tolist()])
        _, depths, times = ordered_funnel(
            keys, frozen(steps_of.astype(np.uint8)), time, offsets, NO_KEEP, steps, *limits
        )
        fast = [t[:d].tolist() for t, d in zip(times, depths, strict=True)]
        assert fast == ([best[0]] if best else [])
    if not hold:
        _, depths, times, rows = funnel(
            keys, table, time, offsets, NO_KEEP, NO_HOLD, *general, TIMES, gap_array, *limits
        )
        got = [(t[:d].tolist(), r[:d].tolist()) for t, r, d in
               zip(times, rows, depths, strict=True)]  # fmt: skip
        assert got == oracle.all_attempts(events, steps, **rules)


def test_the_kernels_do_what_the_definition_says():
    rng = random.Random(20261122)
    for _ in range(1_500):
        check(rng)


@pytest.mark.slow
def test_the_kernels_do_what_the_definition_says_many_times():
    rng = random.Random(7)
    for _ in range(20_000):
        check(rng)


def test_rows_are_sorted_by_customer_time_and_arrival():
    rng = np.random.default_rng(3)
    for size, customers in ((0, 1), (1, 1), (2_000, 3), (2_000, 400)):
        place = rng.integers(0, customers, size)
        time, arrival = rng.integers(0, 20, size), rng.permutation(size)
        offsets = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=customers))])
        order = sort_rows(place, offsets, time, arrival)
        assert order.tolist() == np.lexsort((arrival, time, place)).tolist()


@pytest.mark.slow
def test_set_up_compiles_every_signature_the_models_use():
    """A page never waits for the compiler: after `warm_up` nothing new is compiled."""
    from tests.sequence.signatures import signatures_after_use, signatures_after_warm_up

    warm = signatures_after_warm_up()
    assert {name for name, found in warm.items() if not found} == set()
    assert signatures_after_use() == warm
