"""Segments as their users meet them: made, combined, asked about, compared, taken away."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from tests.pages.conftest import Browser
from yutang import analysis
from yutang.analysis import MODELS
from yutang.app import Services
from yutang.brand import Brand
from yutang.console.analyse.defaults import usual
from yutang.console.analyse.words import vocabulary
from yutang.console.people import origin_of, reference
from yutang.errors import BadInput, Conflict, NotFound

ONE, OTHER = "1", "3"
# The small pond has no pages and no forms: something else stands for them.
HERE: dict[str, dict[str, Any]] = {
    "page": {"page": "touchpoint", "view": {"event": "content_read"}},
    "form": {"form": "touchpoint", "name": "guide"},
}


@pytest.fixture
def brand(shared: Services) -> Brand:
    return shared.brand("pond")


def only(segment: str, op: str = "in") -> dict[str, Any]:
    return {"property": "customer.segments", "op": op, "value": [segment]}


def example(brand: Brand, model: Any) -> dict[str, Any]:
    """What the page of a model asks at first."""
    session: Any = SimpleNamespace(
        brand=brand, text=lambda message, **_: message, pick=lambda pair: str(pair)
    )
    found = usual(model, vocabulary(session, brand.shards())) or {}
    assert found or model.NAME in HERE
    kept = {key: value for key, value in found.items() if key not in ("range", "compare")}
    return {**kept, **HERE.get(model.NAME, {})}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.NAME)
def test_every_model_takes_a_segment_and_puts_two_beside_each_other(
    brand: Brand, model: Any
) -> None:
    shards, params = brand.shards(), example(brand, model)
    beside = {**params, "compare": {"segment": ONE, "against": OTHER}}
    found = analysis.run(model.NAME, shards, beside)
    first = analysis.run(model.NAME, shards, {**params, "filter": only(ONE)})
    names = [column.name for column in first.columns]
    assert [[row[name] for name in names] for row in found.rows] == [
        [row[name] for name in names] for row in first.rows
    ]
    second = analysis.run(model.NAME, shards, {**params, "filter": only(OTHER)})
    assert found.chart["beside"] == second.chart


def test_the_people_of_both_sides_can_be_opened(brand: Brand) -> None:
    params = {
        "measures": [{"event": "order_paid", "measure": "people"}],
        "compare": {"segment": ONE},
    }
    shards, segments = brand.shards(), brand.segments
    params["unit"] = "total"
    (row,) = analysis.run("event", shards, params).rows
    mine = analysis.people("event", shards, params, {"measure": "A"})
    theirs = analysis.people("event", shards, params, {"measure": "A", "compared": True})
    assert (len(mine), len(theirs)) == (row["A"], row["A_compared"])
    assert mine <= segments.people(1)
    assert theirs.isdisjoint(segments.people(1))
    everybody = analysis.people("event", shards, {**params, "compare": None}, {"measure": "A"})
    assert mine | theirs == everybody
    with pytest.raises(BadInput, match="Nothing is compared"):
        analysis.people("event", shards, {**params, "compare": None}, {"compared": True})


def test_an_archived_segment_is_no_value_any_more(brand: Brand) -> None:
    params = {"measures": [{"event": "order_paid"}], "filter": only("5")}
    with pytest.raises(BadInput) as caught:
        analysis.run("event", brand.shards(), params)
    assert "archived" in str(caught.value)


def test_groups_by_segment_show_names(browser: Browser) -> None:
    page = browser.get("/b/pond/analyse/property?group.0.property=customer.segments")
    assert page.status_code == 200
    assert re.search(r"<td[^>]*>\s*S3\s*</td>", page.text)


def test_a_cell_becomes_a_segment(acting: Browser) -> None:
    page = acting.get("/b/pond/analyse/event?measures.0.event=order_paid&unit=total&range=all")
    link = re.search(r'class="cell" href="([^"]+people=([^"&]+))"', page.text)
    assert link is not None
    listed = acting.get(link[1])
    assert "/b/pond/segments/save" in listed.text
    made = acting.post("/b/pond/segments/save", {"people": link[2], "name": "Buyers"})
    assert made.status_code == 303
    brand = acting.services.brand("pond")
    found = brand.segments.find("Buyers")
    assert found.origin == origin_of(link[2])
    assert brand.segments.refresh(found.id, by="boss").people == found.people
    assert brand.audit.page(search="segment_made", limit=1)[0].target == "Buyers"


def test_a_filtered_list_becomes_a_segment_and_its_link_leads_back(acting: Browser) -> None:
    form = {"name": "Loyal", "orders": "3", "last_to": "2026-10-31"}
    assert acting.post("/b/pond/segments/save", form).status_code == 303
    found = acting.services.brand("pond").segments.find("Loyal")
    page = acting.get(f"/b/pond/segments/{found.id}")
    link = re.search(r'href="(/b/pond/customers\?orders=[^"]+)"', page.text)
    assert link is not None
    listed = acting.get(link[1].replace("&amp;", "&"))
    assert f"<b>{found.people}</b>" in listed.text
    searched = acting.post("/b/pond/segments/save", {"name": "One", "q": "M00001"})
    assert searched.status_code == 303
    assert acting.services.brand("pond").segments.find("One").origin == {"kind": "list"}


def test_a_list_is_taken_and_its_unknown_lines_are_told(acting: Browser) -> None:
    form = {"name": "Listed", "list": "M00001\nM99999\n138 0000 0003", "kind": ""}
    made = acting.post("/b/pond/segments/new", form)
    assert made.status_code == 303
    page = acting.get(made.headers["location"])
    found = acting.services.brand("pond").segments.find("Listed")
    assert found.people == 2
    assert "138 0000 0003" not in str(found.origin)
    assert found.origin is not None
    assert found.origin["unknown_lines"] == [2]
    assert "M99999" not in page.text
    refused = acting.post("/b/pond/segments/new", {"name": "L2", "list": "nobody\n<b>x</b>"})
    assert refused.status_code == 422
    assert "&lt;b&gt;x" in refused.text  # what was typed is still there
    upload = {"file": ("a.csv", "会员号\nM00002\n".encode("gb18030"))}
    assert acting.post("/b/pond/segments/new", {"name": "L3"}, files=upload).status_code == 303


def test_acts_on_a_segment(acting: Browser) -> None:
    segments = acting.services.brand("pond").segments
    combined = {"name": "Both", "how": "union", "a": "1", "b": "3"}
    assert acting.post("/b/pond/segments/combine", combined).status_code == 303
    both = segments.find("Both")
    assert segments.people(both.id) == segments.people(1) | segments.people(3)
    again = acting.post("/b/pond/segments/combine", combined)
    assert again.status_code == 422
    path = f"/b/pond/segments/{both.id}"
    assert acting.post(path, {"act": "rename", "name": "Two"}).status_code == 303
    assert acting.post(path, {"act": "rename", "name": "s1"}).status_code == 422
    assert acting.post(path, {"act": "explode"}).status_code == 422
    assert acting.post(path, {"act": "refresh"}).status_code == 303
    first, second = reversed(segments.versions(both.id))
    assert acting.post(path, {"act": "back", "version": str(first.id)}).status_code == 303
    assert acting.post(path, {"act": "back", "version": "999"}).status_code == 404
    assert acting.post(path, {"act": "archive"}).status_code == 303
    with pytest.raises(NotFound):
        segments.find("Two")
    segments.combine("Two", "minus", 3, 1, by="boss")
    with pytest.raises(Conflict):
        segments.restore(both.id)
    assert acting.post(path, {"act": "restore"}).status_code == 422
    assert acting.post("/b/pond/segments/1", {"act": "refresh"}).status_code == 422
    assert second.size == both.people


def test_a_segment_is_exported_with_the_right_to_and_a_line_in_the_log(acting: Browser) -> None:
    answer = acting.get("/b/pond/segments/1?as=csv")
    assert answer.status_code == 200
    lines = answer.text.strip().splitlines()
    brand = acting.services.brand("pond")
    assert len(lines) == 1 + len(brand.segments.people(1))
    assert brand.audit.page(search="segment_exported", limit=1)[0].target == "S1"


def test_who_may_not_analyse_sees_no_segments(browser_of) -> None:
    guide = browser_of("guide")
    assert guide.get("/b/pond/segments").status_code == 403
    assert guide.post("/b/pond/segments/new", {"name": "x", "list": "M1"}).status_code == 403
    assert "/b/pond/segments" not in guide.get("/b/pond/customers").text


def test_a_segments_people_keep_their_reference(brand: Brand, browser: Browser) -> None:
    ref = reference("segment", segment=3)
    page = browser.get(f"/b/pond/customers?people={ref}")
    assert f"<b>{len(brand.segments.people(3))}</b>" in page.text
    nonsense = reference("segment", segment="x")
    assert browser.get(f"/b/pond/customers?people={nonsense}").status_code == 422
