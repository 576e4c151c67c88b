"""Splink on public data whose truth is known, and on made customers. Skips where it is absent."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from yutang.errors import BadInput
from yutang.linkage import documented, match, matching
from yutang.linkage.fields import COLUMNS

needs_splink = pytest.mark.skipif(
    importlib.util.find_spec("splink") is None,
    reason="splink is not installed (requirements-linkage.lock)",
)
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "linkage.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("bench_linkage", BENCHMARK)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_linkage"] = module
    spec.loader.exec_module(module)
    if not module.DATA.exists():
        pytest.skip(f"{module.DATA} is not there")
    return module


@needs_splink
@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("fake_1000", 0.70), ("febrl_1", 0.95)])
def test_what_is_documented_comes_out(benchmark, name, least):
    scores, found, truth = benchmark.scored(name)
    told = documented()["sets"][name]
    assert found.records == told["records"] == 1000
    assert truth == told["pairs"]
    for score, kept in zip(scores, told["scores"], strict=True):
        assert score.precision == pytest.approx(kept["precision"], abs=0.02)
        assert score.recall == pytest.approx(kept["recall"], abs=0.05)
    assert scores[0].f1 > least
    assert scores[0].precision > 0.97
    assert all(pair.a < pair.b for pair in found.pairs)
    assert len({(pair.a, pair.b) for pair in found.pairs}) == len(found.pairs)


def made(rows):
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in COLUMNS}
    return pa.table({"unique_id": pa.array(range(1, len(rows) + 1), pa.int64()), **columns})


def test_without_splink_the_remedy_is_said(monkeypatch):
    monkeypatch.setattr(matching, "available", lambda: False)
    with pytest.raises(BadInput, match="not installed"):
        match(made([]), 0.9)


@needs_splink
def test_too_little_is_refused_in_a_sentence():
    with pytest.raises(BadInput, match="too little"):
        match(made([{"surname": "a", "given": "b"}] * 10), 0.9)
    with pytest.raises(BadInput, match="too little"):  # one field, however many have it
        match(made([{"surname": f"a{n}", "given": f"b{n}"} for n in range(200)]), 0.9)


@needs_splink
@pytest.mark.slow
def test_weak_evidence_alone_suggests_nobody(monkeypatch):
    """Family name and the last four digits of a phone agree: that is half a town."""
    rows = [
        {
            "surname": ("wang", "li")[n % 2], "given": f"g{n % 90}",
            "full_name": f"{('wang', 'li')[n % 2]} g{n % 90}",
            "birthday": f"{1950 + n % 50}-{1 + n % 12:02}-{1 + n % 27:02}",
            "city": f"c{n % 7}", "phone_tail": "8000",
        }
        for n in range(400)
    ]  # fmt: skip
    rows += [{"surname": "wang", "phone_tail": "8000"} for _ in range(40)]
    found = match(made(rows), 0.5)
    assert all(pair.a <= 400 and pair.b <= 400 for pair in found.pairs)
    monkeypatch.setattr(matching, "MOST_PAIRS", 500)
    fewer = match(made(rows), 0.5)
    assert ("surname", "city") in fewer.left_out
