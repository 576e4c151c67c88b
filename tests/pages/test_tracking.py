"""Sources, their self-test, the live view and the alarm, through the pages."""

from __future__ import annotations

import html
import re
from types import SimpleNamespace

import pytest

from tests.pages import pond
from yutang.collect import Health
from yutang.collect.group import Trouble
from yutang.ingest.live import Answer
from yutang.journal import SegmentWriter

LIST = "/b/pond/settings/sources"
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def _audit(acting) -> list[str]:
    return [row.action for row in acting.services.brand("pond").audit.page(limit=5)]


def _place(page: str) -> str:
    return re.search(r'id="r-([^"]+)"', page)[1]


# --- live ---
def test_the_live_view_shows_the_newest_records_masked(browser):
    page = browser.get("/b/pond/live").text
    assert page.count('<details class="rec"') == 12
    assert "138****8000" in page
    assert "13800138000" not in page
    times = re.findall(r'<time class="mono">([\d:]+)</time>', page)
    assert times == sorted(times, reverse=True)
    found = browser.get("/b/pond/live?q=seconds=3").text
    assert found.count('<details class="rec"') == 1
    assert browser.get("/b/pond/live?problems=1").text.count('<details class="rec"') == 3


def test_one_record_is_shown_parsed_and_raw(browser):
    place = _place(browser.get("/b/pond/live?q=event=content_read").text)
    part = browser.get(f"/b/pond/live/{place}", headers=PART).text
    whole = browser.get(f"/b/pond/live/{place}").text
    assert "<html" not in part
    assert "<html" in whole
    for page in (part, whole):
        assert "js 1.27.11" in page
        assert "&#34;distinct_id&#34;" in page
        assert "13800138000" not in page
    gone = browser.get("/b/pond/live/x_1_0", headers=PART)
    assert gone.status_code == 200
    assert "不再保留" in gone.text


def test_a_look_at_what_is_new_says_nothing_where_nothing_is(browser, shared):
    state = shared.brand("pond").live.state()
    assert browser.get(f"/b/pond/live?poll=1&seen={state}", headers=PART).status_code == 204
    fresh = browser.get("/b/pond/live?poll=1&seen=old", headers=PART).text
    assert 'hx-swap-oob="true"' in fresh
    assert "<form" not in fresh
    assert fresh.count('<details class="rec"') == 12


def test_guides_see_neither_live_nor_sources(browser_of):
    guide, analyst = browser_of("guide"), browser_of("analyst")
    for path in ("/b/pond/live", LIST, f"{LIST}/1"):
        assert guide.get(path).status_code == 403
        assert analyst.get(path).status_code == 200
    assert '<form method="post" action="/b/pond/settings/sources"' not in analyst.get(LIST).text
    assert 'value="rotate"' not in analyst.get(f"{LIST}/1").text
    assert '/test"' not in analyst.get(f"{LIST}/1").text
    assert '/test"' in browser_of("operator").get(f"{LIST}/1").text


# --- sources ---
def test_a_source_is_made_and_its_lines_hold_address_and_key(acting):
    done = acting.post(LIST, {"name": "小程序", "kind": "sensors"})
    assert done.status_code == 303
    page = html.unescape(acting.get(done.headers["location"]).text)
    made = acting.services.brand("pond").sources.get("小程序")
    url = f"http://127.0.0.1:8787/sa?project=%E5%B0%8F%E7%A8%8B%E5%BA%8F&token={made.key}"
    assert page.count(url) >= 6
    assert "__" not in "".join(re.findall(r"<pre.*?</pre>", page, re.DOTALL))
    assert _audit(acting)[0] == "source_added"
    again = acting.post(LIST, {"name": "小程序", "kind": "json"})
    assert again.status_code == 422
    assert 'value="小程序"' in again.text
    assert re.search(r'value="json" checked', again.text)


def test_acts_on_a_source_are_done_noted_and_logged(acting):
    sources = acting.services.brand("pond").sources
    first = sources.get("site").key
    acts = [
        ({"act": "rotate", "days": "7"}, "source_rotated"),
        ({"act": "revoke", "key": first}, "source_key_revoked"),
        ({"act": "off"}, "source_off"),
        ({"act": "on"}, "source_on"),
        ({"act": "rename", "name": "shop"}, "source_renamed"),
    ]
    for form, action in acts:
        done = acting.post(f"{LIST}/1", form)
        assert done.status_code == 303, action
        assert _audit(acting)[0] == action
    one = sources.get("shop")
    assert one.status == "on"
    assert one.key != first
    assert next(key for key in one.keys if key.key == first).ends_at is not None
    assert acting.get("/b/pond/settings/audit").status_code == 200
    for form in ({"act": "rename", "name": "till"}, {"act": "rotate", "days": "4"}, {"act": "x"}):
        assert acting.post(f"{LIST}/1", form).status_code == 422
    assert acting.post(f"{LIST}/99", {"act": "off"}).status_code == 404


