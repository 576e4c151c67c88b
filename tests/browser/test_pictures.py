"""Pictures of every page, to be looked at: two sizes, two themes, two languages.

They are written to tests/browser/pictures. YUTANG_README_SHOTS=1 also makes the two pictures of
the README (docs/images), best on the demo:

    YUTANG_BROWSER_HOME=demo YUTANG_BROWSER_LOGIN=demo:PASSWORD YUTANG_README_SHOTS=1 \\
        .venv/bin/pytest tests/browser/test_pictures.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.conftest import PICTURES, drawn

PAGES = (
    "overview", "customers", "customers/3", "analyse", "analyse/funnel", "analyse/event", "imports",
    "imports/1", "shops", "health", "health/quarantine", "live", "settings/staff",
    "settings/sources", "settings/sources/1", "settings/events",
)  # fmt: skip
DOCS = Path(__file__).parents[2] / "docs" / "images"
README = {"overview": "overview.png", "analyse/funnel": "funnel.png"}
BRAND = os.environ.get("YUTANG_BROWSER_BRAND", "pond")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_has_its_picture(open_page, path, size, dark):
    page = open_page(f"/b/{BRAND}/{path}", size, dark=dark)
    drawn(page)
    theme = page.evaluate("document.documentElement.dataset.bsTheme")
    assert theme == ("dark" if dark else "light")
    PICTURES.mkdir(exist_ok=True)
    name = f"{path.replace('/', '-')}-{size}-{theme}.png"
    page.screenshot(path=PICTURES / name)
    assert page.complaints == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_its_english_picture(open_page, path):
    page = open_page(f"/b/{BRAND}/{path}")
    page.click(".top .lang button")
    page.wait_for_selector("html[lang=en]")
    drawn(page)
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{path.replace('/', '-')}-english.png")
    page.click(".top .lang button")
    page.wait_for_selector("html[lang=zh-CN]")
    assert page.complaints == []


@pytest.mark.skipif(not os.environ.get("YUTANG_README_SHOTS"), reason="only when asked for")
@pytest.mark.parametrize("path", README)
def test_the_readme_has_its_pictures(open_page, path):
    page = open_page(f"/b/{BRAND}/{path}")
    drawn(page)
    DOCS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=DOCS / README[path])
    assert (DOCS / README[path]).stat().st_size > 20_000
