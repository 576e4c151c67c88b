"""Analyses in a browser: a question built by hand, by keyboard, and by finger."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import drawn

STEPS = "[data-list=steps]"
SCAN_TO_ORDER = "/b/pond/analyse/funnel?steps.0.event=code_scanned&steps.1.event=order_paid"


def rows(page, name="steps"):
    return page.locator(f"[data-list={name}] > [data-items] > [data-item]")


def asked(page):
    """The events of the steps, in order."""
    return page.evaluate(
        "[...document.querySelectorAll('[data-list=steps] [data-field=event]')].map(s => s.value)"
    )


def compare(condition, code):
    """Choose an operator: those of other types stand in the list, too, but cannot be chosen."""
    options = condition.locator("[data-op] option")
    values = options.evaluate_all("all => all.map(o => o.disabled ? '' : o.value)")
    condition.locator("[data-op]").select_option(index=values.index(code))


def answered(page, steps):
    page.wait_for_function(
        f"() => document.querySelectorAll('#answer > .answer-table tbody tr').length === {steps}"
    )


def test_a_funnel_is_built_by_hand_and_answers_meanwhile(open_page):
    page = open_page(SCAN_TO_ORDER)
    drawn(page)
    page.evaluate("window.stays = true")
    page.click(f"{STEPS} > [data-act=add]")
    rows(page).last.locator(".pick").click()
    page.locator("#picker input").fill("阅读")
    page.locator("#picker [role=option]").first.click()
    answered(page, 3)
    rows(page).last.locator("> .tools [data-act=condition]").click()
    condition = rows(page).last.locator("[data-list=where] [data-item]")
    condition.locator("[data-property]").select_option("seconds")
    assert "≥" in condition.locator("[data-op] option:not([hidden])").all_inner_texts()
    compare(condition, ">=")
    condition.locator("[data-value]").fill("1000")
    condition.locator("[data-value]").press("Tab")
    page.wait_for_url(re.compile(r"steps\.2\.where\.0\.value=1000"))
    page.wait_for_function(
        "() => document.querySelector('#answer tbody tr:last-child td:nth-child(2)').innerText"
        " === '0'"
    )
    page.locator(f"{STEPS} [data-act=up]").nth(1).click()
    page.wait_for_url(re.compile(r"steps\.0\.event=order_paid"))
    page.locator(f"{STEPS} li > .tools [data-act=copy]").first.click()
    answered(page, 4)
    assert asked(page) == ["order_paid", "order_paid", "code_scanned", "content_read"]
    rows(page).nth(1).locator("> .tools [data-act=drop]").click()
    answered(page, 3)
    drawn(page)
    assert page.evaluate("window.stays") is True
    assert page.complaints == []
    page.reload()
    assert asked(page) == ["order_paid", "code_scanned", "content_read"]


def test_a_funnel_is_built_by_keyboard_alone(open_page):
    page = open_page(SCAN_TO_ORDER)
    page.focus(f"{STEPS} > [data-act=add]")
    page.keyboard.press("Enter")
    assert "pick" in page.evaluate("document.activeElement.className")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    page.keyboard.type("加粉")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"steps\.2\.event=contact_added"))
    assert "pick" in page.evaluate("document.activeElement.className")  # back where it began
    rows(page).last.locator("> .tools [data-act=move]").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_url(re.compile(r"steps\.1\.event=contact_added"))
    assert asked(page) == ["code_scanned", "contact_added", "order_paid"]
    assert page.locator("#moved").inner_text() == "2 / 3"
    assert page.evaluate("document.activeElement.dataset.act") == "move"
    answered(page, 3)
    assert page.complaints == []


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_steps_are_dragged(open_page, size):
    page = open_page(f"{SCAN_TO_ORDER}&steps.2.event=content_read", size)
    grip = rows(page).nth(2).locator("> .tools [data-act=move]")
    grip.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), rows(page).first.bounding_box()
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + 60, end["y"] + end["height"] / 2, steps=6)
    page.mouse.up()
    page.wait_for_url(re.compile(r"steps\.0\.event=content_read"))
    assert asked(page)[0] == "content_read"


def test_several_events_make_one_step(open_page):
    page = open_page(SCAN_TO_ORDER)
    rows(page).first.locator(".pick").click()
    page.locator("#picker [role=option][data-value=content_read] .also").click()
    page.wait_for_url(re.compile(r"steps\.0\.event=code_scanned&steps\.0\.event=content_read"))
    assert page.locator("#picker").is_visible()  # a third may follow
    page.keyboard.press("Escape")
    assert page.locator("#picker").count() == 0
    assert "扫码 或 阅读内容" in rows(page).first.locator(".pick").inner_text()


def test_what_was_used_lately_stands_first(open_page):
    page = open_page(SCAN_TO_ORDER)
    rows(page).first.locator(".pick").click()
    page.locator("#picker [role=option][data-value=contact_added]").click()
    page.wait_for_url(re.compile("contact_added"))
    rows(page).last.locator(".pick").click()
    assert page.locator("#picker li").first.inner_text() == "最近用过"
    assert page.locator("#picker [role=option]").first.get_attribute("data-value") == (
        "contact_added"
    )


def test_values_are_suggested_while_they_are_typed(open_page):
    page = open_page(SCAN_TO_ORDER)
    rows(page).last.locator("> .tools [data-act=condition]").click()
    condition = rows(page).last.locator("[data-list=where] [data-item]").last
    condition.locator("[data-property]").select_option("platform")
    compare(condition, "in")
    box = condition.locator("[data-value]")
    box.focus()
    page.wait_for_selector("#picker [role=option]")
    first = page.locator("#picker [role=option]").first.get_attribute("data-value")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert box.input_value() == first
    page.wait_for_url(re.compile(f"where.*value={first}"))
    assert page.complaints == []


def test_conditions_stand_within_conditions(open_page):
    page = open_page(SCAN_TO_ORDER)
    everybody = page.locator("#ask > .block > [data-conds]")
    everybody.locator("> .more [data-act=group]").click()
    inner = everybody.locator(".nested [data-list=where] [data-item]")
    assert inner.count() == 2
    for i in (0, 1):
        inner.nth(i).locator("[data-property]").select_option("customer.orders")
        compare(inner.nth(i), "is_set")
    everybody.locator(".nested [data-field=where_not]").select_option("1")
    page.wait_for_url(re.compile(r"where\.0\.where_not=1"))
    page.wait_for_selector("#answer:has-text('这个问题暂时没有结果')")
    page.reload()
    assert inner.count() == 2
    everybody.locator(".nested > .tools [data-act=drop]").click()
    answered(page, 2)


def test_days_follow_the_preset_and_the_preset_the_days(open_page):
    page = open_page(f"{SCAN_TO_ORDER}&range=last_90")
    before = page.input_value("[name=from]")
    page.select_option("[name=range]", "last_7")
    page.wait_for_function(f"() => document.querySelector('[name=from]').value !== '{before}'")
    assert "from=" not in page.url
    page.fill("[name=from]", "2026-09-01")
    page.press("[name=from]", "Tab")
    page.wait_for_url(re.compile("from=2026-09-01"))
    assert page.input_value("[name=range]") == "custom"
    assert "range=" not in page.url


def test_back_asks_what_was_asked_before(open_page):
    page = open_page(f"{SCAN_TO_ORDER}&range=last_90")
    page.select_option("[name=order]", "any")
    page.wait_for_url("**order=any*")
    page.go_back()
    page.wait_for_function("() => document.querySelector('[name=order]').value === 'ordered'")
    assert page.complaints == []


def test_an_error_stands_at_its_field_and_keeps_the_form(open_page):
    page = open_page("/b/pond/analyse/event?measures.0.event=order_paid")
    page.select_option("[data-field=measure]", "sum")
    page.wait_for_selector("#field-bad")
    note = page.locator("#field-bad")
    assert "指标 1 › 属性" in note.inner_text()
    field = page.locator("[data-field=property] >> nth=0")
    assert field.get_attribute("aria-describedby") == "field-bad"
    page.complaints.clear()  # the refusal itself: status 422
    field.select_option("paid")
    page.wait_for_function("() => !document.querySelector('#field-bad')")
    page.wait_for_selector("#answer .answer-table")
    assert page.complaints == []


def test_parts_that_mean_nothing_are_hidden_and_not_sent(open_page):
    page = open_page(SCAN_TO_ORDER)
    assert page.locator("[name='window.value']").is_visible()
    page.select_option("[name='window.unit']", "same_day")
    page.wait_for_url("**window.unit=same_day*")
    assert page.locator("[name='window.value']").is_hidden()
    assert "window.value" not in page.url


@pytest.mark.parametrize("path", ["analyse", "analyse/funnel", "analyse/event"])
def test_the_form_fits_a_phone_and_names_its_fields(open_page, path):
    page = open_page(f"/b/pond/{path}", "phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    unnamed = page.evaluate(
        "[...document.querySelectorAll('main button, main a[href], main input:not([type=hidden]),"
        " main select')].filter(e => e.offsetParent && !e.ariaHidden && !(e.textContent.trim()"
        " || e.ariaLabel || e.title || e.labels?.length || e.placeholder))"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert unnamed == []
    assert page.complaints == []


def test_it_can_be_asked_without_scripts(open_page):
    page = open_page(SCAN_TO_ORDER, java_script_enabled=False)
    page.locator("[name='steps.2.event']").select_option("content_read")
    page.click("text=计算")
    assert page.locator("#answer .answer-table").first.locator("tbody tr").count() == 3
