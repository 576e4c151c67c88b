"""All models on a real Ray cluster of two nodes: the same answers as in threads of one process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.analysis.histories import DAY, HOUR, START, ZONE
from tests.sequence.facts import MemoryFacts
from yutang import analysis
from yutang.errors import BadInput
from yutang.sequence import Ray, Threads, executors
from yutang.sequence.building import refresh
from yutang.sequence.shard import open_shards
from yutang.sequence.source import NO_TIME, Attribute, Column

pytestmark = pytest.mark.slow
PEOPLE = 60
ORDERS = {"event": "order_paid", "property": "amount"}
CITY = ["customer.city"]
GROWN_UP = {"property": "customer.age", "op": ">", "value": 25}
IN_TOWN = {"property": "place", "op": "=", "value": "沪"}
# Between them: groups by attribute and property, filters of both, dates and numbers of customers.
QUESTIONS = {
    "event": {
        "measures": [{"event": "order_paid", "measure": "people", "filter": IN_TOWN},
                     {**ORDERS, "measure": "median"}],
        "group": [*CITY, "tags"], "filter": GROWN_UP, "compare": "previous",
        "from": "2026-03-09", "to": "2026-03-20",
    },
    "funnel": {
        "steps": [{"event": "scan"}, {"event": "add", "filter": IN_TOWN}, {"event": "order_paid"}],
        "group": CITY, "filter": {"or": [GROWN_UP, IN_TOWN]},
    },
    "retention": {"start": "add", "return": "order_paid", "group": CITY},
    "distribution": {**ORDERS, "measure": "sum", "group": CITY},
    "path": {"start": {"event": "scan"}, "layers": 4, "property": "place"},
    "smart_path": {"target": {"event": "order_paid"}},
    "interval": {"first": {"event": "scan"}, "next": {"event": "order_paid"}, "group": CITY},
    "attribution": {
        "target": {"event": "order_paid"}, "value": "amount",
        "touches": [{"event": "scan"}, {"event": "page_viewed"}], "model": "markov",
    },
    "ltv": {"date": "customer.joined", "revenue": [ORDERS], "days": [1, 7, 14], "group": CITY},
    "session": {"unit": "total", "group": CITY},
    "activity": {"event": "order_paid", "unit": "week", "group": CITY},
    "stickiness": {"event": "page_viewed", "within": "week"},
    "property": {
        "group": [*CITY, "customer.flags"],
        "measures": [{"measure": "average", "property": "customer.age"}], "filter": IN_TOWN,
    },
    "rfm": {"monetary": [ORDERS], "filter": GROWN_UP},
    "page": {"page": "note", "group": CITY},
    "form": {"shown": {"event": "form_shown"}, "submitted": {"event": "form_submitted"}},
}  # fmt: skip


def history() -> MemoryFacts:
    """A month of sixty customers, the same each time."""
    draw = np.random.default_rng(7)
    facts = MemoryFacts(ZONE)
    names = ["scan", "add", "order_paid", "page_viewed", "form_shown", "form_submitted"]
    rows = []
    for _ in range(3_000):
        row = {
            "customer": int(draw.integers(1, PEOPLE)),
            "time": START + int(draw.integers(0, 24 * 30)) * HOUR,
            "event": names[int(draw.integers(0, len(names)))],
            "amount": float(draw.integers(1, 400)) / 4,
            "place": ["沪", "京"][int(draw.integers(0, 2))],
            "note": f"/page/{draw.integers(0, 4)}",
            "tags": ["red", "old"][: int(draw.integers(0, 3))],
            "form": "card",
            "field": "phone",
        }
        rows.append(row)
    facts.known = [*facts.known, Column("form", "string"), Column("field", "string")]
    facts.append(rows)
    size = np.arange(PEOPLE)
    facts.customer_attributes = {
        "city": Attribute("string", (size % 3 - 1).astype(np.int32), ("深圳", "成都")),
        "age": Attribute("number", np.where(size % 7 == 0, np.nan, size.astype(np.float64))),
        "joined": Attribute("time", np.where(size % 5, START + size % 9 * DAY, NO_TIME)),
        "flags": Attribute(
            "list", (np.arange(PEOPLE) % 2).astype(np.int32), ("vip", "new"),
            np.arange(PEOPLE + 1, dtype=np.int64),
        ),
    }  # fmt: skip
    return facts


@pytest.fixture(scope="module")
def address():
    """Two nodes with one processor each, on this machine."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install yutang[scale]")
    from ray.cluster_utils import Cluster

    source = str(Path(analysis.__file__).parents[2])
    before = os.environ.get("PYTHONPATH")
    os.environ |= {
        "PYTHONPATH": os.pathsep.join(filter(None, [source, before])),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_memory_monitor_refresh_ms": "0",  # who else works on this machine is not its business
    }
    node = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    cluster.add_node(num_cpus=1, object_store_memory=80_000_000)
    cluster.wait_for_nodes()
    yield cluster.address
    import ray

    ray.shutdown()
    cluster.shutdown()
    os.environ.pop("PYTHONPATH")
    if before is not None:
        os.environ["PYTHONPATH"] = before


