"""Pages of products: sorted, filtered, exported; numbers lead to their people; settings."""

from __future__ import annotations

import csv
import io
import re

from tests.pages.conftest import Browser

HITS, PAIRS = "/b/pond/products?period=all", "/b/pond/products/pairs?least=2&chance=all"


def table(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def names(page: str) -> list[str]:
    return re.findall(r"<b>(I\d)</b></a>", page)


def test_hits_are_sorted_and_searched(browser):
    products = browser.services.brand("pond").products
    found = products.hits(products.scope({"period": "all"}), None)
    units = products.goods().units["product"]
    by_sales = [units.names[int(n)] for n in found.thing]
    assert names(browser.get(HITS).text) == by_sales
    least = browser.get(f"{HITS}&sort=sales").text
    assert names(least) == by_sales[::-1]
    assert names(browser.get(f"{HITS}&q=i3").text) == ["I3"]
    assert 'href="/b/pond/products" aria-current="page"' in browser.get(HITS).text


def test_numbers_of_products_lead_to_their_people(browser):
    page = browser.get(HITS).text
    links = re.findall(r'class="cell" href="(/b/pond/customers\?people=[^"]+)">([\d,]+)</a>', page)
    assert len(links) >= 7
    for link, n in links[:8]:
        assert f"<b>{n}</b> 位客户" in browser.get(link).text


def test_people_of_a_step_are_kept_and_their_segment_says_where_from(acting):
    page = acting.get("/b/pond/products/next?level=product").text
    link, people = re.findall(
        r'class="cell" href="(/b/pond/customers\?people=([^"]+))"', page
    )[0]  # fmt: skip
    listed = acting.get(link).text
    assert "商品数字背后的人" in listed
    done = acting.post("/b/pond/segments/save", {"people": people, "name": "P1"})
    assert done.status_code == 303
    one = acting.get(done.headers["location"].split("?")[0]).text
    assert re.search(r'href="/b/pond/products/next\?[^"]*"[^>]*>[^<]*下一次买', one)


def test_lists_are_exported_whole(browser):
    products = browser.services.brand("pond").products
    rows = table(browser.get(f"{HITS}&as=csv"))
    found = products.hits(products.scope({"period": "all"}), None)
    assert len(rows) - 1 == len(found)
    assert "销售额" in rows[0]
    assert sum(float(row[rows[0].index("销售额")]) for row in rows[1:]) * 100 == (
        found.all_sales_fen
    )
    steps = table(browser.get("/b/pond/products/next?level=product&as=csv"))
    assert len(steps) > 1
    for path in ("pairs?", "restocks?clear=all&state=later&"):
        assert browser.get(f"/b/pond/products/{path}as=xlsx").status_code == 200
    assert browser.get(f"{HITS}&as=doc").status_code == 422


def test_settings_are_kept_and_refused_with_what_was_typed(acting):
    done = acting.post("/b/pond/products", {"identify": "title", "due_days": "12"})
    assert done.status_code == 303
    brand = acting.services.brand("pond")
    assert brand.products.settings().due_days == 12
    assert brand.audit.page()[0].action == "products_set"
    for wrong in ({"identify": "title", "due_days": "soon"}, {"identify": "x", "due_days": "3"},
                  {"identify": "item", "due_days": "400"}):  # fmt: skip
        refused = acting.post("/b/pond/products", wrong)
        assert refused.status_code == 422
        assert "msg bad" in refused.text
    assert brand.products.settings().due_days == 12


def test_who_may_not_analyse_or_export_does_not(own):
    guide = Browser(own, "guide")
    for page in ("", "/pairs", "/next", "/restocks", "/801fdbbc1d6b08f8"):
        assert guide.get(f"/b/pond/products{page}").status_code == 403
    assert "/b/pond/products" not in guide.get("/b/pond/overview").text
    analyst = Browser(own, "analyst")
    assert analyst.get(HITS).status_code == 200
    for path in (HITS, PAIRS):
        allowed = "as=csv" in analyst.get(path).text
        assert (analyst.get(f"{path}&as=csv").status_code == 200) == allowed
