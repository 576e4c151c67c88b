"""The days and the filter that stand over those of cards."""

from __future__ import annotations

from datetime import date

import pytest

from yutang.errors import BadInput
from yutang.reports import Scope, scope_of, scoped

TODAY = date(2026, 11, 22)
PLATFORM = {"property": "platform", "op": "=", "value": "tmall"}


def test_the_days_of_the_dashboard_stand_over_those_of_the_card():
    params = {"unit": "day", "range": "last_90"}
    assert scoped(params, Scope(), TODAY)["from"] == "2026-08-25"
    week = scoped(params, Scope("last_7"), TODAY)
    assert (week["from"], week["to"], week["unit"]) == ("2026-11-16", "2026-11-22", "day")
    own = scope_of({"from": "2026-11-01", "to": "2026-11-02"}, TODAY)
    assert scoped(params, own, TODAY) == {"unit": "day", "from": "2026-11-01", "to": "2026-11-02"}


def test_over_all_days_nothing_is_compared():
    asked = scoped({"range": "last_7", "compare": "previous"}, Scope("all"), TODAY)
    assert asked == {}


def test_filters_are_added_to_those_of_the_card():
    scope = scope_of({"filter": PLATFORM}, TODAY)
    assert scoped({}, scope, TODAY)["filter"] == PLATFORM
    own = {"property": "customer.stage", "op": "=", "value": "lost"}
    assert scoped({"filter": own}, scope, TODAY)["filter"] == {"and": [own, PLATFORM]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"range": "next_week"},
        {"from": "2026-11-02", "to": "2026-11-01"},
        {"from": "yesterday", "to": "2026-11-01"},
        {"range": "custom"},
        {"filter": "tmall"},
    ],
)
def test_a_scope_that_says_nothing_is_refused(wrong):
    with pytest.raises(BadInput):
        scope_of(wrong, TODAY)
