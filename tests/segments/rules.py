"""Random rules, and a small world to ask them of: both dense, from a seed. (Drawn one by one, most
worlds would be nearly empty, and nearly nobody would fulfil a rule.)"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import numpy as np
from pyroaring import BitMap

from tests.analysis.histories import DAY, HOUR, START, ZONE
from tests.sequence.facts import MemoryFacts
from yutang.customers.rules import Relations, ends_of
from yutang.customers.snapshot import Ties, empty_snapshot
from yutang.segments.asking import Ground
from yutang.sequence.building import refresh
from yutang.sequence.shard import open_shards
from yutang.sequence.source import Attribute

TODAY = date(2026, 3, 6)
WORDS = {
    "guide": ["G1", "G2"],
    "group": ["Q1"],
    "account": ["A1"],
    "channel_code": ["C1", "C2"],
}
SETS = {1: BitMap([1, 3]), 2: BitMap([2, 3, 99]), 3: BitMap()}
BIRTHDAYS = ("1990-03-06", "1990-03-10", "03-05", "2000-02-29", "not a date", "1988年1月30日")
CUSTOMERS = 6
TIMES = (0, 60_000, 12 * HOUR, DAY - 1)


def moment(draw: Random) -> int:
    day = draw.choice((-40, -30, -14, -12, -3, -2, -1, 0, 1, 1, 2, 3, 4, 6))
    return START + day * DAY + draw.choice(TIMES)


def fact(draw: Random) -> dict:
    found = {
        "customer": draw.randint(1, CUSTOMERS),
        "time": moment(draw),
        "event": draw.choice("aabcx"),
    }
    if draw.random() < 0.7:
        found["amount"] = draw.choice((0.25, 1.0, 1.5, 2.0, -3.0))
    if draw.random() < 0.7:
        found["place"] = draw.choice(("京", "沪"))
    if draw.random() < 0.5:
        found["gift"] = draw.random() < 0.5
    if draw.random() < 0.5:
        found["tags"] = draw.sample(("red", "blue", "old"), draw.randint(0, 3))
    return found


def ties_of(rows):
    """Relation events (customer, time, kind, key, is_end, channel code) as a snapshot has them."""
    rows = sorted(rows)
    table = np.array(rows, np.int64).reshape(-1, 6)
    customer, time = table[:, 0].astype(np.uint32), table[:, 1]
    kind, key = table[:, 2].astype(np.int8), table[:, 3].astype(np.int32)
    key = np.minimum(key, np.array([1, 0, 0])[kind]).astype(np.int32)
    is_end, code = table[:, 4].astype(bool), table[:, 5].astype(np.int32)
    relations = Relations(customer, time, kind, key, is_end)
    none = np.full(len(rows), -1, np.int32)
    no = np.zeros(len(rows), bool)
    return Ties(customer, time, kind, key, is_end, ends_of(relations), code, none, none, no)


def world(seed: int) -> Ground:
    """A ground whose shards grew over several commits, with a merge."""
    draw = Random(seed)
    facts = MemoryFacts(ZONE)
    facts.customer_attributes = {
        "city": Attribute("string", np.array([-1, 0, 1, -1, 1], np.int32), ("深圳", "成都")),
        "age": Attribute("number", np.array([np.nan, 30.0, 41.5, np.nan, 30.0])),
        "flags": Attribute(
            "list",
            np.array([0, 1, 1], np.int32),
            ("vip", "new"),
            np.array([0, 0, 2, 3, 3], np.int64),
        ),
    }
    with tempfile.TemporaryDirectory() as name:
        for _ in range(draw.randint(1, 3)):
            facts.append([fact(draw) for _ in range(draw.randint(8, 20))])
            refresh(facts, Path(name))
        if draw.random() < 0.5:
            facts.merge(*draw.sample(range(1, CUSTOMERS + 1), 2))
            refresh(facts, Path(name))
        shards = open_shards(Path(name), facts.customer_attributes)
    size = CUSTOMERS + 2
    ties = [
        (
            draw.randint(1, CUSTOMERS),
            moment(draw),
            draw.randint(0, 2),
            draw.randint(-1, 1),
            int(draw.random() < 0.4),
            draw.randint(-1, 1),
        )
        for _ in range(draw.randint(4, 14))
    ]
    empty = empty_snapshot()
    alive = np.array([False] + [draw.random() < 0.9 for _ in range(size - 1)])
    people = replace(empty.people, alive=alive, orders=np.zeros(size, np.int32))
    snapshot = replace(empty, version=1, words=WORDS, people=people, ties=ties_of(ties))
    born = [draw.randint(-1, len(BIRTHDAYS) - 1) for _ in range(4)]
    attributes = {
        **shards.attributes,
        "birthday": Attribute("string", np.array([-1, *born], np.int32), BIRTHDAYS),
        "joined": Attribute("time", np.array([0, START, START - 365 * DAY], np.int64)),
        "member": Attribute("bool", np.array([-1, 1, 0, -1, 1], np.int8)),
    }
    return Ground(
        snapshot=snapshot,
        shards=shards,
        attributes=attributes,
        zone=ZONE,
        today=TODAY,
        in_segment=SETS.__getitem__,
        behind=lambda origin: SETS[origin["n"]],
        tagged=SETS.__getitem__,
        consenting=lambda purpose, state: SETS[1] if state == "given" else BitMap([2]),
    )


DAYS = (
    {}, {}, {"last": 1}, {"last": 5}, {"before_last": 3}, {"from": "2026-03-02"},
    {"from": "2026-02-20", "to": "2026-03-04"}, {"to": "2026-03-03"},
    # 3 March 2026 is the lantern festival, the 15th of the first month.
    {"festival": {"month": 1, "day": 15, "before": 1}},
    {"festival": {"calendar": "solar", "month": 2, "day": 29, "after": 2}},
)  # fmt: skip
FILTERS = (
    None, None, None, {"property": "place", "op": "=", "value": "京"},
    {"property": "amount", "op": ">", "value": 1},
    {"or": [{"property": "gift", "op": "=", "value": True},
            {"property": "tags", "op": "contains", "value": "red"}]},
    {"property": "customer.city", "op": "=", "value": "成都"},
)  # fmt: skip
WINDOWS = (
    {"value": 1, "unit": "day"}, {"value": 12, "unit": "hour"}, {"value": 2, "unit": "day"},
    {"value": 30, "unit": "day"}, {"value": 1, "unit": "minute"},
)  # fmt: skip
ATTRIBUTES = (
    ("city", "=", "成都"), ("city", "!=", "成都"), ("city", "is_empty", None),
    ("city", "in", ["成都", "深圳"]), ("age", ">", 30), ("age", "not_in", [30]),
    ("age", "between", [30, 41]), ("age", "is_set", None), ("flags", "contains", "vip"),
    ("flags", "not_in", ["new"]), ("member", "=", True), ("member", "!=", True),
    ("joined", "last", 30), ("joined", "<", "2026-03-02"), ("joined", "is_empty", None),
)  # fmt: skip
MEASURES = (
    {"measure": "times"}, {"measure": "times"}, {"measure": "days"},
    *({"measure": one, "property": "amount"} for one in ("sum", "average", "min", "max")),
    *({"measure": "distinct", "property": one} for one in ("amount", "place", "tags", "gift")),
)  # fmt: skip


def asked(draw: Random) -> dict:
    events = draw.choice((["a"], ["b"], ["c"], ["a", "b"], ["x", "never"], ["*"]))
    where = draw.choice(FILTERS)
    return {"events": events, **({"filter": where} if where else {})}


def numbered(draw: Random, name: str) -> dict:
    return {name: draw.sample((1, 2, 3), draw.randint(1, 2)),
            "has": draw.choice(("any", "all", "none"))}  # fmt: skip


def attribute(draw: Random) -> dict:
    name, op, value = draw.choice(ATTRIBUTES)
    return {"name": name, "op": op, **({} if value is None else {"value": value})}


def relation(draw: Random) -> dict:
    state = draw.choice(("live", "ended", "ever"))
    found = {
        "state": state, "began": draw.choice(DAYS),
        "relation": draw.choice(("contact", "group", "follow", "any")),
        "keys": draw.choice(([], [], ["G1"], ["Q1", "nobody"])),
        "channel_codes": draw.choice(([], [], ["C1"])),
    }  # fmt: skip
    return found if state == "live" else {**found, "ended": draw.choice(DAYS)}


def event(draw: Random) -> dict:
    compare = {"op": draw.choice(("=", "!=", "<", "<=", ">", ">=")),
               "value": draw.choice((0, 1, 2, 3, 1.5, -1))}  # fmt: skip
    if draw.random() < 0.15:
        compare = {"op": "between", "value": [1, 2]}
    return {**asked(draw), "when": draw.choice(DAYS), **draw.choice(MEASURES), **compare}


def edge(draw: Random) -> dict:
    return {
        **asked(draw), "which": draw.choice(("first", "last")), "when": draw.choice(DAYS),
        "then": draw.choice(FILTERS), "at": draw.choice(DAYS),
    }  # fmt: skip


def sequence(draw: Random) -> dict:
    steps = [asked(draw) for _ in range(draw.randint(2, 3))]
    return {"steps": steps, "within": draw.choice(WINDOWS), "when": draw.choice(DAYS)}


def after(draw: Random) -> dict:
    anchor = {
        **asked(draw), "which": draw.choice(("first", "last")), "when": draw.choice(DAYS)
    }  # fmt: skip
    return {
        "anchor": anchor, "then": asked(draw), "within": draw.choice(WINDOWS),
        "did": draw.random() < 0.5,
    }  # fmt: skip


LEAVES = {
    "attribute": attribute,
    "tag": lambda draw: numbered(draw, "tags"),
    "segment": lambda draw: numbered(draw, "segments"),
    "consent": lambda draw: {
        "purpose": "marketing", "state": draw.choice(("given", "withdrawn", "unknown"))
    },
    "people": lambda draw: {"origin": {"n": draw.randint(1, 2)}},
    "share": lambda draw: {"rate": 0.5, "salt": draw.choice("xy"), "part": draw.randint(0, 1)},
    "anniversary": lambda draw: {
        "calendar": draw.choice(("solar", "lunar")), "from": draw.choice((-9, 0)),
        "to": draw.choice((0, 5)),
    },
    "relation": relation,
    "event": event,
    "edge": edge,
    "sequence": sequence,
    "after": after,
}  # fmt: skip


def leaf(draw: Random, kind: str = "") -> dict:
    kind = kind or draw.choice(list(LEAVES))
    return {"kind": kind, **LEAVES[kind](draw)}


def tree(draw: Random, deep: int = 3) -> dict:
    word = draw.choice(("and", "or", "not", "leaf")) if deep else "leaf"
    if word == "leaf":
        return leaf(draw)
    if word == "not":
        return {"not": tree(draw, deep - 1)}
    return {word: [tree(draw, deep - 1) for _ in range(draw.randint(1, 3))]}
