"""What trackers sent and was set aside: looked at masked, mended, renamed, replayed, dismissed."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.pages import pond
from yutang.kit.clock import now_ms
from yutang.worker import work_on

LIST = "/b/pond/health/quarantine"
PHONE = "13800138000"
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def rows(browser, **which):
    found = browser.services.brand("pond").quarantine.rows(**which, limit=None)
    return [row for row in found if row.tracked]


def row_of(browser, reason: str, column: str):
    return next(row for row in rows(browser, reason=reason, column=column))


def work(browser) -> None:
    work_on(browser.services.brand("pond"))


def events(browser) -> list[dict]:
    lake = browser.services.brand("pond").workspace.lake
    return lake.scan("events", ["event", "time", "source", "p_tail", "p_note"]).to_pylist()


@pytest.fixture
def sent(acting):
    """A value that fits no number, of an event that was taken."""
    brand = acting.services.brand("pond")
    till = brand.sources.get("till")
    from yutang.catalog.records import Request
    from yutang.journal import SegmentWriter

    line = {"event": "content_read", "identities": {"member_no": "M00003"}, "message_id": "q1",
            "properties": {"seconds": "many", "bad\tname": "kept"}}  # fmt: skip
    writer = SegmentWriter(brand.workspace.journal)
    body = json.dumps(line).encode()
    writer.append([Request("POST", "/collect", b"", {}, body, now_ms(), "", till.key)])
    writer.close()
    work(acting)
    return acting


def test_a_record_is_shown_masked_and_comes_back_whole(acting):
    row = row_of(acting, "time_out_of_range", "time")
    page = acting.get(f"{LIST}/repair?id={row.id}")
    assert PHONE not in page.text
    text = html.unescape(re.search(r"<textarea[^>]*>([^<]*)</textarea>", page.text)[1])
    assert json.loads(text)["identities"] == {"phone": "138****8000"}
    time = row.at - 1000
    typed = text.replace('"time": 5', f'"time": {time}')
    form = {"id": row.id, f"act.{row.id}": "edit", f"typed.{row.id}": typed}
    done = acting.post(f"{LIST}/repair", form)
    assert done.status_code == 303
    assert acting.nudged == ["pond"]
    waiting = acting.get(done.headers["location"]).text
    assert "1 行正在处理" in waiting
    poll = re.search(r'hx-get="([^"]+/work\?work=\d+)"', waiting)[1]
    assert "1 行正在处理" in acting.get(poll, headers=PART).text
    work(acting)
    over = acting.get(poll, headers=PART)
    assert over.headers["hx-redirect"] == done.headers["location"]
    assert "1 行已修复" in acting.get(done.headers["location"]).text
    assert ("test", time, "site") in {(e["event"], e["time"], e["source"]) for e in events(acting)}
    assert acting.services.brand("pond").identities.find("phone", PHONE) is not None


def test_the_time_of_receipt_can_be_taken(acting):
    row = row_of(acting, "time_out_of_range", "time")
    acting.post(f"{LIST}/repair", {"id": row.id, f"act.{row.id}": "received"})
    work(acting)
    assert ("test", row.at) in {(e["event"], e["time"]) for e in events(acting)}


def test_an_event_is_renamed(acting):
    row = row_of(acting, "not_in_dictionary", "event")
    page = acting.get(f"{LIST}/repair?id={row.id}").text
    assert f'name="to.{row.id}" value="zzzz"' in page
    form = {"id": row.id, f"act.{row.id}": "rename", f"to.{row.id}": "content_read"}
    assert acting.post(f"{LIST}/repair", form).status_code == 303
    work(acting)
    assert ("content_read", pond.NOW) in {(e["event"], e["time"]) for e in events(acting)}
    empty = {"id": row_of(acting, "time_out_of_range", "time").id}
    refused = acting.post(f"{LIST}/repair", {**empty, f"act.{empty['id']}": "rename"})
    assert refused.status_code == 422
    assert "请填写事件名" in refused.text


def test_bad_json_is_told_with_its_place_and_kept(acting):
    row = row_of(acting, "time_out_of_range", "time")
    typed = '{"event": "x",\n "time": }'
    form = {"id": row.id, f"act.{row.id}": "edit", f"typed.{row.id}": typed}
    page = acting.post(f"{LIST}/repair", form)
    assert page.status_code == 422
    assert "第 2 行第 10 列" in page.text
    assert html.escape(typed).replace("&quot;", "&#34;") in page.text


def test_what_still_does_not_fit_comes_back_and_says_so(acting):
    row = row_of(acting, "time_out_of_range", "time")
    form = {"id": row.id, f"act.{row.id}": "edit", f"typed.{row.id}": row.record}
    there = acting.post(f"{LIST}/repair", form).headers["location"]
    work(acting)
    page = acting.get(there).text
    assert "0 行已修复，1 行退回" in page
    assert "上次修复没有成功：时间太早或在未来" in page


def test_a_value_is_stored_under_another_name_or_dismissed(sent):
    value = row_of(sent, "value_misfit", "seconds")
    assert value.filename == "till"
    page = sent.get(f"{LIST}/repair?id={value.id}").text
    assert "该属性存数字" in page
    form = {"id": value.id, f"act.{value.id}": "rename", f"to.{value.id}": ""}
    assert sent.post(f"{LIST}/repair", form).status_code == 422
    form[f"to.{value.id}"] = "note"
    assert sent.post(f"{LIST}/repair", form).status_code == 303
    other = row_of(sent, "not_in_dictionary", "tail")
    sent.post(f"{LIST}/repair", {"id": other.id, f"act.{other.id}": "drop"})
    work(sent)
    assert "many" in {event["p_note"] for event in events(sent)}
    assert other.id in {row.id for row in rows(sent, status="dismissed")}


def test_a_value_that_was_not_kept_can_only_be_dismissed(acting):
    row = row_of(acting, "personal_value", "phone")
    page = acting.get(f"{LIST}/repair?id={row.id}").text
    assert "原值没有保留" in page
    acting.post(f"{LIST}/repair", {"id": row.id, f"act.{row.id}": "drop"})
    assert row.id in {one.id for one in rows(acting, status="dismissed")}


def test_one_decision_settles_what_ails_alike(sent):
    group = {"reason": "value_misfit", "column": "seconds", "what": "value"}
    assert sent.post(f"{LIST}/group", {**group, "act": "rename", "to": ""}).status_code == 422
    renamed = sent.post(f"{LIST}/group", {**group, "act": "rename", "to": "note"})
    assert renamed.status_code == 303
    work(sent)
    found = {event["p_note"] for event in events(sent)}
    assert {"many", "ten"} <= found  # of the tracker, and of the event file
    late = {"reason": "time_out_of_range", "column": "time", "what": "record"}
    assert sent.post(f"{LIST}/group", {**late, "act": "replay"}).status_code == 303
    work(sent)
    assert row_of(sent, "time_out_of_range", "time").error
    dismissed = sent.post(f"{LIST}/group", {**late, "act": "dismiss"})
    assert dismissed.status_code == 303
    assert not rows(sent, reason="time_out_of_range")
    assert sent.post(f"{LIST}/group", {**late, "act": "replay"}).status_code == 422
    assert sent.post(f"{LIST}/group", {**late, "act": "burn"}).status_code == 422
    log = sent.get("/b/pond/settings/audit").text
    assert "时间太早或在未来" in log


def test_values_of_files_and_trackers_are_one_group(browser, browser_of):
    groups = groups_of(browser)
    assert groups.count('name="column" value="seconds"') == 2  # one group: its two forms
    assert "放行…" in groups
    assert "放行…" not in groups_of(browser_of("operator"))


def groups_of(browser) -> str:
    section = r'<section class="c flat groups".*?</section>'
    return re.search(section, browser.get(LIST).text, re.DOTALL)[0]


def test_the_list_is_searched_by_source_and_text(browser):
    assert "events.ndjson" not in browser.get(f"{LIST}?source=site").text
    page = browser.get(f"{LIST}?q=zzzz").text
    assert page.count('name="id" value=') == 1
    body = browser.get(f"{LIST}?as=csv&source=site").content.decode("utf-8-sig")
    assert "138****8000" in body
    assert PHONE not in body


def test_analysts_do_not_see_what_was_set_aside(browser_of):
    analyst = browser_of("analyst")
    assert analyst.get(f"{LIST}/work?work=1").status_code == 403
    assert analyst.post(f"{LIST}/group", {"act": "dismiss"}).status_code == 403
    assert browser_of("operator").client.post(f"{LIST}/group").status_code == 403  # no form value
