"""The ready dashboards fit what a brand has."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.small_brand import open_brand_at
from yutang import analysis
from yutang.reports import READY, Dashboards, Reports, make_ready, resolved, words_of
from yutang.reports.dashboards import COLUMNS

TODAY = date(2026, 11, 22)
ORDERS = {"order_paid", "order_refunded", "item_bought", "paid", "refund", "platform", "shop",
          "domain", "title", "category", "quantity", "customer.stage", "customer.orders",
          "customer.first_source"}  # fmt: skip


@pytest.mark.parametrize("ready", READY, ids=lambda one: one.key)
def test_every_way_is_a_question_its_model_takes(ready):
    for card in ready.cards:
        assert 1 <= card.width <= COLUMNS
        for way in card.ways:
            analysis.read_params(analysis.get_model(way.model), resolved(way.params, TODAY))
            assert way.needs


@pytest.mark.parametrize("ready", READY, ids=lambda one: one.key)
def test_a_brand_with_orders_only_gets_them_too(ready, tmp_path: Path):
    workspace = open_brand_at(tmp_path / "home").workspace
    boards, reports = Dashboards(workspace), Reports(workspace)
    board, left_out = make_ready(ready, ORDERS, boards, reports, language="en", by="ann")
    assert board.ready == ready.key
    assert len(board.cards) >= 3
    assert len(board.cards) + len(left_out) == len(ready.cards)
    known = {one.id: one for one in reports.list_()}
    text = str([known[card.report_id].params for card in board.cards])
    assert "code_scanned" not in text
    words = words_of(left_out, {"page_viewed": "viewed a page"}, language="en")
    assert words.count("\n") + 1 == len(left_out) if left_out else words == ""
    if ready.key == "shop":
        assert "Visits: there is no viewed a page, product_viewed yet" in words
