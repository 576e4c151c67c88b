"""Live view and sources in a browser, with events sent through the served receivers."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
from types import SimpleNamespace
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from tests.browser.conftest import PICTURES, SIZES, log_in, opening
from tests.pages import pond
from yutang import logs
from yutang.app import Services
from yutang.collect import Receiver
from yutang.collect.group import Trouble
from yutang.collect.server import server_of
from yutang.console import make_console
from yutang.receivers import open_collecting
from yutang.settings import Settings

LIVE, SOURCES = "/b/pond/live", "/b/pond/settings/sources"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A console with receivers in front, as `yutang serve` has them; nothing takes events in."""
    home = tmp_path_factory.mktemp("served") / "home"
    pond.make(home)
    logs.configure("warning")
    listener = socket.create_server(("127.0.0.1", 0))
    settings = Settings(home=home, port=listener.getsockname()[1])
    services = Services.open(settings)
    services.staff = pond.fast_staff(services)
    services.collecting = open_collecting(settings)
    server = server_of(Receiver(services.collecting, make_console(services)), log_level="error")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield SimpleNamespace(url=f"http://127.0.0.1:{settings.port}", services=services)
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def cookies(chromium, served):
    return log_in(chromium, served.url, "boss", pond.PASSWORD)


@pytest.fixture
def look_at(chromium, served, cookies):
    """look_at(path, size="desk") → a page of the served console."""
    with opening(chromium, served.url, cookies) as opened:
        yield opened


def send(served, event: str, **properties) -> None:
    """One event the way the Sensors SDK of a server sends it."""
    record = {
        "type": "track", "event": event, "time": 1_795_000_000_000, "distinct_id": "m-1",
        "identities": {"$identity_login_id": "m-1", "$identity_mobile": "13900139000"},
        "properties": properties, "lib": {"$lib": "js", "$lib_version": "1.27.11"},
    }  # fmt: skip
    data = quote(base64.b64encode(json.dumps([record]).encode()).decode(), safe="")
    key = served.services.brand("pond").sources.at(1).key
    url = f"{served.url}/sa?project=x&token={key}"
    with urlopen(Request(url, f"data_list={data}".encode())) as answer:
        assert answer.status == 200


