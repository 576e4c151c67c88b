"""The lifecycle's pages: counts lead to their people, rules are kept in versions, cells chosen."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest

from yutang.customers import views
from yutang.lifecycle.matrix import KEYS
from yutang.worker import work_on

PAGE = "/b/pond/customers/lifecycle"
RULES = f"{PAGE}/rules"
MATRIX = "/b/pond/customers/matrix"
SPAN = "from=2026-10-01&to=2026-10-31"


def rows_of(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def form_of(page: str) -> dict[str, str]:
    """The fields of the rule's form, as a browser would send them."""
    part = page.split(f'action="{RULES}"', 1)[1].split("</form>", 1)[0]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", part):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]*)"', tag)
        unchecked = kind and kind[1] in ("radio", "checkbox") and " checked" not in tag
        if name and value and not unchecked and not name[1].startswith(("category", "csrf")):
            found[name[1]] = html.unescape(value[1])
    chosen = re.search(r'<option value="([^"]*)" selected', part)
    return {**found, "value_until": chosen[1] if chosen else "today"}


@pytest.mark.parametrize("axis", ["stage", "role", "nes", "aipl", "five_a"])
def test_every_number_of_the_page_is_the_list_behind_it(axis, browser):
    page = browser.get(f"{PAGE}?axis={axis}&{SPAN}").text
    cells = re.findall(r'<a class="cell" href="([^"]*people=[^"]*)">([\d,]+)</a>', page)
    assert len(cells) > 4
    for link, shown in cells:
        people = browser.get(html.unescape(link)).text
        assert f"<b>{shown}</b>" in people, (link, shown)


def test_movements_are_exported_in_the_order_of_the_page(browser_of):
    boss = browser_of("boss")
    rows = rows_of(boss.get(f"{PAGE}?{SPAN}&sort=people&as=csv"))
    life = boss.services.brand("pond").lifecycle
    from datetime import date

    found = life.movements("stage", life.between("", date(2026, 10, 1), date(2026, 10, 31)))
    assert sorted(int(row[2]) for row in rows[1:]) == [int(row[2]) for row in rows[1:]]
    assert sum(int(row[2]) for row in rows[1:]) == int(found.counts.sum())
    assert browser_of("guide").get(f"{PAGE}?as=csv").status_code == 403


def test_a_flow_is_saved_as_a_segment_and_asked_again(acting):
    page = acting.get(f"{PAGE}?{SPAN}").text
    link, shown = re.findall(r'href="[^"]*people=([^"]*)">([\d,]+)</a>', page)[0]
    made = acting.post("/b/pond/segments/save", {"people": link, "name": "moved"})
    assert made.status_code == 303
    one = acting.get(made.headers["location"]).text
    assert f"<b>{shown}</b>" in one
    assert "customers/lifecycle?axis=stage" in one
    assert acting.post(made.headers["location"], {"act": "refresh"}).status_code == 303


def test_a_rule_is_previewed_saved_counted_and_taken_back(acting):
    brand = acting.services.brand("pond")
    work_on(brand)  # whatever waits there
    acting.get(RULES)
    form = form_of(acting.get(RULES).text)
    assert form["quantile"] == "90"
    before = brand.lifecycle.sizes()
    new = {**form, "mode": "fixed", "dormant_days": "3", "lost_days": "9", "act": "preview"}
    seen = acting.post(RULES, new)
    assert seen.status_code == 200
    assert "还没有保存" in seen.text
    assert 'value="3"' in seen.text  # what was typed stays
    assert brand.lifecycle.rule().version == 0

    assert acting.post(RULES, {**new, "act": "save", "note": "try"}).status_code == 303
    assert acting.nudged == ["pond"]
    for path in (PAGE, RULES, MATRIX):
        assert "正在按刚保存的规则重算" in acting.get(path).text
    work_on(brand)
    assert "正在按刚保存的规则重算" not in acting.get(PAGE).text
    assert brand.lifecycle.sizes() != before
    assert "try" in acting.get(RULES).text
    assert acting.post(RULES, {"act": "back", "version": "0"}).status_code == 303
    work_on(brand)
    assert brand.lifecycle.sizes() == before
    assert "修改了阶段规则" in acting.get("/b/pond/settings/audit").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"dormant_days": "x"}, "不是整数天数或条数"),
        ({"quantile": "120"}, "应在 50% 到 99% 之间"),
        ({"dormant_days": "400"}, "先沉睡后流失"),
        ({"category": "soap", "category_days": "-1"}, "不是整数天数或条数"),
        ({"act": "back", "version": "77"}, "没有版本 77"),
    ],
)
def test_a_rule_that_makes_no_sense_keeps_what_was_typed(wrong, said, acting):
    form = {**form_of(acting.get(RULES).text), "act": "save", "shortest_days": "21", **wrong}
    page = acting.post(RULES, form)
    assert page.status_code in (404, 422)
    assert said in page.text
    assert 'name="shortest_days" inputmode="decimal" value="21"' in page.text


