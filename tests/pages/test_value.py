"""Value to come on its page: sorted, exported, with the brand's own margin."""

from __future__ import annotations

import csv
import io
import re

from tests.pages.conftest import Browser

PAGE = "/b/pond/customers/value"


def _first(page: str) -> list[str]:
    return re.findall(r'/customers/(\d+)"><b>#', page)


def test_the_list_is_sorted_and_leads_to_the_customers(browser):
    scores = browser.services.brand("pond").predictions.scores()
    best = scores.customers[(-scores.value[365]).argsort(kind="stable")][:5].tolist()
    assert [int(n) for n in _first(browser.get(PAGE).text)[:5]] == best
    least = scores.customers[scores.alive.argsort(kind="stable")][:5].tolist()
    assert [int(n) for n in _first(browser.get(f"{PAGE}?sort=alive").text)[:5]] == least
    assert 'href="/b/pond/customers/value" aria-current="page"' in browser.get(PAGE).text


def test_the_list_is_exported_whole(browser_of):
    answer = browser_of("boss").get(f"{PAGE}?as=csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    predictions = browser_of("boss").services.brand("pond").predictions
    assert len(rows) - 1 == len(predictions.fitted().customers)
    assert all(0 <= float(row[1]) <= 1 for row in rows[1:])
    assert browser_of("boss").get(f"{PAGE}?as=doc").status_code == 422


def test_margin_and_discount_are_kept_in_percent(acting):
    before = acting.get(PAGE).text
    done = acting.post(PAGE, {"margin": "40", "discount": "8.5%"})
    assert done.status_code == 303
    brand = acting.services.brand("pond")
    assert (brand.predictions.settings().margin, brand.predictions.settings().discount) == (
        0.4, 0.085,
    )  # fmt: skip
    after = acting.get(PAGE).text
    assert 'name="margin" inputmode="decimal" required style="width:72px" value="40.0"' in after
    assert _first(before)[:3] == _first(after)[:3]
    for wrong in ({"margin": "0", "discount": "5"}, {"margin": "much", "discount": "5"}):
        refused = acting.post(PAGE, wrong)
        assert refused.status_code == 422
        assert "msg bad" in refused.text
    assert brand.audit.page()[0].action == "predictions_set"


def test_who_may_not_analyse_does_not_see_it(own):
    guide = Browser(own, "guide")
    assert guide.get(PAGE).status_code == 403
    assert "/customers/value" not in guide.get("/b/pond/customers").text
