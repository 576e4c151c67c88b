"""Random histories of a few customers: ties, late events, merges, attributes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from tests.sequence.facts import MemoryFacts
from yutang.sequence.building import refresh
from yutang.sequence.calendar import day_start
from yutang.sequence.shard import open_shards
from yutang.sequence.source import Attribute

ZONE = "Asia/Shanghai"
# Thousands of small shards are written and thrown away: without a disk that takes half the time.
_IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
CUSTOMERS = 4


def _start():
    from datetime import date

    return day_start(date(2026, 3, 2), ZONE)  # a Monday


START = _start()

# Few distinct moments, so that ties are common; around midnight, so that days matter.
moments = st.builds(
    lambda day, at: START + day * DAY + at,
    st.integers(0, 3),
    st.sampled_from([0, MINUTE, 12 * HOUR, DAY - MINUTE]),
)
# The same around the edges of weeks (2 and 9 March are Mondays) and of months.
wide_moments = st.builds(
    lambda day, at: START + day * DAY + at,
    st.sampled_from([-30, -3, -1, 0, 1, 2, 6, 7, 30]),
    st.sampled_from([0, 12 * HOUR, DAY - 1]),
)


def events_at(moments):
    return st.fixed_dictionaries(
        {
            "customer": st.integers(1, CUSTOMERS),
            "time": moments,
            "event": st.sampled_from(["a", "b", "c", "x"]),
        },
        optional={
            "amount": st.sampled_from([0.25, 1.5, 2.0, -3.0]),
            "place": st.sampled_from(["京", "沪"]),
            "gift": st.booleans(),
            "tags": st.lists(st.sampled_from(["red", "blue", "old"]), max_size=3),
        },
    )


events = events_at(moments)
wide_events = events_at(wide_moments)


@st.composite
def histories(draw, events=events):
    """Facts after several commits, and the shard set that grew with them."""
    facts = MemoryFacts(ZONE)
    facts.customer_attributes = {
        "city": Attribute("string", np.array([-1, 0, 1, -1], np.int32), ("深圳", "成都")),
        "age": Attribute("number", np.array([np.nan, 30.0, 41.5, np.nan, 30.0])),
        "flags": Attribute(
            "list",
            np.array([0, 1, 1], np.int32),
            ("vip", "new"),
            np.array([0, 0, 2, 3, 3], np.int64),
        ),
    }
    with tempfile.TemporaryDirectory(dir=_IN_MEMORY) as name:
        folder = Path(name)
        for commit in draw(st.lists(st.lists(events, max_size=12), min_size=1, max_size=3)):
            facts.append(commit)
            refresh(facts, folder)
        if draw(st.booleans()):
            gone, into = draw(st.permutations(range(1, CUSTOMERS + 1)))[:2]
            facts.merge(gone, into)
            refresh(facts, folder)
        return facts, open_shards(folder, facts.customer_attributes)


ATTRIBUTES = {
    "city": {1: "深圳", 2: "成都"},
    "age": {1: 30, 2: 41.5, 4: 30},
    "flags": {1: ["vip", "new"], 2: ["new"]},
}


def by_customer(facts):
    """{customer: his facts by time and arrival}."""
    out = {}
    for row in sorted(facts.rows, key=lambda r: (r["customer"], r["time"], r["arrival"])):
        out.setdefault(row["customer"], []).append(row)
    return out


def exact_percentile(values, percent):
    """PERCENTILE.INC in fractions."""
    from fractions import Fraction

    if not values:
        return None
    ordered = [Fraction(v) for v in sorted(values)]
    rank = Fraction((len(ordered) - 1) * percent, 100)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (rank - low))