def test_intervals_are_exported(browser_of):
    rows = rows_of(browser_of("boss").get(f"{RULES}?as=csv"))
    found = browser_of("boss").services.brand("pond").lifecycle.intervals()
    assert [int(row[6]) for row in rows[1:]] == [one.dormant for one in found]


def test_cells_lead_to_their_people_and_sum_to_all(browser):
    matrix = browser.services.brand("pond").lifecycle.matrix()
    full = [one for one in matrix.cells if one.people]
    assert full
    for one in full:
        page = browser.get(f"{MATRIX}?cell={one.key}").text
        link = re.search(r'class="btn-p" href="([^"]*people=[^"]*)"', page)[1]
        assert f"<b>{one.people}</b>" in browser.get(html.unescape(link)).text


def test_a_cell_is_chosen_saved_as_a_segment_and_taken_back(acting):
    acting.get(MATRIX)
    brand = acting.services.brand("pond")
    key = next(one.key for one in brand.lifecycle.matrix().cells if one.people)
    done = acting.post(MATRIX, {"cell": key, "action": "task", "note": "ask them"})
    assert done.status_code == 303
    page = acting.get(done.headers["location"]).text
    assert "ask them" in page
    people = re.search(r'name="people" value="([^"]*)"', page)[1]
    made = acting.post("/b/pond/segments/save", {"people": people, "name": "cell"})
    one = acting.get(made.headers["location"]).text
    assert f"customers/matrix?cell={key}" in one
    rows = rows_of(acting.get(f"{MATRIX}?as=csv"))
    assert len(rows) == 1 + len(KEYS)
    assert any("ask them" in row for row in rows)
    refused = acting.post(MATRIX, {"cell": key, "action": "shout", "note": "typed"})
    assert refused.status_code == 422
    assert 'value="typed"' in refused.text
    assert acting.post(MATRIX, {"cell": key, "act": "default"}).status_code == 303
    assert not brand.lifecycle.matrix().cell(key).chosen
    assert acting.post(MATRIX, {"act": "back", "version": "1"}).status_code == 303
    assert brand.lifecycle.matrix().cell(key).action == "task"


def test_who_may_look_may_not_change(browser_of):
    analyst = browser_of("analyst")
    assert analyst.get(RULES).status_code == 200
    assert analyst.post(RULES, {"act": "back", "version": "0"}).status_code == 403
    assert analyst.post(MATRIX, {"cell": KEYS[0], "action": "task"}).status_code == 403


@pytest.mark.parametrize("name", ["nes", "aipl", "five_a"])
def test_views_are_attributes_of_every_analysis(name, browser):
    brand = browser.services.brand("pond")
    found = brand.analyse("property", {"group": [{"property": f"customer.{name}"}]})
    counted = {row["group_1"]: row["people"] for row in found["rows"]}
    sizes = brand.lifecycle.sizes(name)
    assert counted == {code: people for code, people in sizes.items() if people}
    page = browser.get(f"/b/pond/analyse/property?group.0.property=customer.{name}").text
    assert all(views_of(name)[code][0] in page for code in counted)


def views_of(name: str) -> dict[str, tuple[str, str]]:
    return {"nes": views.NES, "aipl": views.AIPL, "five_a": views.FIVE_A}[name]
