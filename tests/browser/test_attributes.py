"""Attributes and the order of sources in a browser: opening, searching, moving by keyboard."""

from __future__ import annotations

import pytest

from tests.browser.conftest import PICTURES, SIZES
from yutang.app import Services
from yutang.settings import Settings

CUSTOMER, SOURCES = "/b/pond/customers/3", "/b/pond/settings/sources"


@pytest.fixture
def brand(home):
    """The shared brand; its sources are alike again afterwards."""
    found = Services.open(Settings(home=home)).brand("pond")
    yield found
    found.attributes.set_priority([])


def test_an_attribute_opens_and_tells_its_history(open_page):
    page = open_page(CUSTOMER)
    page.click("text=属性 >> nth=0")
    row = page.locator("details.attr:has-text('城市')")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    row.locator(".change").first.wait_for()
    assert row.locator(".change").count() == 3
    assert "时间最新" in row.locator(".verdicts li.on").inner_text()
    assert page.complaints == []


def test_many_attributes_are_searched_in_place(open_page):
    page = open_page(CUSTOMER)
    page.fill("#attributes [name=q]", "T42")
    page.wait_for_function("() => document.querySelectorAll('details.attr').length === 1")
    row = page.locator("details.attr")
    row.locator("summary").click()
    row.locator(".change").wait_for()
    page.fill("#attributes [name=q]", "zzzz")
    page.wait_for_selector("#attributes .empty")
    page.goto(f"{CUSTOMER}/attributes")
    page.select_option("[name=source]", "till")
    page.wait_for_url("**source=till*")
    page.wait_for_function("() => document.querySelectorAll('details.attr').length === 2")
    assert page.complaints == []


def test_sources_are_ordered_with_the_keyboard_and_saved_once(open_page, brand):
    page = open_page(SOURCES)
    save = page.locator("[data-save]")
    assert save.is_disabled()
    up = page.locator(".ranks li:has(b:text-is('till')) [data-row=up]")
    up.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    names = page.locator(".ranks [name=order]").evaluate_all("rows => rows.map(row => row.value)")
    assert names == ["till", "", "site"]
    focused = page.evaluate("document.activeElement.dataset.row")
    assert focused == "down", "at the top only the way down is left"
    assert brand.attributes.priority() == [], "nothing is saved by moving"
    save.click()
    page.wait_for_selector(".msg >> text=顺序已保存")
    assert brand.attributes.priority() == ["till"]
    page.goto(f"{CUSTOMER}/attributes/one?name=city")
    assert page.locator(".counts").inner_text() == "C2"
    assert page.complaints == []


def test_without_scripts_each_step_is_saved(open_page, brand):
    page = open_page(SOURCES, java_script_enabled=False)
    assert page.locator("[data-save]").is_hidden()
    page.click(".ranks li:has(b:text-is('site')) [data-row=up]")
    assert brand.attributes.priority() == ["site"]
    page.goto(CUSTOMER)
    page.fill("#attributes [name=q]", "T42")
    page.keyboard.press("Enter")
    page.wait_for_url("**/attributes?q=T42")
    assert page.locator("details.attr").count() == 1
    page.click("details.attr summary")
    page.click("details.attr .nojs a")
    assert page.locator(".change").count() == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_of_attributes_have_their_pictures(open_page, size, dark):
    pages = {
        "attributes": f"{CUSTOMER}/attributes",
        "attribute": f"{CUSTOMER}/attributes/one?name=city",
        "attribute-object": f"{CUSTOMER}/attributes/one?name=x",
        "attribute-long": f"{CUSTOMER}/attributes/one?name=note",
        "source-order": f"{SOURCES}#priority",
    }
    PICTURES.mkdir(exist_ok=True)
    for name, path in pages.items():
        page = open_page(path, size, dark=dark)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{name} is wider than its window"
        theme = "dark" if dark else "light"
        page.screenshot(path=PICTURES / f"{name}-{size}-{theme}.png", full_page=True)
        assert page.complaints == []
        page.close()
