"""The worked examples of docs/models are executed: every block ```python example.

A block sees `analysis` and `story(rows)`, which gives the shards of a few events:
(customer, "2026-03-02 10:00" in the brand's zone, event, properties). `story` takes customer
attributes by name, too: {"city": {1: "深圳"}}.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.sequence.facts import COLUMNS, MemoryFacts
from yutang import analysis
from yutang.sequence.source import NO_TIME, Attribute, Column

FOLDER = Path(__file__).parents[2] / "docs" / "models"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.stem != "README")
BLOCK = re.compile(r"^```python example\n(.*?)^```", re.MULTILINE | re.DOTALL)
ZONE = "Asia/Shanghai"


def moment(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def columns_of(rows):
    known = {column.name: column for column in COLUMNS}
    for *_, properties in rows:
        for name, value in properties.items():
            kind = (
                "bool" if isinstance(value, bool)
                else "number" if isinstance(value, int | float)
                else "list" if isinstance(value, list)
                else "string"
            )  # fmt: skip
            known.setdefault(name, Column(name, kind))
    return list(known.values())


def attribute(values):
    """{customer: value} as an array by customer."""
    size = max(values) + 1
    one = next(iter(values.values()))
    if isinstance(one, str) and re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", one):
        times = np.full(size, NO_TIME, np.int64)
        for customer, text in values.items():
            times[customer] = moment(text)
        return Attribute("time", times)
    if isinstance(one, str):
        words = sorted(set(values.values()))
        codes = np.full(size, -1, np.int32)
        for customer, text in values.items():
            codes[customer] = words.index(text)
        return Attribute("string", codes, words)
    numbers = np.full(size, np.nan)
    for customer, number in values.items():
        numbers[customer] = number
    return Attribute("number", numbers)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_worked_examples_are_true(page, shards_of):
    def story(rows, **attributes):
        facts = MemoryFacts(ZONE)
        rows = [(*row, {}) if len(row) == 3 else row for row in rows]
        facts.known = columns_of(rows)
        facts.customer_attributes = {name: attribute(v) for name, v in attributes.items()}
        facts.append([{"customer": c, "time": moment(at), "event": e, **p} for c, at, e, p in rows])
        return shards_of(facts)

    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    assert blocks, f"{page.name} has no worked example"
    for block in blocks:
        exec(compile(block, str(page), "exec"), {"analysis": analysis, "story": story})


def test_every_model_has_its_page():
    assert {page.stem for page in PAGES} == {model.NAME for model in analysis.MODELS}
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [f"({model.NAME}.md)" in index for model in analysis.MODELS] == [True] * len(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_answers_what_readers_ask(page):
    """The sections that `explain_number` of yutang.mcp hands out."""
    text = page.read_text(encoding="utf-8")
    for heading in ("What is counted", "How to read it", "What is normal", "Traps"):
        assert f"\n## {heading}" in text, heading
