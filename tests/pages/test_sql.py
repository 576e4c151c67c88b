"""The page for questions in SQL."""

from __future__ import annotations

from tests.pages.conftest import Browser

PAGE = "/b/pond/sql"


def test_rows_and_picture(browser: Browser) -> None:
    page = browser.post(PAGE, {"sql": "SELECT event, count(*) AS times FROM events GROUP BY 1"})
    assert '<th class="mono n">times</th>' in page.text
    assert "content_read" in page.text
    assert 'class="chart"' in page.text


def test_personal_values_are_masked(browser: Browser) -> None:
    page = browser.post(PAGE, {"sql": "SELECT '13800138000' AS phone, 'ann.lee@shop.cn' AS mail"})
    table = page.text.partition("<tbody>")[2]
    assert "13800138000" not in table
    assert "ann.lee@shop.cn" not in table


def test_a_file_is_safe_from_formulas(browser: Browser) -> None:
    file = browser.post(PAGE, {"sql": "SELECT '=1+1' AS a, 2 AS b", "as": "csv"})
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.splitlines()[1] == "'=1+1,2"


def test_a_mistake_keeps_the_question(browser: Browser) -> None:
    page = browser.post(PAGE, {"sql": "SELECT nope FROM events"})
    assert page.status_code == 422
    assert "SELECT nope FROM events" in page.text
    assert "LINE 1" in page.text


def test_a_saved_question_is_opened_again(acting: Browser) -> None:
    sql = "SELECT count(*) FROM orders"
    saved = acting.post(f"{PAGE}/save", {"sql": sql, "name": "How many"})
    page = acting.get(saved.headers["location"])
    assert sql in page.text
    report = acting.services.brand("pond").reports.list_()[0]
    assert (report.name, report.model) == ("How many", "sql")
    moved = acting.get(f"/b/pond/analyse/saved/{report.id}")
    assert moved.headers["location"] == f"{PAGE}?report={report.id}"


def test_asking_is_in_the_audit_log(acting: Browser) -> None:
    acting.post(PAGE, {"sql": "SELECT 42, '13800138000'"})
    log = acting.get("/b/pond/settings/audit").text
    assert "SELECT 42" in log
    assert "13800138000" not in log
