"""What one customer did, beside a walk over his facts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sequence.facts import MemoryFacts
from yutang.kit.clock import DAY_MS
from yutang.portrait.acts import acts_of
from yutang.sequence.building import refresh
from yutang.sequence.shard import open_shards
from yutang.sequence.source import Column

AS_OF = 1_790_000_000_000
NAMES = ("coupon_granted", "coupon_redeemed", "content_read", "message_sent", "invitation_sent",
         "page_viewed", "order_paid")  # fmt: skip


def facts_of(seed):
    draw = Random(seed)
    facts = MemoryFacts()
    facts.known += [Column("coupon", "string"), Column("content_id", "string")]
    for _ in range(draw.randint(1, 2)):
        rows = []
        for _ in range(draw.randint(1, 30)):
            at = AS_OF - draw.randrange(60) * DAY_MS // 2 - draw.randrange(3)
            row = {"customer": draw.randint(1, 3), "event": draw.choice(NAMES), "time": at}
            if row["event"].startswith("coupon"):
                row["coupon"] = draw.choice("AB")
            if row["event"] == "content_read" and draw.random() < 0.8:
                row["content_id"] = draw.choice("xyz")
            rows.append(row)
        facts.append(rows)
    with tempfile.TemporaryDirectory() as name:
        refresh(facts, Path(name))
        return facts, open_shards(Path(name), {})


@settings(max_examples=40)
@given(st.integers(0, 1 << 40))
def test_acts_are_those_of_his_facts(seed):
    facts, shards = facts_of(seed)
    for customer in (1, 2, 3, 4):
        mine = sorted(
            (row for row in facts.rows if row["customer"] == customer),
            key=lambda row: (row["time"], row["arrival"]),
        )
        acts = acts_of(shards, customer, AS_OF)
        for one in acts.acts:
            times = [row["time"] for row in mine if row["event"] == one.event]
            lately = sum(at > AS_OF - 30 * DAY_MS for at in times)
            assert (one.times, one.lately, one.last_at) == (len(times), lately, times[-1])
        shown = {one.event for one in acts.acts}
        expected = {row["event"] for row in mine} & {
            "content_read", "message_sent", "coupon_granted", "invitation_sent", "page_viewed"
        }  # fmt: skip
        assert shown == expected
        assert acts.invited == sum(row["event"] == "invitation_sent" for row in mine)
        granted = [row for row in mine if row["event"] == "coupon_granted"]
        free = [row for row in mine if row["event"] == "coupon_redeemed"]
        used = []
        for grant in granted:
            fits = [
                r for r in free if r["coupon"] == grant["coupon"] and r["time"] >= grant["time"]
            ]
            used.append((grant["coupon"], grant["time"], fits[0]["time"] if fits else None))
            free = [r for r in free if not fits or r is not fits[0]]
        found = [(c.coupon, c.granted_at, c.redeemed_at) for c in acts.coupons]
        if len(used) <= 12:
            assert sorted(found, key=str) == sorted(used, key=str)
        reads = [row.get("content_id") for row in mine if row["event"] == "content_read"]
        assert {(c.content, c.times) for c in acts.contents} == {
            (name, reads.count(name)) for name in set(reads) - {None}
        }
