"""On a phone every control is as high as a thumb needs, and no page is wider than the glass."""

from __future__ import annotations

import pytest

from tests.browser.conftest import SIZES

THUMB = 44  # CSS px; links inside a sentence and what lies in a label are hit by their line
PAGES = (
    *("live", "health", "settings/sources", "settings/sources/1", "settings/privacy"),
    *("customers/3", "customers/3/attributes", "customers/3/attributes/one?name=city"),
    *("customers/3/merge?with=5", "customers/3/merge?q=tail0004", "customers/3/erase"),
    *("customers/3/split?identity=63", "customers/identity?status=joined"),
    *("customers/identity/decisions", "settings/privacy/erasures/1"),
)
SMALL = """thumb => [...document.querySelectorAll('a,button,summary,input,select')].filter((e) => {
  if (!e.checkVisibility({visibilityProperty: true})) return false;
  if (e.closest('.side,.what,.skip')) return false;
  if (['hidden', 'radio', 'checkbox'].includes(e.type) || e.className === 'picker') return false;
  if (e.tagName === 'A' && getComputedStyle(e).display === 'inline') return false;
  const box = e.getBoundingClientRect();
  return box.width > 0 && box.height < thumb - 0.5;
}).map(e => e.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("width", [390, 360])
@pytest.mark.parametrize("path", PAGES)
def test_controls_are_thumb_high(open_page, monkeypatch, path, width):
    monkeypatch.setitem(SIZES, "phone", (width, 780))
    page = open_page(f"/b/pond/{path}", "phone")
    assert page.evaluate(SMALL, THUMB) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_chosen_tab_is_in_view(open_page):
    page = open_page("/b/pond/settings/audit", "phone")
    box = page.locator(".tabs [aria-current]").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= SIZES["phone"][0]