def shoot(page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def test_an_event_appears_by_itself_and_opens(served, look_at):
    page = look_at(LIVE)
    before = page.locator("details.rec").count()
    send(served, "ProductViewed", sku="A1", phone="13900139000")
    fresh = page.locator("details.rec:has-text('ProductViewed')")
    fresh.wait_for(timeout=6000)
    assert page.locator("details.rec").count() == before + 1
    assert page.locator("details.rec").first.inner_text().count("ProductViewed") == 1
    fresh.locator("summary").click()
    page.wait_for_selector("details[open] pre.code")
    text = fresh.inner_text()
    assert "139****9000" in text
    assert "13900139000" not in page.content()
    assert page.locator("#pause").get_attribute("aria-pressed") == "true", "reading holds it"
    send(served, "WhileReading")
    page.wait_for_timeout(2600)
    assert page.locator("details.rec:has-text('WhileReading')").count() == 0
    fresh.locator("summary").click()
    page.wait_for_selector("details.rec:has-text('WhileReading')")
    assert page.locator("details.rec").count() == before + 2
    ids = page.evaluate("[...document.querySelectorAll('details.rec')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert page.complaints == []


def test_the_keyboard_moves_opens_and_pauses(served, look_at):
    page = look_at(LIVE)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    focused = page.evaluate("document.activeElement.parentElement.id")
    assert focused == page.locator("details.rec").first.get_attribute("id")
    page.keyboard.press("Enter")
    page.wait_for_selector("details[open] pre.code")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pause[aria-pressed=false]")
    page.keyboard.press("p")
    assert page.locator("#pause").get_attribute("aria-pressed") == "true"
    send(served, "Paused")
    page.wait_for_timeout(2600)
    assert page.locator("details.rec:has-text('Paused')").count() == 0
    page.keyboard.press("p")
    page.wait_for_selector("details.rec:has-text('Paused')")
    assert page.complaints == []


def test_searching_keeps_only_what_fits_now_and_later(served, look_at):
    send(served, "Searched", sku="ZZ1")
    page = look_at(LIVE)
    page.fill(".livebar [name=q]", "sku=zz1")
    page.wait_for_url("**q=sku%3Dzz1*")
    page.wait_for_function("() => document.querySelectorAll('details.rec').length === 1")
    send(served, "Other", sku="YY")
    send(served, "SearchedToo", sku="ZZ1")
    page.wait_for_selector("details.rec:has-text('SearchedToo')")
    assert page.locator("details.rec").count() == 2
    page.check("input[name=problems]")
    page.wait_for_selector("#nothing")
    assert page.complaints == []


def test_a_source_is_connected_and_tests_itself(served, look_at):
    page = look_at(SOURCES)
    page.fill("[name=name]", "小程序")
    page.check("input[value=segment]")
    page.click("form .btn-p")
    page.wait_for_url(re.compile(r"/sources/\d+$"))
    assert served.url in page.locator(".sdk pre").first.inner_text()
    page.click("label[for=sdk-segment-python]")
    assert page.locator("#text-segment-python").is_visible()
    assert page.locator("#text-segment-web").is_hidden()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".sdk:visible [data-copy]").click()
    assert "analytics.write_key" in page.evaluate("navigator.clipboard.readText()")
    page.click("text=自检 >> nth=0")
    page.wait_for_url("**test=*")
    page.wait_for_selector(".trail")
    states = page.locator(".trail li").evaluate_all("rows => rows.map(row => row.className)")
    assert states == ["ok", "ok", "ok", "wait"]
    shoot(page, "source-tested-desk")
    page.click("text=查看这个事件")
    page.wait_for_selector("pre.code")
    assert "yutang_self_test" in page.locator("h1").inner_text()
    assert page.complaints == []


def test_they_work_without_scripts(served, look_at):
    send(served, "NoScript", sku="A1")
    page = look_at(LIVE, java_script_enabled=False)
    page.fill(".livebar [name=q]", "NoScript")
    page.click("form.livebar button.nojs")
    assert page.locator("details.rec").count() == 1
    page.click("details.rec summary")
    page.click("details.rec .nojs a")
    assert "NoScript" in page.locator("h1").inner_text()
    page.goto(f"{SOURCES}/1")
    page.click("label[for=sdk-sensors-mini]")
    assert page.locator("#text-sensors-mini").is_visible()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", [LIVE, SOURCES, f"{SOURCES}/1", "/b/pond/health?source=site"])
def test_pictures(served, look_at, path, size):
    send(served, "ProductViewed", sku="A1", price=99.5, title="修护精华")
    page = look_at(path, size)
    if path == LIVE:
        page.locator("details.rec summary").first.click()
        page.wait_for_selector("details[open] pre.code")
    name = path.replace("/b/pond/", "").replace("/", "-").partition("?")[0]
    shoot(page, f"{name}-{size}-tracking")
    page.screenshot(path=PICTURES / f"{name}-{size}-tracking-whole.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    if size == "phone":
        small = page.evaluate(
            "[...document.querySelectorAll('.btn-p, .btn-s, .pill, select.in, .rec summary')]"
            ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 39.5)"
            ".map(e => e.outerHTML.slice(0, 90))"
        )
        assert small == []
    assert page.complaints == []


def test_a_failed_test_and_a_full_disk_are_plain_to_see(served, look_at, monkeypatch):
    brand = served.services.brand("pond")
    monkeypatch.setattr(brand.connecting, "base", "http://127.0.0.1:9")
    page = look_at(f"{SOURCES}/1", dark=True)
    page.click("text=自检 >> nth=0")
    page.wait_for_selector(".trail li.bad")
    assert "YUTANG_PUBLIC_URL" in page.locator(".trail li.bad").inner_text()
    shoot(page, "source-failed-desk-dark")
    group = served.services.collecting.group("pond")
    group.trouble = Trouble(1_795_000_000_000, "No space left on device")
    try:
        page.goto("/b/pond/overview")
        assert "事件无法写入" in page.locator(".alarm").inner_text()
        shoot(page, "alarm-desk-dark")
    finally:
        group.trouble = None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["/b/dry/live", "/b/dry/settings/sources"])
def test_empty_pages_teach(look_at, path, size):
    page = look_at(path, size)
    assert page.locator(".empty").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    shoot(page, f"{path.replace('/b/', '').replace('/', '-')}-{size}")
    assert page.complaints == []
