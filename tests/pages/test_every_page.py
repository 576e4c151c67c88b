"""Every page renders, speaks one language, and asks the database few questions."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.pages.every_page import PAGES, REFUSED
from yutang.console.render import FOLDER, environment

COUNTS = Path(__file__).parent / "query_counts.json"
MOST_QUERIES = 16
CHINESE = re.compile(r"[\u3400-\u9fff]")
LATIN = re.compile(r"[A-Za-z_]{3,}")


def _words(text: str) -> list[str]:
    return text.split()


# Words that are the same in both languages: formats, names of products, keys, codes in the data.
SAME = frozenset(
    _words("""
    tag_added tag_removed identifier tag
    API BOM CSV DOUYIN ERP English Excel GMV ISO JSON KOC NDJSON POS Parquet SDK SMS UTF
    XLSX Yutang api csv doctor json openid unionid utf xlsx yutang Authorization Bearer Esc
    RFM Unix parquet SKU WeCom IP Enter YUTANG_PUBLIC_URL PostHog Segment RudderStack App serve
    SQL DuckDB Ctrl analytics posthog collect HTTP HTTPS Web Python Node Java curl server_url
    request profile_set identify set MCP mcp
    request profile_set identify set Webhook MAD Iglewicz Hoaglin HMAC SHA
    YUTANG_WEBHOOK_PRIVATE https BG NBD Pareto Gamma bgnbd pnbd log likelihood
    NES AIPL Kaplan Meier
    Splink splink fake FEBRL pip install identity suggest
    request profile_set identify set ARPU ARPPU LTV DAU MAU
    """)
)
# Words of the small installation: identities, events, properties, logins, file names.
DATA = frozenset(
    _words("""
    admin analyst anglo boss guide operator orders events ndjson code_scanned contact_added
    content_read order_paid order_refunded item_bought touchpoint seconds ten package_card
    Origin import test custom own event order time identities title category quantity phone
    order_id shop platform created_at paid_at paid member_no item_paid zzzz detail record
    row brand_id role command line file domain refund channel store province city item_id
    brand site till message_id stage nothing tail testclient never first repeat dormant lost filter
    xlsx csv visits likes note vip mail level grp birthday rule
    """)
)


class Words(HTMLParser):
    """The texts a reader can meet: text, and the attributes that are read out or shown.

    Code, identities and raw rows (class mono) are data, not words.
    """

    SHOWN = ("title", "placeholder", "aria-label", "alt", "data-confirm", "data-confirm-more")
    VOID = ("input", "br", "hr", "meta", "link", "img", "path", "ellipse", "circle", "polyline")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent: list[bool] = [False]

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "lang" in given and tag == "button":
            return self.silent.append(True)  # the switch to the other language names it
        self.found += [value for name, value in attrs if name in self.SHOWN and value]
        if tag not in self.VOID:
            mono = "mono" in (given.get("class") or "").split()
            hidden = tag in ("script", "style", "textarea") or mono
            self.silent.append(self.silent[-1] or hidden)
        return None

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            self.silent.pop()

    def handle_data(self, data):
        if not self.silent[-1] and data.strip():
            self.found.append(data.strip())


def texts(html: str) -> list[str]:
    reader = Words()
    reader.feed(html)
    return reader.found


@pytest.fixture(
    params=[
        pytest.param(("zh", "boss"), id="zh"),
        pytest.param(("en", "anglo"), id="en", marks=pytest.mark.slow),
    ]
)
def speaking(request, browser_of):
    locale, login = request.param
    return locale, browser_of(login)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_renders_and_speaks_one_language(name, speaking):
    locale, browser = speaking
    page = browser.get(PAGES[name])
    assert page.status_code == REFUSED.get(name, 200), page.text[:2000]
    assert f'lang="{"zh-CN" if locale == "zh" else "en"}"' in page.text
    found = texts(page.text)
    if locale == "en":
        foreign = [text for text in found if CHINESE.search(text) and text != "中文"]
    else:
        foreign = [text for text in found if set(LATIN.findall(text)) - SAME - DATA]
    assert not foreign


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_no_gap_after_a_chinese_stop(name, browser):
    """“。” brings its own space; templates put `gap` between sentences."""
    page = re.sub(r"<(script|style).*?</\1>", "", browser.get(PAGES[name]).text, flags=re.DOTALL)
    page = re.sub(r"</?(b|i|a|span|em|code)\b[^>]*>", "", page)  # what stands inside a line
    gaps = re.findall(r".{9}[。？！，；：] +[\u3400-\u9fff].{9}", page)
    assert not gaps


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_few_questions(name, browser, shared):
    """Pinned in query_counts.json: a query more is an N+1, or a decision and then pinned anew
    (YUTANG_PIN_QUERIES=1)."""
    seen: list[str] = []

    def count(_c, _cursor, statement, *_):
        seen.append(statement)

    browser.get(PAGES[name])  # what is loaded once per process is not the page's
    engines = [shared.installation.db.engine] + [
        shared.brand(row.slug).workspace.db.engine for row in shared.brands()
    ]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count)
    try:
        browser.get(PAGES[name])
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", count)
    queries = [one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))]
    pinned = json.loads(COUNTS.read_text())
    if os.environ.get("YUTANG_PIN_QUERIES"):
        pinned[name] = len(queries)
        COUNTS.write_text(json.dumps(pinned, indent=1, sort_keys=True) + "\n")
    assert len(queries) <= MOST_QUERIES, "\n".join(queries)
    assert len(queries) <= pinned[name], "\n".join(queries)


def test_every_template_compiles():
    made = environment("zh")
    names = [str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html")]
    assert len(names) > 25
    for name in names:
        made.get_template(name)


def test_simulated_data_say_so_on_every_page(browser):
    for section in ("overview", "customers", "shops", "imports", "health", "settings/me"):
        assert "模拟数据" in browser.get(f"/b/dry/{section}").text
        assert "模拟数据" not in browser.get(f"/b/pond/{section}").text


def test_real_data_name_their_origin(browser):
    assert "数据来源" in browser.get("/b/pond/overview").text


def test_a_part_of_a_page_has_the_same_address(browser):
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    whole = browser.get("/b/pond/customers?stage=repeat")
    part = browser.get("/b/pond/customers?stage=repeat", headers=headers)
    assert "<html" in whole.text
    assert "<html" not in part.text
    assert part.text.strip() in whole.text or len(part.text) < len(whole.text) / 2
    assert whole.headers["vary"] == part.headers["vary"] == "HX-Request"


def test_numbers_lead_to_their_people(browser):
    page = browser.get("/b/pond/overview?period=all").text
    link = re.search(r'href="(/b/pond/customers\?people=[^"]+)" title="看背后的 60 人"', page)[1]
    assert "<b>60</b> 人" in browser.get(link).text


def test_a_cell_of_a_funnel_leads_to_its_people(browser):
    page = browser.get(PAGES["funnel, compared"]).text
    cells = re.findall(r'class="cell" href="(/b/pond/customers\?people=[^"]+)">([\d,]+)</a>', page)
    assert cells
    for link, n in cells:
        assert f"<b>{n}</b> 人" in browser.get(link.replace("&amp;", "&")).text
