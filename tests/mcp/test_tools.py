"""Each tool through the protocol's own client: what it answers, refuses and leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pyroaring import BitMap

from tests.api.conftest import Office
from tests.mcp.conftest import Program
from yutang import analysis
from yutang.mcp.bounds import CHARACTERS, Tables, masked_rows
from yutang.mcp.tools import TOOLS
from yutang.staff import RIGHTS

Ask = Callable[..., Any]
PAID = {"measures": [{"event": "order_paid", "measure": "people"}]}


def test_every_tool_says_what_it_takes(program: Callable[..., Program]) -> None:
    assert program("analyst").tools() == [one.name for one in TOOLS]
    for tool in TOOLS:
        assert tool.right in RIGHTS
        assert set(tool.audited) <= set(tool.arguments.model_fields)


def test_a_key_sees_only_the_tools_of_its_role(program: Callable[..., Program]) -> None:
    guide = program("guide")
    assert guide.tools() == ["list_brands", "read_overview", "explain_number"]
    assert guide.call("run_model", model="event", params=PAID) == (
        "The role of this key does not include: analyse and save reports."
        " Make a key with another role."
    )
    assert "analyse" in guide.call("sql", sql="SELECT 1")


def test_the_brand_is_told_with_the_rights_of_the_key(ask: Ask) -> None:
    found = ask("list_brands")
    (brand,) = found["brands"]
    assert (brand["slug"], brand["simulated"], brand["caches_are_fresh"]) == ("main", False, True)
    assert found["rights"] == ["analyse", "export", "see"]


def test_a_key_opens_no_other_brand(program: Callable[..., Program]) -> None:
    assert program("analyst", "other").call("list_brands")["brands"][0]["slug"] == "other"
    assert program("analyst", "other").call("list_events")["events"] == []


def test_events_have_labels_and_volumes(ask: Ask) -> None:
    found = ask("list_events")
    names = {one["name"]: one for one in found["events"]}
    assert sum(one["events"] for one in names.values()) == 60
    assert {"zh", "description", "last_30_days", "last_seen"} <= set(next(iter(names.values())))
    assert found["made_from_orders"][0]["name"] == "order_paid"
    assert ask("list_events", search="no such thing") == {"events": [], "made_from_orders": []}


def test_properties_of_an_event(ask: Ask) -> None:
    names = [one["name"] for one in ask("list_properties")["properties"]]
    assert {"paid", "order_id"} <= set(names)
    of_orders = ask("list_properties", event="order_refunded")["properties"]
    assert {one["name"] for one in of_orders} == {
        "order_id", "platform", "shop", "domain", "refund",
    }  # fmt: skip
    event = ask("list_events")["events"][0]["name"]
    carried = ask("list_properties", event=event)["properties"]
    assert carried
    assert all(0 < one["share_of_events"] <= 1 for one in carried)
    assert "There is no event" in ask("list_properties", event="no_such")


def test_attributes_are_named_as_filters_take_them(ask: Ask) -> None:
    names = {one["name"]: (one["type"], one["zh"]) for one in ask("list_attributes")["attributes"]}
    assert names["customer.stage"] == ("string", "购买阶段")
    params = {**PAID, "group": ["customer.stage"]}
    assert ask("run_model", model="event", params=params)["rows"]


@pytest.mark.parametrize("model", analysis.MODELS, ids=lambda model: model.NAME)
def test_every_model_is_described_with_its_page(ask: Ask, model: analysis.Model) -> None:
    found = ask("describe_model", model=model.NAME)
    assert found["schema"]["properties"]
    assert "## What is normal" in found["document"]
    assert found["page"] == f"http://console/b/main/analyse/{model.NAME}"


def test_a_model_is_asked(ask: Ask) -> None:
    found = ask("run_model", model="event", params={**PAID, "range": "all"})
    assert found["tables"]["total"]["rows"][0]["A"] == 2  # m1 and m2; m3's amount was refused
    assert found["params"] == PAID
    assert found["facts_version"] > 0
    assert found["page"].startswith("http://console/b/main/analyse/event?measures.0.event=order_p")
    assert "cut" not in found


def test_what_is_wrong_is_said_with_its_place(ask: Ask) -> None:
    assert "There is no analysis model" in ask("run_model", model="magic", params={})
    assert "measures" in ask("run_model", model="event", params={})
    assert "There is no range" in ask("run_model", model="event", params={"range": "last_13"})
    assert ask("run_model", model="event") == (
        "The argument params: Field required. The tool's schema says what it takes."
    )
    assert "rows" in ask("run_model", model="event", params=PAID, rows=10**9)
    assert "There is no tool “drop”" in ask("drop")


def test_people_are_counted_and_listed_only_with_the_right(
    office: Office, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = {"model": "event", "params": PAID, "cell": {"measure": "A"}}
    counted = ask("people_of_cell", **cell)
    assert counted["people"] == 2
    assert "persons" not in counted
    listed = ask("people_of_cell", **cell, persons=1)
    assert len(listed["persons"]) == 1
    assert listed["cut"]["shown"] == ["persons: 1 of 2 rows"]
    monkeypatch.setattr(
        "yutang.api.keys.may", lambda role, right: role == "analyst" and right == "analyse"
    )
    assert ask("people_of_cell", **cell)["people"] == 2
    assert "export lists" in ask("people_of_cell", **cell, persons=1)


def test_a_number_is_explained(ask: Ask) -> None:
    metric = ask("explain_number", metric="repurchase_rate")
    assert "365 days" in metric["formula"]
    assert metric["normal"] == "its own trend"
    rate = ask("explain_number", model="retention", column="rate")
    assert "who came back" in rate["meaning"]
    assert "Young cells are open" in rate["traps"]
    assert "no column “magic”" in ask("explain_number", model="retention", column="magic")
    assert "gmv_net" in ask("explain_number", metric="magic")
    assert "give either" in ask("explain_number")


def test_saved_reports_are_listed_and_asked(office: Office, ask: Ask) -> None:
    reports = office.services.brand("main").reports
    question = {"sql": "SELECT count(*) AS n FROM orders"}
    saved = reports.add("Buyers", "event", {**PAID, "range": "all"}, by="ann")
    asked = reports.add("Orders", "sql", question, by="ann")
    assert [one["name"] for one in ask("list_reports")["reports"]] == ["Orders", "Buyers"]
    found = ask("run_report", report="Buyers")
    assert found["tables"]["total"]["rows"][0]["A"] == 2
    assert found["page"] == f"http://console/b/main/analyse/saved/{saved.id}"
    assert ask("run_report", report=asked.id)["rows"] == [[3]]
    assert "list_reports" in ask("run_report", report="nothing")


def test_segments_are_counted_not_named(office: Office, ask: Ask) -> None:
    brand = office.services.brand("main")
    made = brand.segments.create("VIP", BitMap([1, 2]), {"kind": "list"}, by="ann")
    (one,) = ask("list_segments")["segments"]
    assert (one["id"], one["name"], one["people"]) == (made.id, "VIP", 2)
    only = {"property": "customer.segments", "op": "in", "value": [str(made.id)]}
    found = ask("run_model", model="event", params={**PAID, "filter": only})
    assert "rows" in found


def test_the_overview_has_its_formulas(ask: Ask) -> None:
    numbers = {one["id"]: one for one in ask("read_overview", period="all")["numbers"]}
    assert numbers["gmv_paid"]["value"] == 15050
    assert "payment day" in numbers["gmv_paid"]["formula"]


def test_sql_reads_and_is_cut(ask: Ask) -> None:
    found = ask("sql", sql="SELECT range AS n FROM range(50)", rows=10)
    assert len(found["rows"]) == 10
    assert found["cut"]["shown"] == ["rows: the first 10, there are more"]
    assert "only" in ask("sql", sql="DROP VIEW events").lower()
    assert "orders" in ask("sql_tables")["tables"]


def test_personal_values_are_masked(ask: Ask) -> None:
    (row,) = ask("sql", sql="SELECT '13800138000' AS a, 13800138000 AS b, 'x@shop.cn' AS c")["rows"]
    assert row == ["138****8000", "138****8000", "x***@shop.cn"]
    assert masked_rows([[1, "a", 15050]]) == [[1, "a", 15050]]


def test_an_answer_ends_at_its_length() -> None:
    tables = Tables()
    rows = [{"text": "x" * 2_000} for _ in range(900)]
    answer = tables.fit({"rows": tables.add("rows", rows, 900), "more": tables.add("more", [1], 9)})
    assert len(json.dumps(answer)) < CHARACTERS + 1_000
    assert answer["cut"]["shown"] == [f"rows: {len(answer['rows'])} of 900 rows"]
    assert len(answer["rows"][0]["text"]) == 501


def test_every_call_is_in_the_audit_log(office: Office, ask: Ask) -> None:
    ask("sql", sql="SELECT '13800138000'")
    ask("run_model", model="magic", params={})
    refused, asked = office.services.brand("main").audit.page(limit=2)
    assert (asked.login, asked.action, asked.target, asked.ip) == (
        "key:analyst program", "mcp_called", "sql", "10.0.0.1",
    )  # fmt: skip
    assert asked.detail == {"sql": "SELECT '138****8000'"}
    assert (refused.target, refused.detail) == (
        "run_model", {"model": "magic", "refused": "not_found"},
    )  # fmt: skip


def test_a_crash_is_a_sentence_and_an_audit_line(
    office: Office, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("yutang.analysis.run", broken)
    assert "on our side" in ask("run_model", model="event", params=PAID)
    (line,) = office.services.brand("main").audit.page(limit=1)
    assert line.detail == {"model": "event", "refused": "error"}
