"""Stored runs of RFM, as an analyst keeps and compares them."""

from __future__ import annotations

import re

RUNS = "/b/pond/analyse/rfm/runs"


def stored(browser):
    return browser.services.brand("pond").runs.list_()


def test_a_run_is_stored_by_its_own_edges_or_by_those_of_another(acting):
    page = acting.get("/b/pond/analyse/rfm").text
    assert 'data-opens="#store-run"' in page
    asked = {"range": "all", "r.by": "fixed", "r.value": "3", "edges_of": "0"}
    done = acting.post(RUNS, asked)
    assert (done.status_code, done.headers["location"]) == (303, RUNS)
    newest = stored(acting)[0]
    assert newest.edges["recency"] == [3.0]
    assert newest.params["range"] == "all"
    acting.post(RUNS, {**asked, "edges_of": "1"})
    assert stored(acting)[0].edges == stored(acting)[2].edges
    assert "保存了 RFM 结果" in acting.get("/b/pond/settings/audit").text


def test_today_is_stored_with_the_same_yardstick(acting):
    first = stored(acting)[0]
    assert f'name="again" value="{first.id}"' in acting.get(RUNS).text
    acting.post(RUNS, {"again": str(first.id)})
    second = stored(acting)[0]
    assert (second.edges_of, second.edges, second.params) == (first.id, first.edges, first.params)


def test_each_move_opens_its_people(browser):
    page = browser.get(f"{RUNS}?edges=own").text
    links = re.findall(r'<a class="cell" href="([^"]+)">([\d,]+)</a>', page)
    assert links
    for link, people in links[:3]:
        assert re.search(rf"(?<!\d){people}(?!\d)", browser.get(link.replace("&amp;", "&")).text)


def test_a_deleted_run_is_brought_back(acting):
    (first,) = stored(acting)
    gone = acting.post(f"{RUNS}/{first.id}/delete")
    page = acting.get(gone.headers["location"]).text
    assert "还没有保存过结果" in page
    assert f"{RUNS}/{first.id}/restore" in page
    acting.post(f"{RUNS}/{first.id}/restore")
    assert stored(acting) == [first]
    assert acting.post(f"{RUNS}/99/delete").status_code == 404


def test_what_makes_no_sense_is_refused_with_a_reason(acting, browser):
    refused = acting.post(RUNS, {"range": "all", "sample": "4"})
    assert refused.status_code == 422
    assert "抽样结果不能保存" in refused.text
    assert acting.post(RUNS, {"r.by": "top", "r.value": "7"}).status_code == 422
    assert len(stored(acting)) == 1
    page = browser.get(f"{RUNS}?edges=mine")
    assert page.status_code == 422
    assert "分界只有" in page.text
    assert browser.get(
        "/b/pond/customers?people=eyJraW5kIjoibW92ZW1lbnQiLCJiZWZvcmUiOiJ4In0"
    ).status_code in (404, 422)
