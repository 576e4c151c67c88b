"""All sixteen models as somebody meets them who opens one after the other in one session."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import SIZES, drawn
from yutang import analysis
from yutang.console.analyse.cells import OF_PEOPLE

# What is asked where the first question counts no people.
ASKED = {"event": "?measures.0.event=order_paid&measures.0.measure=people"}
MEASURE = "A"


def people_link(page):
    """The first count of people of the answer's tables: its address and its number."""
    return page.evaluate(
        """names => {
          for (const table of document.querySelectorAll('#answer .answer-table table')) {
            const heads = [...table.tHead.rows[0].cells].map(cell => cell.dataset.key || '');
            for (const cell of table.tBodies[0].querySelectorAll('td')) {
              const link = cell.querySelector('a.cell');
              if (link && names.includes(heads[cell.cellIndex].replace(/_\\d+$/, '')))
                return [link.getAttribute('href'), link.textContent];
            }
          }
          return null;
        }""",
        [*OF_PEOPLE, MEASURE],
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", list(SIZES))
def test_every_model_answers_fits_and_leads_to_its_people(open_page, size, language):
    page = open_page("/b/pond/analyse", size)
    if language == "en":
        page.evaluate("document.querySelector('form.lang button').click()")
        page.wait_for_function("() => document.documentElement.lang === 'en'")
    for name in [model.NAME for model in analysis.MODELS]:
        page.goto(f"/b/pond/analyse/{name}{ASKED.get(name, '')}")
        drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], name
        assert page.complaints == [], (name, page.complaints)
        if not page.locator("#answer .answer-table").count():
            assert page.locator(".empty").count() == 1, name
            continue
        assert page.locator("#say").inner_text().strip(), name
        found = people_link(page)
        assert found is not None, name
        href, number = found
        page.goto(href)
        assert page.locator(".listbar b").first.inner_text() == number, name
    if language == "en":
        page.evaluate("document.querySelector('form.lang button').click()")
        page.wait_for_function("() => document.documentElement.lang !== 'en'")


def test_the_picture_is_chosen_kept_and_saved(open_page):
    page = open_page("/b/pond/analyse/event")
    page.click(".looks >> text=柱状图")
    page.wait_for_url(re.compile("chart=bar"))
    drawn(page)
    page.select_option("[name=unit]", "week")
    page.wait_for_url(re.compile(r"unit=week.*chart=bar|chart=bar.*unit=week"))
    page.wait_for_function(
        "() => JSON.parse(document.querySelector('#answer figure script').textContent).kind==='bar'"
    )
    page.click("[data-opens='#save']")
    page.fill("#save [name=called]", "按周看订单")
    page.click("#save .btn-p")
    page.wait_for_url(re.compile("report="))
    assert page.locator(".looks [aria-current]").inner_text() == "柱状图"
    page.click(".looks >> text=只看表格")
    page.wait_for_function("() => !document.querySelector('#answer figure')")
    assert page.locator("#answer .answer-table").first.is_visible()
    assert page.complaints == []


def test_a_table_is_sorted_by_a_click_and_so_is_its_file(open_page):
    page = open_page("/b/pond/analyse/event?measures.0.event=order_paid&unit=month&range=all")
    head = page.locator("#answer .answer-table th.n a").first
    head.click()
    page.wait_for_selector("#answer th[aria-sort=descending]")
    values = page.locator("#answer .answer-table >> nth=0").locator("td.n").all_inner_texts()
    numbers = [int(re.sub(r"\D", "", one)) for one in values]
    assert numbers == sorted(numbers, reverse=True)
    assert "sort=-A" in page.locator("#export a").first.get_attribute("href")


def test_a_node_is_followed_and_let_go(open_page):
    page = open_page("/b/pond/analyse/path?range=all")
    before = page.locator("#answer .answer-table tbody tr").count()
    page.locator("#answer > .answer-table a.node").last.click()
    page.wait_for_selector(".followed a")
    assert "follow.0.node" in page.url
    assert page.locator("#answer .answer-table tbody tr").count() <= before
    page.locator(".followed a").click()
    page.wait_for_function("() => !document.querySelector('.followed')")
    assert page.complaints == []


def test_a_way_becomes_a_funnel(open_page):
    page = open_page("/b/pond/analyse/smart_path?target.event=order_paid&range=all")
    page.locator("#answer a.btn-l").first.click()
    page.wait_for_url(re.compile("/analyse/funnel"))
    assert page.locator("#answer .answer-table tbody tr").count() >= 2
    assert page.complaints == []


def test_what_was_dropped_comes_back(open_page):
    page = open_page(
        "/b/pond/analyse/funnel?steps.0.event=code_scanned&steps.1.event=order_paid"
        "&steps.2.event=content_read"
    )
    page.locator("[data-list=steps] li > .tools [data-act=drop]").first.click()
    page.wait_for_function("() => document.querySelectorAll('[data-list=steps] li').length === 2")
    page.click("#notices button")
    page.wait_for_url(re.compile(r"steps\.0\.event=code_scanned.*steps\.2\.event=content_read"))
    assert page.complaints == []


def test_an_empty_answer_says_what_empties_it(open_page):
    page = open_page(
        "/b/pond/analyse/event?measures.0.event=order_paid&range=all"
        "&where.0.property=customer.orders&where.0.op=>&where.0.value=9999"
    )
    page.click("#answer a.btn-p")
    page.wait_for_selector("#answer .answer-table")
    page.goto("/b/pond/analyse/event?measures.0.event=order_paid&from=2020-01-01&to=2020-01-31")
    page.click("#answer a.btn-p")
    page.wait_for_selector("#answer .answer-table")


def test_an_error_of_sql_is_seen_on_a_phone(open_page):
    page = open_page("/b/pond/sql", "phone")
    page.fill("#sql", "select nothing from nowhere")
    page.click("text=查询 >> visible=true") if page.locator("form .btn-p").count() == 0 else (
        page.locator("form .btn-p").first.click()
    )
    page.wait_for_selector("#answer .msg.bad")
    page.wait_for_function(
        "() => { const box = document.querySelector('#answer .msg.bad').getBoundingClientRect();"
        " return box.top >= 0 && box.top < innerHeight; }"
    )
