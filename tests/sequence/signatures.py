"""Which kernel signatures a fresh process has compiled after `warm_up`, and after real use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]

_SCRIPT = """
import json, sys, tempfile
from pathlib import Path
from yutang.sequence import warm
from yutang.sequence.kernels import approaches, cells, events, forms, funnel, intervals, paths
from yutang.sequence.kernels import picking, retention, selecting, sessions, sort, stages
from yutang.sequence.kernels import subjects, tally, touches
from yutang.sequence.kernels import measures, values, views
KERNELS = [selecting.count_buckets, selecting.take_buckets,
           sort.sort_rows, sort.list_by_event, picking.merge_rows, retention.count_listed,
           funnel.ordered_funnel, subjects.funnel, events.count_cells,
           events.select_rows, events.sum_cells, retention.find_starts, retention.count_returns,
           retention.mark_returned, retention.count_exact, tally.tally, tally.tally_plain,
           tally.tally_units, picking.rows_with, picking.bits_of,
           tally.count_flows, intervals.intervals,
           touches.paths, touches.count_channels, values.first_of, values.since_start,
           picking.place_rows, picking.find_rows,
           sessions.cut_sessions, sessions.count_sessions,
           sessions.count_places, sessions.count_ends, paths.count_nodes, paths.count_links,
           paths.walk_all, approaches.approaches, stages.first_after,
           views.count_pages, views.find_views, views.count_views, forms.find_attempts,
           forms.count_stages, forms.find_touches, forms.count_fields,
           measures.count_rows, measures.count_days,
           cells.sort_by_cell, cells.add_cells, cells.sum_sorted]
warm.warm_up()
if len(sys.argv) > 1:
    import random
    from tests.sequence.facts import MemoryFacts
    from yutang import analysis, sequence
    facts, rng = MemoryFacts(), random.Random(1)
    facts.append([dict(customer=rng.randint(1, 4000), time=rng.randint(0, 10**9),
                       event=rng.choice("abc"), amount=rng.choice([1.0, None]),
                       gift=rng.choice([True, None]), due=rng.choice([5, None]),
                       place=rng.choice(["x", None]), tags=rng.choice([["p", "q"], None]))
                  for _ in range(40_000)])
    folder = Path(tempfile.mkdtemp())
    sequence.build(facts, folder)
    facts.append([dict(customer=1, time=5, event="a", amount=2.0)])
    sequence.refresh(facts, folder)
    shards = sequence.open_shards(folder)
    steps = [{"event": e} for e in "abc"]
    over = [{"event": "a"}, {"event": ["a", "b"], "filter": {"property": "amount", "value": 1}}]
    for extra in ({}, {"filter": {"property": "amount", "op": "is_set"}}, {"sample": 2},
                  {"window": {"unit": "same_day"}}, {"order": "strict"}, {"order": "any"},
                  {"count": "times"}, {"hold": "place"}, {"hold": "amount"}, {"hold": "gift"},
                  {"hold": "due"}, {"steps": over}, {"group": ["place"]},
                  {"exclusions": [{"event": "x"}]}):
        analysis.run("funnel", shards, {"steps": steps, **extra})
    measures = [{"event": "a"}, {"event": "*", "measure": "people"},
                {"event": "a", "measure": "sum", "property": "amount"},
                {"event": "a", "measure": "median", "property": "amount"},
                {"event": "a", "measure": "distinct", "property": "tags"}]
    for extra in ({}, {"unit": "total"}, {"group": ["place"]}, {"group": ["tags"]},
                  {"values": "single", "group": ["tags"]}, {"sample": 2},
                  {"filter": {"property": "amount", "op": "is_set"}}):
        analysis.run("event", shards, {"measures": measures, **extra})
    for model, more in (("retention", ({}, {"cohorts": "every", "day_zero": True},
                                       {"mode": "later", "measure": {"event": "a", "measure": "sum",
                                                                     "property": "amount"}})),
                        ("distribution", ({}, {"measure": "hours"}, {"measure": "sum",
                                                                     "property": "amount"})),
                        ("activity", ({}, {"unit": "day"})), ("stickiness", ({},))):
        for extra in more:
            for group in ({}, {"group": ["place"]}, {"group": ["tags"], "values": "single"},
                          {"group": ["tags"], "sample": 2},
                          {"filter": {"property": "amount", "op": "is_set"}}):
                analysis.run(model, shards, {**extra, **group})
                analysis.people(model, shards, {**extra, **group},
                                {"n": 1} if model == "retention" else {})
    first = {"first": {"event": "a"}}
    for extra in ({}, {"next": {"event": "b"}, "pair": "nearest"}, {"hold": "place"},
                  {"hold": "amount"}, {"hold": "gift"}, {"limit": {"unit": "same_day"}},
                  {"group": ["place"], "from": "1970-01-02", "to": "1970-01-05"}, {"sample": 2}):
        analysis.run("interval", shards, {**first, **extra})
    credit = {"target": {"event": "c"}, "touches": [{"event": "a"}, {"event": "b"}]}
    for extra in ({}, {"channel": "place", "value": "amount"}, {"hold": "place"}, {"sample": 2},
                  {"look_back": {"unit": "same_day"}, "beside": ["markov"]}, {"reuse": True}):
        analysis.run("attribution", shards, {**credit, **extra})
    worth = {"start": {"event": "a"}, "revenue": [{"event": "b", "property": "amount"}]}
    for extra in ({}, {"group": ["place"], "unit": "day"}, {"sample": 2},
                  {"filter": {"property": "amount", "op": "is_set"}}):
        analysis.run("ltv", shards, {**worth, **extra})
    for model, params in (
        ("session", {"split_days": True, "page": "place"}),
        ("path", {"start": {"event": "a"}, "nodes": 2}),
        ("path", {"end": {"event": "a"}, "property": "place", "repeats": "keep"}),
        ("smart_path", {"target": {"event": "a"}}),
        ("smart_path", {"target": {"event": "a"}, "property": "place"}),
        ("page", {"view": {"event": "a"}, "page": "place"}),
        ("page", {"view": {"event": "a"}, "page": "place", "dwell": "amount"}),
        ("page", {"by": "channel", "channel": "place",
                  "stages": [{"event": e} for e in "abc"]}),
        ("form", {"form": "place", "name": "place", "field": {"event": "a"}}),
        ("form", {"form": "place", "name": "place", "field": {"event": "a"}, "seconds": "amount"}),
    ):
        for extra in ({}, {"group": ["place"]}, {"group": ["tags"]}, {"sample": 2},
                      {"filter": {"property": "amount", "op": "is_set"}}):
            analysis.run(model, shards, params | extra)
            analysis.people(model, shards, params | extra, {})
    from datetime import date
    from yutang.segments import tree
    from yutang.segments.behaviour import Behaviour
    for measure in ("times", "days"):
        for where in (None, {"property": "amount", "op": "is_set"}):
            asked = {"kind": "event", "events": ["a"], "measure": measure, "filter": where}
            Behaviour(shards, date(2026, 1, 1), "UTC").holds(tree.read_rule(asked), 10, "rule")
print(json.dumps({k.py_func.__name__ + "@" + k.py_func.__module__: sorted(map(str, k.signatures))
                  for k in KERNELS}))
"""


def signatures_after_warm_up() -> dict[str, list[str]]:
    return _run()


def signatures_after_use() -> dict[str, list[str]]:
    return _run("use")


def _run(*arguments: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
