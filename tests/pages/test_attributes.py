"""Attributes on the customer's page, and the order of the sources that decides about them."""

from __future__ import annotations

import re

from tests.pages import pond
from tests.pages.conftest import Browser
from tests.pages.test_acts import PARTIAL, said

HIS, SOURCES = "/b/pond/customers/3/attributes", "/b/pond/settings/sources"


def names(page) -> list[str]:
    return re.findall(r"attributes/one\?name=([^\"]+)\" hx-trigger", page.text)


def test_the_customers_page_shows_the_first_and_leads_to_all(browser):
    page = browser.get("/b/pond/customers/3")
    assert len(names(page)) == 8
    assert names(page)[:2] == ["city", "level"], "well-known ones come first"
    assert "全部 68 个属性" in said(page)
    assert "m@example.com" not in page.text
    assert "还没有属性" in said(browser.get("/b/pond/customers/5"))


def test_a_search_looks_through_names_values_sources_and_labels(browser):
    assert names(browser.get(f"{HIS}?q=t_07", headers=PARTIAL)) == ["t_07"]
    assert names(browser.get(f"{HIS}?q=T7 site", headers=PARTIAL)) == ["t_07"]
    assert names(browser.get(f"{HIS}?q=城市")) == ["city"]
    assert names(browser.get(f"{HIS}?source=till")) == ["level", "vip"]
    assert "没有符合的属性" in said(browser.get(f"{HIS}?q=zzzz", headers=PARTIAL))
    both = [names(browser.get(f"{HIS}?page={n}")) for n in (1, 2)]
    assert [len(found) for found in both] == [50, 18]
    assert not set(both[0]) & set(both[1])


def test_one_attribute_says_who_said_what_and_why_it_counts(browser):
    page = browser.get(f"{HIS}/one?name=city", headers=PARTIAL)
    assert "<html" not in page.text
    text = said(page)
    assert "site ：C3 采用：时间最新" in text
    assert "till ：C2 未采用：时间较早" in text
    assert [*re.findall(r"设为 (C\d)", text)] == ["C3", "C2", "C1"]
    level = said(browser.get(f"{HIS}/one?name=level"))
    assert "首次设为 V2 没有改变" in level
    assert "首次设为 V1 手机号" in level
    assert "累加 3.5 → 5.5" in said(browser.get(f"{HIS}/one?name=visits"))
    assert browser.get(f"{HIS}/one?name=zzzz").status_code == 404
    assert browser.get(f"{HIS}/one").status_code == 404


def test_long_histories_are_told_in_parts(acting):
    brand = acting.services.brand("pond")
    said_ = [("site", "increment", "n", 1)] * 45
    rows = pond.profile_rows(5, said_, pond.NOW)
    brand.workspace.lake.append("profiles", rows, journal="more", position=1)
    brand.attributes.rebuild()
    one = "/b/pond/customers/5/attributes/one?name=n"
    first = acting.get(one, headers=PARTIAL)
    assert first.text.count('class="change"') == 20
    assert re.search(r'hx-get="([^"]+)" hx-swap="outerHTML"', first.text)[1].endswith("page=2")
    rest = [acting.get(f"{one}&page={n}", headers=PARTIAL).text for n in (2, 3)]
    assert [part.count('class="change"') for part in rest] == [20, 5]
    assert "hx-swap" not in rest[1]


def test_a_new_order_of_the_sources_changes_what_counts(acting):
    brand = acting.services.brand("pond")
    done = acting.post(f"{SOURCES}/priority", {"order": ["till", "", "site"]})
    assert (done.status_code, done.headers["location"]) == (303, f"{SOURCES}#priority")
    assert brand.attributes.priority() == ["till"]
    city = said(acting.get(f"{HIS}/one?name=city"))
    assert "till ：C2 采用：数据源优先级最高" in city
    assert "site ：C3 未采用：有优先级更高的数据源" in city
    (row,) = brand.audit.page(limit=1)
    assert (row.action, row.detail) == ("source_priority", {"from": "", "to": "till"})
    log = said(acting.get("/b/pond/settings/audit"))
    assert "调整了属性的数据源优先级" in log
    acting.post(f"{SOURCES}/priority", {"order": ["till", "", "site"]})
    assert len([one for one in brand.audit.page(limit=9) if one.action == "source_priority"]) == 1


def test_without_scripts_a_source_goes_up_or_down_one_place(acting):
    def press(order: list[str], move: str) -> list[str]:
        acting.post(f"{SOURCES}/priority", {"order": order, "move": move})
        return acting.services.brand("pond").attributes.priority()

    assert press(["", "site", "till"], "up:site") == ["site"]
    assert press(["site", "", "till"], "up:till") == ["site", "till"]
    assert press(["site", "till", ""], "down:site") == ["till", "site"]
    assert press(["till", "site", ""], "up:till") == ["till", "site"]
    assert press(["till", "site", ""], "down:nobody") == ["till", "site"]
    refused = acting.post(f"{SOURCES}/priority", {"order": ["fax", ""]})
    assert refused.status_code == 422


def test_only_an_administrator_orders_and_everybody_who_sees_customers_reads(browser_of, own):
    guide = browser_of("guide")
    assert names(guide.get(HIS))
    assert "settings/sources" not in guide.get(f"{HIS}/one?name=city").text
    analyst = browser_of("analyst").get(SOURCES)
    assert "属性以谁为准" in said(analyst)
    assert 'value="up:' not in analyst.text
    refused = Browser(own, "operator").post(f"{SOURCES}/priority", {"order": ["till", ""]})
    assert refused.status_code == 403
    assert own.brand("pond").attributes.priority() == []


def test_one_source_needs_no_order(acting):
    assert "属性以谁为准" not in said(acting.get("/b/dry/settings/sources"))