def test_changes_need_the_form_value_and_the_right(acting, own):
    from tests.pages.conftest import Browser

    assert acting.client.post(f"{LIST}/1", data={"act": "off"}).status_code == 403
    analyst = Browser(own, "analyst")
    assert analyst.post(LIST, {"name": "x", "kind": "json"}).status_code == 403
    assert analyst.post(f"{LIST}/1", {"act": "off"}).status_code == 403
    assert analyst.post(f"{LIST}/1/test").status_code == 403


# --- self-test ---
@pytest.fixture
def tested(acting):
    """An installation whose self-tests send into the journal, or say what a test tells them."""
    brand = acting.services.brand("pond")
    writer = SegmentWriter(brand.workspace.journal, now=lambda: pond.NOW)

    def send(request):
        if tested.answer.is_success and tested.arrives:
            request.write_key = brand.sources.get("till").key
            request.received_at = pond.NOW
            writer.append([request])
        return tested.answer

    tested = SimpleNamespace(answer=Answer(200), arrives=True, send=send)
    brand.self_test._send = send
    return tested


def test_a_self_test_is_followed_on_the_sources_page(acting, tested):
    done = acting.post(f"{LIST}/2/test")
    assert done.status_code == 303
    page = acting.get(done.headers["location"]).text
    assert re.findall(r'<li class="(\w*)"><span class="mark">', page) == ["ok", "ok", "ok", "wait"]
    assert 'hx-trigger="every 1s"' in page
    assert _audit(acting)[0] == "source_tested"
    part = acting.get(done.headers["location"], headers=PART).text
    assert "<html" not in part
    assert "trail" in part


@pytest.mark.parametrize(
    ("answer", "arrives", "says"),
    [
        (Answer(0, "Connection refused"), False, "YUTANG_PUBLIC_URL"),
        (Answer(301, ""), False, "跳转"),
        (Answer(401, "no key"), False, "请求头"),
        (Answer(403, "This write key has ended"), False, "5 秒内生效"),
        (Answer(404, ""), False, "转发"),
        (Answer(503, ""), False, "磁盘"),
        (Answer(418, "teapot"), False, "teapot"),
        (Answer(200), False, "另一套安装"),
    ],
)
def test_a_self_test_that_fails_says_where_and_what_to_do(
    acting, tested, monkeypatch, answer, arrives, says
):
    monkeypatch.setattr("yutang.ingest.live.self_test.WAIT_SECONDS", 0.0)
    tested.answer, tested.arrives = answer, arrives
    page = acting.post(f"{LIST}/2/test")
    assert page.status_code == 422
    assert 'class="bad"' in page.text
    assert says in page.text


def test_a_source_without_a_valid_key_cannot_be_tested(acting, tested):
    sources = acting.services.brand("pond").sources
    sources.revoke("till", sources.get("till").key)
    page = acting.post(f"{LIST}/2/test")
    assert page.status_code == 422
    assert "换发新密钥" in page.text


# --- the alarm ---
def _collecting(**how):
    base = {
        "failing": {}, "keys_failing": "", "free_bytes": 10 << 30, "queued_bytes": 0,
        "queue_limit": 1,
    }  # fmt: skip
    return SimpleNamespace(health=lambda: Health(**{**base, **how}))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, ""),
        ({"failing": {"pond": Trouble(pond.NOW, "No space left on device")}}, "事件无法写入"),
        ({"failing": {"dry": Trouble(pond.NOW, "No space left on device")}}, ""),
        ({"keys_failing": "OperationalError"}, "写入密钥无法读取"),
        ({"free_bytes": 100 << 20}, "只剩 0.1 GB"),
    ],
)
def test_every_page_shouts_when_receivers_cannot_write(acting, how, says):
    acting.services.collecting = _collecting(**how)
    for path in ("/b/pond/overview", "/b/pond/customers", "/b/pond/settings/me"):
        page = acting.get(path).text
        assert ("msg bad alarm" in page) is bool(says)
        assert says in page


def test_a_server_without_receivers_says_nothing(browser):
    assert "alarm" not in browser.get("/b/pond/overview").text


def test_data_health_counts_by_source_and_day(browser):
    page = browser.get("/b/pond/health?source=site").text
    day = re.search(r'id="days".*?<tbody><tr>(.*?)</tr>', page, re.DOTALL)[1]
    assert [int(n) for n in re.findall(r">(\d+)<", day)] == [120, 0, 2, 0, 0, 3, 0]
    assert "等待" in page
