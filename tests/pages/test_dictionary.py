"""The dictionary through its pages: described, blocked, let in, set back, exported; its rules."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from yutang.worker import work_on

BASE = "/b/pond/settings/events"


def brand_of(browser):
    return browser.services.brand("pond")


def audit(browser) -> list:
    return brand_of(browser).audit.page(limit=20)


def test_what_a_name_means_is_said_and_set_back(acting):
    page = f"{BASE}/property?name=touchpoint"
    form = {"name": "touchpoint", "label": "Where", "description": "D", "owner": "ann", "stay": "1",
            "privacy": "refuse"}  # fmt: skip
    done = acting.post(f"{BASE}/property", form)
    assert done.headers["location"] == page
    one = brand_of(acting).dictionary.get_property("touchpoint")
    assert (one.label, one.description, one.owner, one.privacy) == ("Where", "D", "ann", "refuse")
    changes = [(row.detail["what"], row.detail["from"], row.detail["to"]) for row in audit(acting)
               if row.action == "property_changed"]  # fmt: skip
    assert ("owner", "boss", "ann") in changes
    assert ("privacy", "allow", "refuse") in changes
    shown = acting.get(page).text
    back = re.search(r'name="(privacy)" value="(allow)"><button[^>]*>改回', shown)
    acting.post(f"{BASE}/property", {"name": "touchpoint", "stay": "1", back[1]: back[2]})
    assert brand_of(acting).dictionary.get_property("touchpoint").privacy == "allow"
    nothing = acting.post(f"{BASE}/property", {"name": "touchpoint", "owner": "ann"})
    assert nothing.headers["location"] == f"{BASE}/properties"
    log = acting.get("/b/pond/settings/audit").text
    assert "修改字典里的属性" in log
    assert "内容： 负责人" in re.sub(r"\s+", " ", log)


@pytest.mark.parametrize("kind", ["event", "property"])
def test_names_are_blocked_and_let_in_again(acting, kind):
    names = ["code_scanned", "contact_added"] if kind == "event" else ["touchpoint", "guide"]
    for act, status in (("block", "blocked"), ("allow", "")):
        acting.post(f"{BASE}/many", {"kind": kind, "act": act, "id": names})
        words = brand_of(acting).dictionary
        get = words.get_event if kind == "event" else words.get_property
        assert {get(name).status for name in names} == {status}
    there = BASE if kind == "event" else f"{BASE}/properties"
    acting.post(f"{BASE}/{kind}", {"name": names[0], "status": "blocked", "stay": "1"})
    assert names[0] in acting.get(f"{there}?show=blocked").text
    assert "这个名称已屏蔽" in acting.get(f"{BASE}/{kind}?name={names[0]}").text
    for wrong in ({"kind": kind, "act": "burn", "id": names}, {"kind": kind, "act": "block"}):
        assert acting.post(f"{BASE}/many", wrong).status_code == 422
    gone = {"kind": kind, "act": "block", "id": ["never"]}
    assert acting.post(f"{BASE}/many", gone).status_code == 404


def test_the_list_goes_back_to_where_it_was(acting):
    back = "show=undescribed&sort=name"
    done = acting.post(f"{BASE}/many", {"kind": "event", "act": "block", "id": "code_scanned",
                                        "back": back})  # fmt: skip
    assert done.headers["location"] == f"{BASE}?{back}"
    done = acting.post(f"{BASE}/event", {"name": "code_scanned", "label": "x", "back": back})
    assert done.headers["location"] == f"{BASE}?{back}"


def test_names_with_odd_letters_have_a_page(acting):
    odd = "a/b?c=1&d#e ü"
    brand_of(acting).dictionary_rules.add_event(odd)
    done = acting.post(f"{BASE}/event", {"name": odd, "label": "x", "stay": "1"})
    assert done.headers["location"] == f"{BASE}/event?name={quote(odd, safe='')}"
    assert acting.get(done.headers["location"]).status_code == 200


def test_names_that_wait_are_let_in_with_what_waits(acting):
    page = acting.get(f"{BASE}/waiting").text
    assert 'value="event:zzzz"' in page
    assert 'value="property:tail"' in page
    form = {"act": "allow", "id": ["event:zzzz", "property:tail"], "type.property:tail": "list"}
    done = acting.post(f"{BASE}/waiting", form)
    assert "/health/quarantine?work=" in done.headers["location"]
    assert acting.nudged == ["pond"]
    work_on(brand_of(acting))
    words = brand_of(acting).dictionary
    assert words.get_event("zzzz").events == 1
    assert words.get_property("tail").type == "list"
    actions = [row.action for row in audit(acting)]
    assert {"event_let_in", "property_let_in"} <= set(actions)


def test_names_that_wait_are_blocked_and_dismissed(acting):
    acting.post(f"{BASE}/waiting", {"act": "block", "id": ["event:zzzz", "property:tail"]})
    assert brand_of(acting).waiting_words.list_() == []
    assert brand_of(acting).dictionary.get_event("zzzz").status == "blocked"
    assert brand_of(acting).quarantine.counts(status="dismissed") == [("not_in_dictionary", 2)]
    for wrong in ({"act": "allow"}, {"act": "x", "id": "event:a"}, {"act": "allow", "id": "a:b"}):
        assert acting.post(f"{BASE}/waiting", wrong).status_code == 422


def test_a_name_is_let_in_before_it_comes(acting):
    assert acting.post(f"{BASE}/add", {"kind": "event", "name": " launch "}).status_code == 303
    assert brand_of(acting).dictionary.get_event("launch").events == 0
    number = {"kind": "property", "name": "stock", "type": "number"}
    assert acting.post(f"{BASE}/add", number).status_code == 303
    again = acting.post(f"{BASE}/add", {"kind": "event", "name": "launch"})
    assert again.status_code == 422
    assert 'value="launch"' in again.text
    assert acting.post(f"{BASE}/add", {**number, "type": "bool"}).status_code == 422
    assert acting.post(f"{BASE}/add", {"kind": "event", "name": ""}).status_code == 422


def test_the_rules_are_set_and_logged(acting):
    acting.post(f"{BASE}/rules", {"strict": "on"})
    acting.post(f"{BASE}/rules", {"strict": "on"})
    acting.post(f"{BASE}/rules", {"privacy": "refuse"})
    rules = brand_of(acting).dictionary_rules
    assert rules.strict()
    assert rules.privacy() == "refuse"
    assert [(row.action, row.detail["to"]) for row in audit(acting)[:2]] == [
        ("dictionary_privacy", "refuse"), ("dictionary_strict", "on"),
    ]  # fmt: skip
    page = acting.get(f"{BASE}/rules").text
    assert "2 个名称等待放行" in page
    assert acting.post(f"{BASE}/rules", {"privacy": "maybe"}).status_code == 422


def test_the_dictionary_is_exported_without_formulas(acting):
    brand_of(acting).dictionary_rules.add_event("=1+1")
    brand_of(acting).dictionary_rules.change_event("=1+1", owner="@ann", description="-x")
    body = acting.get(f"{BASE}?as=csv&q=%3D1").content.decode("utf-8-sig")
    header, line = body.splitlines()
    assert header.startswith("名称,显示名")
    assert line.startswith("'=1+1,")
    assert "'@ann" in line
    assert "'-x" in line
    body = acting.get(f"{BASE}/properties?as=csv&show=ruled").content.decode("utf-8-sig")
    assert [line.split(",")[0] for line in body.splitlines()[1:]] == ["touchpoint"]
    assert acting.get(f"{BASE}/properties?as=xlsx").status_code == 200


def test_only_administrators_change_the_dictionary(browser_of):
    operator = browser_of("operator")
    for path in ("", "/properties", "/event?name=content_read", "/waiting", "/rules"):
        page = operator.get(BASE + path)
        assert page.status_code == 200
        main = page.text[page.text.index("<main") :]
        assert not re.search(r'<form[^>]*method="post"[^>]*settings/events/(event|add|rules)"[^>]*>'
                             r"(?!.*disabled)", main), path  # fmt: skip
        assert 'name="act"' not in main
    for path in ("/event", "/property", "/many", "/waiting", "/add", "/rules"):
        assert operator.post(BASE + path, {"name": "content_read"}).status_code == 403
    assert browser_of("guide").get(BASE).status_code == 403
