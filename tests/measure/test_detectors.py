"""Detectors find what was planted, say why, and stay silent where nothing is wrong."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.customers.pond import LAST, Pond, event, open_pond
from tests.small_brand import line, order
from yutang.commerce import Shops
from yutang.kit.clock import DAY_MS
from yutang.measure import DETECTORS, Finding
from yutang.measure.detectors import MOST_FINDINGS


def planted() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """A gift code whose people leave, a guide who is blocked, cream that is due."""
    draw = random.Random(3)
    orders, lines, events = [], [], []
    for n in range(120):  # nine of ten leave after two days; of the others nobody
        at = LAST - 60 * DAY_MS + n
        gift = n % 2 == 0
        code = "C-GIFT" if gift else "C-CARD"
        events.append(event("contact_added", at, f"a{n}", guide="G3", channel_code=code))
        if gift and n % 20:
            events.append(event("contact_deleted", at + 2 * DAY_MS, f"a{n}", guide="G3"))
    for n in range(600):  # G1 writes as much as G2; only his people delete him
        guide, who = ("G1", "G2")[n % 2], f"b{n % 40}"
        if n < 40:
            events.append(event("contact_added", LAST - 50 * DAY_MS + n, who, guide=guide))
        events.append(event("message_sent", LAST - 20 * DAY_MS + n, who, guide=guide))
    for n in (*range(0, 20, 2), 1):
        guide = ("G1", "G2")[n % 2]
        events.append(event("contact_deleted", LAST - 18 * DAY_MS, f"b{n}", guide=guide))
    for who in range(30):  # cream every 28 to 32 days, last 30 days ago; soap at random
        for k in range(9):
            days = {"cream": 30 + k * 30 + (who % 5 - 2 if k else 0), "soap": draw.randrange(61)}
            for category, ago in days.items():
                at, number = LAST - ago * DAY_MS, len(orders) + 1
                orders.append(order(number, f"c{who}", paid_at=at, created_at=at))
                lines.append(line(number, 1, category=category, bought_at=at))
    events.append(event("page_viewed", LAST, "c0"))
    return orders, lines, events


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Pond:
    return open_pond(tmp_path_factory.mktemp("troubled"), *planted())


def needs(pond: Pond, preset: str = "last_90") -> dict[str, Finding]:
    return {one.id: one for one in pond.measure.needs(pond.measure.period(preset))}


def test_a_code_whose_people_leave_within_a_week_is_found(troubled: Pond) -> None:
    found = needs(troubled)
    assert [key for key in found if key.startswith("fast_leavers")] == ["fast_leavers:C-GIFT"]
    finding = found["fast_leavers:C-GIFT"]
    assert finding.count == 54
    assert "90%" in finding.title[0]
    assert troubled.customer("a2") in finding.people
    assert troubled.customer("a20") not in finding.people


def test_a_guide_deleted_far_more_often_than_his_peers_is_found(troubled: Pond) -> None:
    found = needs(troubled)
    assert [key for key in found if key.startswith("blocked")] == ["blocked_guides:G1"]
    finding = found["blocked_guides:G1"]
    assert set(finding.people) == {troubled.customer(f"b{n}") for n in range(0, 20, 2)}
    assert "10.0" in finding.title[0]


def test_the_category_on_a_rhythm_is_due_and_the_random_one_is_not(troubled: Pond) -> None:
    found = needs(troubled)
    assert [key for key in found if key.startswith("restock")] == ["restock_due:cream"]
    assert found["restock_due:cream"].count == 30


def test_a_finding_leads_to_the_people_it_counts(troubled: Pond) -> None:
    period = troubled.measure.period("last_90")
    for finding in troubled.measure.needs(period):
        if finding.page == "customers":
            people = troubled.measure.people(finding.params["metric"], period)
            assert people == finding.people
            assert finding.count > 0
        assert finding.effect_fen is None  # nothing here computes an effect


def test_a_pool_that_loses_more_than_it_gains_is_found(troubled: Pond) -> None:
    assert "shrinking_pool" not in needs(troubled)  # 160 came, 65 left
    day = troubled.measure.today() - timedelta(days=58)
    period = troubled.measure.period("custom", first=day, last=day)
    found = {one.id: one for one in troubled.measure.needs(period)}["shrinking_pool"]
    assert found.count == 54
    assert found.people == troubled.measure.people("pool_outflow", period)


def test_old_data_and_unconfirmed_shops_are_found_until_mended(troubled: Pond) -> None:
    found = needs(troubled)
    assert "2026-08-14" in found["stale_data"].title[0]
    assert found["stale_data"].page == "import"
    assert found["unconfirmed_shops"].page == "shops"
    shops = Shops(troubled.brand.workspace)
    for shop in shops.list_():
        shops.set_(shop.id, name=shop.name, platform=shop.platform, domain="public", by="me")
    assert "unconfirmed_shops" not in needs(troubled)


def test_at_most_five_findings_in_the_detectors_order(troubled: Pond) -> None:
    found = troubled.measure.needs(troubled.measure.period("all"))
    assert len(found) <= MOST_FINDINGS
    order_ = [detector.id for detector in DETECTORS]
    places = [order_.index(one.id.partition(":")[0]) for one in found]
    assert places == sorted(places)


def test_an_empty_brand_needs_nothing(tmp_path: Path) -> None:
    pond = open_pond(tmp_path / "empty", [], [], [])
    found = pond.measure.overview(pond.measure.period())
    assert found.empty
    assert found.needs == ()
    assert not found.pool.measured
    assert found.number("gmv_paid").value == 0
    assert found.number("arpb").value is None
    assert found.number("pool_stock").value is None
