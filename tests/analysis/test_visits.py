"""What holds for all models of visits: sampling, comparison, plain JSON, a schema, late events."""

from __future__ import annotations

import json
import random

import pytest

from tests.analysis.histories import DAY, START, ZONE
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.sequence.matching import mix

ASKED = {
    "session": {"page": "place", "group": ["gift"], "unit": "week"},
    "path": {"start": {"event": "a"}, "idle_minutes": 600, "group": ["gift"]},
    "smart_path": {"target": {"event": "c"}, "window": {"value": 3, "unit": "day"}},
    "page": {"view": {"event": "a"}, "page": "place", "idle_minutes": 600, "group": ["gift"]},
    "form": {
        "form": "place", "name": "note", "shown": {"event": "a"}, "field": {"event": "b"},
        "submitted": {"event": "c"}, "succeeded": {"event": "x"}, "idle_minutes": 600,
    },
}  # fmt: skip
CHANNEL = {"by": "channel", "channel": "place", "stages": [{"event": e} for e in "abc"]}
CASES = [*ASKED.items(), ("page", CHANNEL)]


def facts_of(keep=lambda customer: True, days=range(6)):
    rng, facts = random.Random(3), MemoryFacts(ZONE)
    rows = [
        {
            "customer": rng.randint(1, 60),
            "time": START + rng.randrange(6) * DAY + rng.randrange(0, DAY, 60_000),
            "event": rng.choice("abcx"),
            "place": rng.choice("京沪"),
            "note": rng.choice(["n1", "n2", None]),
            "gift": rng.choice([True, False]),
        }
        for _ in range(600)
    ]
    facts.append([r for r in rows if keep(r["customer"]) and (r["time"] - START) // DAY in days])
    return facts


def drawn(customer):
    import numpy as np

    return int(mix(np.array([customer], np.uint32))[0]) & 1 == 0


@pytest.mark.parametrize(("model", "params"), CASES)
def test_a_sample_is_whole_customers_scaled_up(shards_of, model, params):
    sampled = analysis.run(model, shards_of(facts_of()), {**params, "sample": 2})
    alone = analysis.run(model, shards_of(facts_of(drawn)), params)
    assert sampled.rows
    assert "sampled" in {caveat.code for caveat in sampled.caveats}
    tables = [(sampled.table, alone.table), *((t, alone.tables[n]) for n, t in
              sampled.tables.items())]  # fmt: skip
    for table, other in tables:
        counts = {c.name for c in table.columns if c.kind == "count" and c.name != "step"}
        scaled = [
            {k: 2 * v if k in counts and v is not None else v for k, v in row.items()}
            for row in other.rows
        ]
        assert table.rows == scaled


@pytest.mark.parametrize(("model", "params"), CASES)
def test_a_range_is_compared_with_the_one_before(shards_of, model, params):
    span = {"from": "2026-03-05", "to": "2026-03-07"}
    before = {"from": "2026-03-02", "to": "2026-03-04"}
    shards = shards_of(facts_of())
    params = {**params, "top": 20}
    if model == "session":
        params["unit"] = "total"
    result = analysis.run(model, shards, {**params, **span, "compare": "previous"})
    other = analysis.run(model, shards, {**params, **before})
    counts = [c.name for c in other.columns if c.kind == "count" and c.name != "step"]
    keys = [c.name for c in other.columns if c.kind in ("text", "group") or c.name == "step"]
    known = {tuple(row[k] for k in keys): row for row in other.rows}
    matched = 0
    for row in result.rows:
        old = known.get(tuple(row[k] for k in keys))
        for name in counts:
            # OTHER holds other things in the other range.
            there = old and "(other)" not in row.values()
            assert row[f"{name}_compared"] == (old[name] if there else None)
        matched += old is not None
    assert matched


@pytest.mark.parametrize(("model", "params"), CASES)
def test_the_answer_is_plain_json_and_the_form_has_a_schema(shards_of, model, params):
    result = analysis.run(model, shards_of(facts_of()), params)
    json.dumps(result.to_json(), allow_nan=False)
    for column in result.columns:
        assert all(column.name in row for row in result.rows)
    schema = analysis.get_model(model).Params.model_json_schema()
    assert set(params) <= set(schema["properties"])
    assert all("title" in part for part in schema["properties"].values())


@pytest.mark.parametrize(("model", "params"), CASES)
def test_late_events_belong_to_their_own_time(shards_of, tmp_path, model, params):
    """The same facts, the later days committed first."""
    at_once, in_turn = facts_of(days=range(6)), MemoryFacts(ZONE)
    rows = [{k: v for k, v in row.items() if k not in ("arrival", "commit")}
            for row in at_once.rows]  # fmt: skip
    # Events of one moment keep their order of arrival: they come in one commit.
    for days in ((4, 5), (0, 1), (2, 3)):
        in_turn.append([row for row in rows if (row["time"] - START) // DAY in days])
    expected = analysis.run(model, shards_of(at_once), params)
    found = analysis.run(model, shards_of(in_turn), params)
    assert found.rows == expected.rows
    assert found.tables == expected.tables
