"""The console in a browser: what a person does, with the mouse, the keyboard and a thumb."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import drawn
from tests.pages import pond


def test_the_overview_draws_its_charts_and_leads_to_people(open_page):
    page = open_page("/b/pond/overview?period=all")
    drawn(page)
    assert page.locator("figure.chart canvas").count() >= 3
    page.click(".k .v a >> nth=0")
    page.wait_for_url("**/customers?people=*")
    assert page.complaints == []


def test_every_chart_has_a_twin_table(open_page):
    page = open_page("/b/pond/overview?period=all")
    twin = page.locator(".twin").first
    assert twin.locator("table").is_hidden()
    twin.locator("summary").click()
    assert twin.locator("tbody tr").count() > 1


def test_keys_search_go_and_help(open_page):
    page = open_page("/b/pond/overview")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("M00004")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=M00004")
    page.locator("h1").click()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/customers")
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("dialog#keys").is_hidden()


def test_filters_change_the_list_and_the_address_without_a_new_page(open_page):
    page = open_page("/b/pond/customers")
    page.evaluate("window.stays = true")
    page.select_option("[name=stage]", "repeat")
    page.wait_for_url("**stage=repeat*")
    page.wait_for_selector("#list .tag:has-text('复购')")
    assert page.evaluate("window.stays") is True
    page.go_back()
    page.wait_for_url(re.compile("customers$"))
    assert page.complaints == []


def test_a_question_is_saved_from_its_dialog(open_page):
    page = open_page("/b/pond/analyse/event")
    page.select_option("[name=unit]", "week")
    page.wait_for_url("**unit=week*")
    page.click("[data-opens='#save']")
    page.fill("#save [name=called]", "Weekly")
    page.click("#save .btn-p")
    page.wait_for_url("**report=*")
    assert page.locator("h1").inner_text() == "Weekly"
    assert page.locator("[name=unit]").input_value() == "week"


def test_a_file_is_dropped_and_its_columns_shown(open_page, tmp_path):
    path = tmp_path / "till.csv"
    pond.write_orders(path, first=90, people=3, bad=False)
    page = open_page("/b/pond/imports")
    page.set_input_files("input[type=file]", path)
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    assert page.locator("select[name='column.0']").input_value() == "order_id"
    page.click("button[formaction$=discard]")
    page.wait_for_url(re.compile("/imports$"))
    assert page.locator(".msg").first.is_visible()


def test_what_cannot_be_undone_is_asked_twice(open_page):
    page = open_page("/b/pond/settings/keys")
    page.fill("[name=name]", "till")
    page.click("text=新建 >> nth=-1")
    assert page.locator("#secret").inner_text().startswith("yt_")
    page.click("text=吊销 >> nth=0")
    assert "吊销密钥" in page.locator("dialog#sure").inner_text()
    page.click("dialog#sure [data-closes]")
    assert page.locator("text=吊销 >> nth=0").is_visible()
    page.click("text=吊销 >> nth=0")
    page.click("dialog#sure [data-sure-yes]")
    page.wait_for_selector(".msg:has-text('密钥已失效')")


def test_the_theme_and_the_language_are_switched(open_page):
    page = open_page("/b/pond/customers")
    page.click(".top .lang button")
    page.wait_for_selector("html[lang=en]")
    assert page.locator("h1").inner_text() == "Who are our customers?"
    page.click(".top .lang button")
    page.wait_for_selector("html[lang=zh-CN]")
    page.click(".who summary")
    page.click(".who button[value=dark]")
    page.wait_for_selector("html[data-bs-theme=dark]")
    page.click(".who summary")
    page.click(".who button[value=auto]")
    page.wait_for_selector("html[data-bs-theme=light]")


@pytest.mark.parametrize(
    "path",
    ["overview", "customers", "customers/3", "analyse/funnel", "imports", "shops", "health",
     "health/quarantine", "live", "settings/staff", "settings/sources",
     "settings/sources/1", "settings/events"],
)  # fmt: skip
def test_nothing_is_wider_than_a_phone(open_page, path):
    page = open_page(f"/b/pond/{path}", "phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("nav.thumbs").is_visible()
    small = page.evaluate(
        "[...document.querySelectorAll('.thumbs a, .btn-p, .btn-s, .pill, select.in')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5)"
        ".map(e => e.outerHTML.slice(0, 90))"
    )
    assert small == []
    assert page.complaints == []


def test_pages_work_without_scripts(open_page):
    page = open_page("/b/pond/customers", java_script_enabled=False)
    page.select_option("[name=stage]", "repeat")
    page.click("text=查看")
    assert "stage=repeat" in page.url
    page.click("table.t tbody tr a >> nth=0")
    assert re.search(r"/customers/\d+$", page.url)
    page.goto("/b/pond/analyse/funnel")
    page.fill("[name='window.value']", "5")
    page.click("text=计算")
    assert "window.value=5" in page.url
    assert page.locator("#answer tbody tr").count() > 1


def test_the_focus_can_be_seen_and_the_content_reached(open_page):
    page = open_page("/b/pond/customers")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, a[href], input:not([type=hidden]), select')]"
        ".filter(e => e.offsetParent && !e.ariaHidden && !(e.textContent.trim() || e.ariaLabel"
        " || e.title || e.labels?.length || e.placeholder)).map(e => e.outerHTML.slice(0, 120))"
    )
    assert unnamed == []