@pytest.fixture(scope="module")
def cluster(address):
    return Ray(address)


@pytest.fixture
def shards(tmp_path, monkeypatch):
    # Else so small a history would be one view, for one worker.
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    facts = history()
    refresh(facts, tmp_path / "shards")
    return open_shards(tmp_path / "shards", facts.attributes())


def test_the_questions_are_of_all_models():
    assert set(QUESTIONS) == {model.NAME for model in analysis.MODELS}


@pytest.mark.parametrize("model", QUESTIONS)
def test_a_cluster_answers_as_one_machine_does(model, shards, cluster):
    there = analysis.run(model, shards, QUESTIONS[model], executor=cluster)
    here = analysis.run(model, shards, QUESTIONS[model], executor=Threads(2))
    assert here.rows
    answers = [{**one.to_json(), "seconds": 0, "computed_at": 0} for one in (there, here)]
    assert answers[0] == answers[1]


def test_the_people_behind_a_number_are_the_same(shards, cluster):
    asked = ("funnel", shards, QUESTIONS["funnel"], {"step": 2})
    assert analysis.people(*asked, executor=cluster) == analysis.people(*asked)


def test_both_workers_work(shards, cluster):
    def whose(view):
        import ray

        sum(range(8_000_000))  # else one of them would be done before the other has begun
        return ray.get_runtime_context().get_node_id()

    assert len(set(cluster.run(shards, whose))) == 2


def test_attributes_do_not_travel_with_the_question(shards):
    pytest.importorskip("ray")
    from yutang.sequence.cluster import dumps, loads

    city = shards.attributes["city"]
    many = Attribute("number", np.zeros(1_000_000))
    shards.attributes["many"] = many
    frozen = many.values.view()
    frozen.flags.writeable = False
    sent = dumps(lambda view: (many.values.size, frozen.size, city.dictionary, shards), shards)
    assert len(sent) < 10_000
    assert loads(sent, shards)(None) == (1_000_000, 1_000_000, ("深圳", "成都"), shards)


def test_a_worker_that_dies_is_replaced(shards, cluster, tmp_path):
    mark = tmp_path / "died"

    def work(view):
        if not mark.exists():
            mark.touch()
            os._exit(1)
        return view.rows

    assert sum(cluster.run(shards, work)) == shards.facts


def test_a_refusal_on_a_worker_is_the_same_refusal(shards, cluster):
    def work(view):
        raise BadInput("No %(what)s.", hint="Try %(other)s.", what="tea", other="coffee")

    with pytest.raises(BadInput, match=r"No tea\. Try coffee\."):
        cluster.run(shards, work)


def test_facts_that_moved_on_are_opened_again(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(executors, "_FEWEST_ROWS", 50)
    facts, folder = history(), tmp_path / "shards"
    refresh(facts, folder)
    old = open_shards(folder, facts.attributes())
    asked = QUESTIONS["funnel"]
    before = analysis.run("funnel", old, asked, executor=cluster).rows
    facts.append([{"customer": 3, "time": START + DAY, "event": "scan"}])
    facts.erase(5)
    refresh(facts, folder)
    new = open_shards(folder, facts.attributes())
    after = analysis.run("funnel", new, asked, executor=cluster).rows
    assert after == analysis.run("funnel", new, asked).rows
    assert after != before
    # Whoever asked before the switch and had no worker with the old files open answers himself.
    unseen = history()
    refresh(unseen, tmp_path / "unseen")
    mapped = open_shards(tmp_path / "unseen", unseen.attributes())
    for file in (tmp_path / "unseen").rglob("*.npy"):
        file.unlink()
    assert analysis.run("funnel", mapped, asked, executor=cluster).rows == before


def test_no_cluster_is_said():
    pytest.importorskip("ray")
    # In a process of its own: each knows one cluster.
    code = "from yutang.sequence import Ray; Ray('127.0.0.1:1').run(None, len)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Busy: There is no Ray cluster at 127.0.0.1:1." in done.stderr
