"""docs/concepts/metrics.md says what the catalog says, and its worked example is what comes out."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.customers.pond import ZONE, Pond, event, open_pond
from tests.small_brand import line, order
from yutang.catalog.metrics import BY_ID, METRICS, metric_of
from yutang.errors import NotFound
from yutang.measure import Number

PAGE = (Path(__file__).parents[2] / "docs" / "concepts" / "metrics.md").read_text(encoding="utf-8")


def test_the_page_defines_exactly_the_catalogs_metrics() -> None:
    headings = re.findall(r"^### .* `(\w+)`$", PAGE, re.MULTILINE)
    assert headings == [metric.id for metric in METRICS]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_the_page_says_what_the_catalog_says(metric) -> None:
    section = PAGE.split(f"`{metric.id}`\n", 1)[1].split("\n#", 1)[0]
    assert section.strip() == (
        f"{metric.formula_zh}。\n\n{metric.formula_en}.\n\n"
        f"正常：{metric.normal_zh} · normal: {metric.normal_en}"
    )
    assert f"### {metric.zh} · {metric.en} `{metric.id}`" in PAGE


def test_unknown_metrics_are_refused() -> None:
    assert metric_of("upt") is BY_ID["upt"]
    with pytest.raises(NotFound):
        metric_of("roi")


def at(day: str) -> int:
    moment = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(ZONE))
    return int(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Pond:
    sold = (  # day, who, platform, yuan, items, refund
        ("2025-12-01", "li", "tmall", 80, 1, 0),
        ("2026-03-05", "wang", "mini_program", 100, 2, 0),
        ("2026-03-08", "li", "tmall", 200, 3, 0),
        ("2026-03-10", None, "pos", 90, 2, 0),
        ("2026-03-15", "zhang", "mini_program", 50, 1, 0),
        ("2026-03-20", "wang", "tmall", 60, 1, 20),
    )
    orders, lines = [], []
    for number, (day, who, platform, yuan, items, refund) in enumerate(sold, start=1):
        when = {"paid_at": at(day), "created_at": at(day), "rank_at": at(day)}
        where = {"platform": platform, "shop": "shop"}
        orders.append(
            order(
                number, who, paid_fen=yuan * 100, refund_fen=refund * 100 or None, **when, **where
            )
        )
        amount = {"quantity": float(items), "item_paid_fen": yuan * 100, "bought_at": at(day)}
        lines.append(line(number, 1, **where, **amount))
        if yuan == 200:
            gift = {"quantity": 1.0, "item_paid_fen": 0, "bought_at": at(day)}
            lines.append(line(number, 2, **where, **gift))
    events = [
        event("contact_added", at("2026-01-10"), "wang", guide="G1"),
        event("contact_added", at("2026-03-02"), "zhang", guide="G1", touchpoint="package_card"),
        event("contact_deleted", at("2026-03-09"), "zhang", guide="G1"),
        event("page_viewed", at("2026-03-31"), "li"),
    ]
    return open_pond(tmp_path_factory.mktemp("example"), orders, lines, events)


def shown(number: Number) -> str:
    value, unit = number.value, number.metric.unit
    assert value is not None
    if unit == "fen":
        return f"¥{value / 100:,.2f}"
    if unit == "rate":
        return f"{value * 100:.1f}%"
    return f"{value:,.2f}" if unit == "ratio" else f"{value:,.0f}"


def test_the_worked_example_comes_out(example: Pond) -> None:
    found = example.measure.overview(example.measure.period("this_month"))
    assert (found.period.first, found.period.last) == (date(2026, 3, 1), date(2026, 3, 31))
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\S+) \|$", PAGE, re.MULTILINE)
    assert dict(rows) == {number.metric.id: shown(number) for number in found.numbers}
