"""Dashboards in the console: made, changed, pinned to, taken away; notes on days."""

from __future__ import annotations

import io
import re

import pytest
import python_calamine

QUESTION = {"measures.0.event": "order_paid", "unit": "day", "range": "last_90"}


def test_the_ready_ones_are_made_with_one_click(acting):
    before = len(acting.services.brand("pond").dashboards.list_())
    made = acting.post("/b/pond/dashboards/ready", {"key": "all"})
    assert (made.status_code, made.headers["location"]) == (303, "/b/pond/dashboards")
    boards = acting.services.brand("pond").dashboards.list_()
    assert len(boards) == before + 4
    for board in boards:
        for card in board.cards:
            page = acting.get(f"/b/pond/dashboards/{board.id}/cards/{card.id}")
            assert page.status_code == 200
            if board.ready:
                assert 'class="msg warn"' not in page.text, (board.ready, card.title)
    left_out = [c.note for b in boards if b.ready == "shop" for c in b.cards if c.note]
    assert "小程序访问：还没有" in left_out[0]
    again = acting.post("/b/pond/dashboards/ready", {"key": "all"})
    assert again.status_code == 404
    assert acting.post("/b/dry/dashboards/ready", {"key": "shop"}).status_code == 422


def test_a_dashboard_is_edited_and_a_card_put_back(acting):
    boards = acting.services.brand("pond").dashboards
    made = acting.post("/b/pond/dashboards", {"name": "Wall"})
    url = made.headers["location"].removesuffix("?edit=1")
    number = int(url.rsplit("/", 1)[1])
    acting.post(f"{url}/cards", {"report": "1", "show": "number", "width": "3"})
    acting.post(f"{url}/cards", {"note": "<script>x</script>", "title": "T"})
    first, second = boards.get(number).cards
    assert (first.show, first.width, second.width) == ("number", 3, 6)
    acting.post(f"{url}/order", {"card": str(first.id), "by": "1"})
    assert [one.id for one in boards.get(number).cards] == [second.id, first.id]
    acting.post(f"{url}/order", {"id": [str(first.id), str(second.id)]})
    assert [one.id for one in boards.get(number).cards] == [first.id, second.id]
    acting.post(f"{url}/cards/{second.id}/change", {"width": "12"})
    card = boards.get(number).cards[1]
    assert (card.width, card.note, card.title) == (12, "<script>x</script>", "T")
    page = acting.get(f"{url}?edit=1").text
    assert "<script>x</script>" not in page
    acting.post(f"{url}/cards/{first.id}/remove")
    assert f"/cards/{first.id}/restore" in acting.get(f"{url}?edit=1").text
    acting.post(f"{url}/cards/{first.id}/restore")
    assert [one.id for one in boards.get(number).cards] == [first.id, second.id]
    copy = acting.post(f"{url}/copy")
    assert (
        boards.get(int(re.search(r"/(\d+)\?", copy.headers["location"])[1])).name == "Wall（副本）"
    )
    acting.post(f"{url}/delete")
    assert acting.get(url).status_code == 404
    actions = [row.action for row in acting.services.brand("pond").audit.page()]
    assert {"dashboard_added", "dashboard_changed", "dashboard_deleted"} <= set(actions)


def test_wrong_cards_are_refused(acting):
    for form in (
        {"report": "999"},
        {"report": "x"},
        {"note": " "},
        {"note": "x", "width": "40"},
        {"note": "x" * 4_001},
        {"report": "1", "show": "cake"},
    ):
        assert acting.post("/b/pond/dashboards/2/cards", form).status_code in (404, 422), form
    assert acting.client.post("/b/pond/dashboards/2/delete").status_code == 403
    assert acting.services.brand("pond").dashboards.get(2).cards == ()


def test_days_and_filter_stand_over_every_card(acting):
    url = "/b/pond/dashboards/1/cards/2"
    own = acting.get(f"{url}?range=custom&from=2026-11-02&to=2026-11-08").text
    assert "2026-11-02 → 2026-11-08" in own
    filtered = {"filtered": "1", "range": "last_90", "where.0.property": "platform",
                "where.0.op": "=", "where.0.value": "tmall"}  # fmt: skip
    whole = acting.get(url, params={"range": "last_90"}).text
    part = acting.get(url, params=filtered).text
    numbers = [re.search(r'"values":\[([^\]]+)\]', text)[1] for text in (whole, part)]
    assert numbers[0] != numbers[1]
    kept = acting.post("/b/pond/dashboards/1/scope", filtered)
    assert kept.status_code == 303
    board = acting.services.brand("pond").dashboards.get(1)
    assert board.settings["filter"] == {"property": "platform", "op": "=", "value": "tmall"}
    assert re.search(r'"values":\[([^\]]+)\]', acting.get(url).text)[1] == numbers[1]
    sql = acting.get("/b/pond/dashboards/1/cards/5").text
    assert "SQL 报表的时间写在语句里" in sql


