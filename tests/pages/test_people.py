"""Pages about people: merge, split, undo, reviews, a person's file, erasure, retention."""

from __future__ import annotations

import json
import re

import pytest

from tests.pages import pond
from tests.pages.conftest import Browser
from tests.pages.test_acts import PARTIAL, said
from yutang.errors import YutangError
from yutang.worker import work_on

ONE, OTHER = "/b/pond/customers/3", "/b/pond/customers/5"


def work(browser: Browser) -> None:
    work_on(browser.services.brand("pond"))


def members(browser: Browser, customer: int) -> set[str]:
    why = browser.services.brand("pond").customers.get(customer).why
    return {one.shown for one in why.identities}


def people(browser: Browser) -> int:
    page = browser.get("/b/pond/customers").text
    return int(re.search(r"<b>([\d,]+)</b> 位客户", page)[1])


def settled(browser: Browser, answer) -> str:
    """What the browser reads when the worker is done: it goes on, and a note says what happened."""
    assert answer.status_code == 303, said(answer)
    there = answer.headers["location"]
    waiting = browser.get(there)
    assert 'hx-trigger="every 600ms"' in waiting.text
    work(browser)
    part = browser.get(there, headers=PARTIAL)
    assert part.headers["hx-redirect"]
    whole = browser.get(there)
    assert whole.status_code == 303
    return said(browser.get(whole.headers["location"].split("#")[0]))


def test_a_customer_says_why_he_is_one_person(browser_of):
    page = said(browser_of("guide").get(ONE))
    assert "为什么是同一个人" in page
    assert "个身份，由" in page
    assert "同一笔订单里出现" in page
    assert "与另一客户合并" not in page  # a guide looks only
    assert "删除这个人" not in page
    operator = said(browser_of("operator").get(ONE))
    assert "与另一客户合并" in operator
    assert "删除这个人" not in operator
    assert "删除这个人" in said(browser_of("admin").get(ONE))


def test_two_customers_are_compared_merged_and_split_again(acting):
    work(acting)
    n, before = people(acting), (members(acting, 3), members(acting, 5))
    found = said(acting.get(f"{ONE}/merge?q=M00004"))
    assert "#5" in found
    both = said(acting.get(f"{ONE}/merge?with=5"))
    assert "这两个客户是同一个人吗" in both
    assert "这类身份通常一人只有一个，而两边不一样" in both  # two member numbers
    assert "合并后：客户 #3" in both
    refused = acting.post(f"{ONE}/merge", {"with": "5", "note": "  "})
    assert refused.status_code == 422
    assert "请写明为什么这是同一个人" in refused.text
    page = settled(acting, acting.post(f"{ONE}/merge", {"with": "5", "note": "both at the till"}))
    assert "已合并" in page
    assert "both at the till" in page
    assert "手工合并" in page
    assert acting.nudged == ["pond"]
    assert members(acting, 3) == before[0] | before[1]
    assert acting.get(OTHER).headers["location"] == ONE
    assert people(acting) == n - 1
    log = said(acting.get("/b/pond/settings/audit"))
    assert "合并客户" in log
    assert "both at the till" in log

    decision = re.search(r'name="decision" value="(link:\d+)"', acting.get(ONE).text)[1]
    undone = acting.post("/b/pond/customers/identity/undo", {"decision": decision, "customer": "3"})
    assert "已撤销" in settled(acting, undone)
    assert (members(acting, 3), members(acting, 5)) == before
    assert people(acting) == n
    again = acting.post("/b/pond/customers/identity/undo", {"decision": decision})
    assert again.status_code == 409


