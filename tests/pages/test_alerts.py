"""Alerts, schedules, notices and webhooks as somebody clicks through them."""

from __future__ import annotations

import json
import re

BASE = "/b/pond"
WATCH = json.dumps({"table": "", "cell": {}, "column": "A"}, sort_keys=True)
TYPED = {"report": "1", "watch": WATCH, "kind": "threshold", "side": "above", "high": "3",
         "name": "W2", "way": "both"}  # fmt: skip


def test_an_alert_is_made_changed_quieted_deleted_and_brought_back(acting) -> None:
    made = acting.post(f"{BASE}/alerts", TYPED)
    page = made.headers["location"]
    assert acting.nudged == ["pond"]
    assert "W2" in acting.get(page).text
    for act in ({"act": "pause"}, {"act": "resume"}, {"act": "snooze", "days": "7"}):
        assert acting.post(page, act).status_code == 303
    assert acting.post(page, {"act": "snooze", "days": "5000"}).status_code == 422
    assert acting.post(page, {"act": "explode"}).status_code == 422
    changed = acting.post(f"{page}/edit", {**TYPED, "high": "1,000", "name": "W3"})
    assert changed.status_code == 303
    number = int(page.rpartition("/")[2])
    assert acting.services.brand("pond").alerts.get(number).rule.high == 1000
    gone = acting.post(page, {"act": "delete"}).headers["location"]
    assert acting.get(page).status_code == 404
    assert "restore" in acting.get(gone).text
    acting.post(page, {"act": "restore"})
    assert acting.get(page).status_code == 200
    actions = [one.action for one in acting.services.brand("pond").audit.page(limit=6)]
    assert actions[:2] == ["alert_restored", "alert_deleted"]


def test_what_was_typed_stays_when_it_is_refused(acting) -> None:
    answer = acting.post(f"{BASE}/alerts", {**TYPED, "high": "many"})
    assert answer.status_code == 422
    assert 'value="many"' in answer.text
    for wrong in ({"watch": "{"}, {"watch": "[]"}, {"name": ""}, {"name": "x" * 200}):
        assert acting.post(f"{BASE}/alerts", {**TYPED, **wrong}).status_code == 422
    assert acting.post(f"{BASE}/alerts", {**TYPED, "report": "x"}).status_code == 422


def test_a_preview_comes_while_one_types(browser) -> None:
    headers = {"hx-request": "true", "hx-request-type": "partial"}
    part = browser.get(f"{BASE}/alerts/new", params=TYPED, headers=headers)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "application/json" in part.text


def test_a_schedule_is_made_run_and_its_file_read(acting) -> None:
    typed = {"report": "1", "name": "F2", "every": "month", "day": "31", "at": "07:30"}
    page = acting.post(f"{BASE}/alerts/schedules", typed).headers["location"]
    assert acting.post(page, {"act": "run"}).status_code == 303
    link = re.search(rf'href="({page}/files/\d+)"', acting.get(page).text)[1]
    answer = acting.get(link)
    assert answer.content[:2] == b"PK"
    assert "attachment" in answer.headers["content-disposition"]
    wrong = acting.post(f"{BASE}/alerts/schedules", {**typed, "at": "25:00"})
    assert wrong.status_code == 422
    assert acting.get(f"{page}/files/999").status_code == 404


def test_the_bell_counts_and_notices_are_read(acting) -> None:
    dot = re.compile(r'class="dot">(\d+)<')
    before = int(dot.search(acting.get(f"{BASE}/notices/bell").text)[1])
    one = re.search(r'name="id" value="(\d+)"', acting.get(f"{BASE}/notices").text)[1]
    led = acting.post(f"{BASE}/notices/read", {"id": one})
    assert led.headers["location"].startswith(f"{BASE}/alerts")
    after = dot.search(acting.get(f"{BASE}/notices/bell").text)
    assert int(after[1] if after else 0) == before - 1
    acting.post(f"{BASE}/notices/read")
    assert not dot.search(acting.get(f"{BASE}/notices/bell").text)
    assert acting.post(f"{BASE}/notices/read", {"id": "9999"}).status_code == 404


def test_a_webhooks_secret_is_shown_once(acting) -> None:
    url = "https://hooks.invalid/x?key=very-secret-key"
    page = f"{BASE}/settings/webhooks"
    made = acting.post(page, {"name": "H2", "kind": "json", "url": url})
    secret = re.search(r'id="secret">([^<]+)<', made.text)[1]
    for text in (acting.get(page).text, acting.get(f"{BASE}/settings/audit").text):
        assert secret not in text
        assert "very-secret" not in text
    assert acting.post(page, {"name": "H2", "kind": "json", "url": url}).status_code == 409
    assert acting.post(page, {"name": "H3", "kind": "json", "url": "x"}).status_code == 422


def test_who_may_not_analyse_watches_nothing(browser_of) -> None:
    guide = browser_of("guide")
    for path in ("alerts", "alerts/1", "alerts/schedules", "alerts/schedules/1/files/1"):
        assert guide.get(f"{BASE}/{path}").status_code == 403
    assert guide.get(f"{BASE}/notices").status_code == 200
    assert browser_of("analyst").get(f"{BASE}/settings/webhooks").status_code == 403
    refused = browser_of("analyst").client.post(f"{BASE}/alerts/1", data={"act": "pause"})
    assert refused.status_code == 403  # without the CSRF value