def test_the_file_has_a_sheet_for_each_card(acting):
    answer = acting.get("/b/pond/dashboards/1?range=last_7&as=xlsx")
    assert answer.status_code == 200
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["1", "1 (2)", "1 (3)", "1 (4)", "1 (5)"]
    assert len(book.get_sheet_by_name("1").to_python()) == 8
    assert "zzzz" in str(book.get_sheet_by_name("1 (4)").to_python())
    assert acting.get("/b/pond/dashboards/2?as=xlsx").status_code == 422


def test_a_question_is_pinned_and_saved_first_where_it_is_not(acting):
    brand = acting.services.brand("pond")
    before = len(brand.reports.list_())
    pinned = acting.post("/b/pond/analyse/event/pin", {**QUESTION, "called": "P", "dashboard": "2"})
    assert pinned.headers["location"] == "/b/pond/dashboards/2"
    (card,) = brand.dashboards.get(2).cards
    report = brand.reports.get(card.report_id)
    assert (report.name, len(brand.reports.list_())) == ("P", before + 1)
    same = {**QUESTION, "called": "P", "report": str(report.id), "new": "N", "show": "number"}
    acting.post("/b/pond/analyse/event/pin", same)
    assert len(brand.reports.list_()) == before + 1
    new = next(one for one in brand.dashboards.list_() if one.name == "N")
    assert (new.cards[0].report_id, new.cards[0].show) == (report.id, "number")
    other = {**same, "unit": "week", "called": "Q"}
    acting.post("/b/pond/analyse/event/pin", other)
    assert brand.reports.list_()[0].name == "Q"
    refused = acting.post("/b/pond/analyse/event/pin", {**QUESTION, "called": "P"})
    assert refused.status_code == 422


def test_a_report_is_saved_over_and_says_where_it_stands(acting):
    brand = acting.services.brand("pond")
    report = brand.reports.list_()[-1]
    over = {**QUESTION, "unit": "week", "called": "New name", "over": str(report.id)}
    acting.post("/b/pond/analyse/event/save", over)
    changed = brand.reports.get(report.id)
    assert (changed.name, changed.params["unit"]) == ("New name", "week")
    assert changed.changed_at is not None
    assert "在看板“7”上" in acting.get("/b/pond/analyse").text
    acting.post(f"/b/pond/analyse/saved/{report.id}/delete")
    assert report.id not in [card.report_id for card in brand.dashboards.get(1).cards]


def test_a_day_is_annotated_where_one_stands(acting):
    here = "http://testserver/b/pond/analyse/event?unit=day"
    form = {"first": "2026-11-01", "kind": "incident", "text": "<i>down</i>"}
    noted = acting.post("/b/pond/dashboards/days", form, headers={"referer": here})
    assert noted.headers["location"] == "/b/pond/analyse/event?unit=day"
    away = acting.post(
        "/b/pond/dashboards/days", form, headers={"referer": "http://elsewhere.test/b/other"}
    )
    assert away.headers["location"] == "/b/pond/dashboards/days"
    page = acting.get("/b/pond/analyse/event", params=QUESTION).text
    assert "<i>down" not in page
    assert '"kind":"incident"' in page
    week = acting.get("/b/pond/analyse/event", params={**QUESTION, "unit": "month"}).text
    assert '"kind":"incident"' in week
    assert '"kind":"sale"' not in week
    assert '"kind":"sale"' in page
    note = acting.services.brand("pond").day_notes.list_()[0]
    acting.post(f"/b/pond/dashboards/days/{note.id}/change", {**form, "text": "up"})
    acting.post(f"/b/pond/dashboards/days/{note.id}/delete")
    wrong = acting.post("/b/pond/dashboards/days", {**form, "first": "tomorrow"})
    assert wrong.status_code == 422


@pytest.mark.parametrize("path", ["dashboards", "dashboards/1", "dashboards/days"])
def test_who_may_not_analyse_sees_no_dashboard(browser_of, path):
    assert browser_of("guide").get(f"/b/pond/{path}").status_code == 403