def test_identities_are_split_off_and_come_back(acting):
    brand = acting.services.brand("pond")
    why = brand.customers.get(3).why
    chosen = next(one for one in why.identities if one.kind == "member_no")
    preview = said(acting.get(f"{ONE}/split?identity={chosen.id}"))
    assert chosen.shown in preview
    assert "留给" in preview
    everything = [str(one.id) for one in why.identities]
    whole = acting.post(f"{ONE}/split", {"identity": everything, "note": "x"})
    assert whole.status_code == 422
    asked = acting.post(f"{ONE}/split", {"identity": str(chosen.id), "note": "her husband"})
    page = settled(acting, asked)
    assert "已拆分" in page
    assert chosen.shown not in members(acting, 3)
    decisions = acting.get("/b/pond/customers/identity/decisions")
    assert "her husband" in decisions.text
    split = re.search(r'name="decision" value="(split:\d+)"', decisions.text)[1]
    page = settled(acting, acting.post("/b/pond/customers/identity/undo", {"decision": split}))
    assert "手工合并、拆分过哪些客户" in page
    assert members(acting, 3) == {one.shown for one in why.identities}


def test_a_decision_that_came_too_late_says_so(acting):
    brand = acting.services.brand("pond")
    asked = acting.post(f"{ONE}/merge", {"with": "5", "note": "x"})
    with brand.workspace.writer():
        best = [brand.hand_requests.waiting()[0].args[end] for end in ("a", "b")]
        brand.hands.link_ids(*best, note="first", by="ann")
    work(acting)
    page = acting.get(asked.headers["location"])
    assert page.status_code == 200
    assert "没有执行" in page.text
    assert "手工关联过" in page.text or "已经" in page.text


def test_a_second_click_asks_once(acting):
    first, second = (acting.post(f"{ONE}/merge", {"with": "5", "note": "x"}) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]


def test_a_broken_decision_does_not_hold_up_the_worker(acting, monkeypatch):
    brand = acting.services.brand("pond")
    broken = acting.post(f"{ONE}/merge", {"with": "5", "note": "x"})
    sound = acting.post("/b/pond/customers/7/merge", {"with": "9", "note": "y"})
    link = brand.hands.link_ids

    def stumble(a, b, *, note, **more):
        if note == "x":
            raise ZeroDivisionError
        return link(a, b, note=note, **more)

    monkeypatch.setattr(brand.hands, "link_ids", stumble)
    work(acting)
    assert "没有执行" in acting.get(broken.headers["location"]).text
    assert acting.get(sound.headers["location"]).status_code == 303


def crowd(browser: Browser, tmp_path) -> None:
    """A phone that stands in everybody's records."""
    path = tmp_path / "till.ndjson"
    lines = [
        {"event": "code_scanned", "time": pond.START.isoformat(),
         "identities": {"member_no": f"T{who}", "openid": "TILL"}}
        for who in range(25)
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, lines)))
    brand = browser.services.brand("pond")
    one = brand.imports.add(path, kind="events", filename="till.ndjson")
    brand.imports.queue(one.id)
    work(browser)


def test_a_crowded_identity_waits_for_a_judgement(acting, tmp_path):
    work(acting)
    before = people(acting)
    crowd(acting, tmp_path)
    assert '<small class="n-badge">1</small>' in acting.get("/b/pond/customers").text
    page = said(acting.get("/b/pond/customers/identity"))
    assert "连着 25 个人" in page
    assert "TILL" in page
    assert "另有 17 个" in page
    assert people(acting) == before + 25 + 1
    (review,) = acting.services.brand("pond").hands.reviews()
    answer = f"/b/pond/customers/identity/reviews/{review.id}"
    page = settled(acting, acting.post(answer, {"answer": "joined"}))
    assert "没有存疑的身份" in page
    assert people(acting) == before + 1
    assert "25" in said(acting.get("/b/pond/customers/identity?status=joined"))
    settled(acting, acting.post(answer, {"answer": "apart"}))
    assert people(acting) == before + 25 + 1
    assert acting.post(answer, {"answer": "maybe"}).status_code == 422
    assert "不合并任何人" in said(acting.get("/b/pond/settings/audit"))


@pytest.mark.parametrize(
    ("login", "path", "form"),
    [
        ("guide", f"{ONE}/merge", {"with": "5", "note": "x"}),
        ("analyst", f"{ONE}/split", {"identity": "3", "note": "x"}),
        ("analyst", "/b/pond/customers/identity/undo", {"decision": "link:1"}),
        ("guide", "/b/pond/customers/identity/reviews/1", {"answer": "apart"}),
        ("operator", f"{ONE}/export", {}),
        ("operator", f"{ONE}/erase", {"number": "3"}),
        ("operator", "/b/pond/settings/privacy/rules", {"days": "1"}),
        ("operator", "/b/pond/settings/privacy/run", {}),
    ],
)
def test_each_act_asks_for_its_right(own, login, path, form):
    refused = Browser(own, login).post(path, form)
    assert refused.status_code == 403


def test_no_act_without_the_sessions_value(acting):
    for path in (f"{ONE}/merge", f"{ONE}/erase", f"{ONE}/export"):
        assert acting.client.post(path, data={"with": "5", "note": "x"}).status_code == 403


def test_an_admin_takes_a_persons_file(acting):
    answer = acting.post(f"{ONE}/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="customer-3.json"'
    told = answer.json()
    assert told["customer"]["numbers"][0]["id"] == 3
    assert {"identities", "links", "events", "orders", "audit", "receipts"} <= told.keys()
    assert "导出个人信息" in said(acting.get("/b/pond/settings/audit"))


def test_a_person_is_erased_after_his_number_was_typed(acting):
    number = next(iter(m for m in members(acting, 3) if m.startswith("M")))
    page = said(acting.get(f"{ONE}/erase"))
    assert "请输入客户编号：3" in page
    wrong = acting.post(f"{ONE}/erase", {"number": "5"})
    assert wrong.status_code == 422
    assert "这不是客户编号" in wrong.text
    asked = acting.post(f"{ONE}/erase", {"number": "#3"})
    assert asked.status_code == 303
    assert acting.nudged == ["pond"]
    there = asked.headers["location"]
    assert 'hx-trigger="every 1s"' in acting.get(there).text
    work(acting)
    done = said(acting.get(there))
    assert "完成：这个人的数据已全部删除" in done
    assert acting.get(ONE).status_code == 404
    assert acting.services.brand("pond").customers.search(number) == []
    assert "处理中" not in said(acting.get("/b/pond/settings/privacy"))


def test_rules_of_retention_are_made_previewed_and_applied(acting):
    base = "/b/pond/settings/privacy"
    bad = acting.post(f"{base}/rules", {"event": "", "source": "", "days": "ten"})
    assert bad.status_code == 422
    assert "请填写天数" in bad.text
    made = acting.post(f"{base}/rules", {"event": "code_scanned", "source": "", "days": "1"})
    assert made.status_code == 303
    brand = acting.services.brand("pond")
    effect = next(one for one in brand.retention.preview() if one.rule.event == "code_scanned")
    old = sum(
        row["day"] < effect.first_kept_day
        for row in brand.workspace.lake.scan("events", ["event", "day"]).to_pylist()
        if row["event"] == "code_scanned"
    )
    assert effect.events == old
    acting.get(base)  # the note
    assert acting.post(f"{base}/run").status_code == 303
    work(acting)
    assert next(
        one for one in brand.retention.preview() if one.rule.event == "code_scanned"
    ).events == 0  # fmt: skip
    short = acting.post(f"{base}/stores", {"store": "audit", "days": "30"})
    assert short.status_code == 422
    assert "180" in short.text
    assert acting.post(f"{base}/stores", {"store": "quarantine", "days": "90"}).status_code == 303
    assert brand.retention.days_of("quarantine") == 90
    gone = acting.post(f"{base}/rules/remove", {"event": "code_scanned", "source": ""})
    assert gone.status_code == 303
    assert acting.post(f"{base}/rules/remove", {"event": "code_scanned"}).status_code == 404


def test_an_unknown_customer_cannot_be_merged(acting):
    for other in ("99999", "x", ""):
        answer = acting.post(f"{ONE}/merge", {"with": other, "note": "x"})
        assert answer.status_code in (404, 422)
    with pytest.raises(YutangError):
        acting.services.brand("pond").hand_requests.get(99)
