"""Sensors' and Segment's browser clients in Chromium: what pages send is what is stored."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Receiving
from tests.clients.test_clients import events

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
SENSORS = """<!doctype html><meta charset="utf-8"><title>Shop</title>
<script src="sensors.js"></script><script>
const s = window['sensorsDataAnalytic201505'];
s.init({server_url: '%(url)s/sa?project=default&token=%(key)s', send_type: '%(how)s',
  batch_send: %(batch)s, is_track_single_page: false, show_log: false, heatmap: {}});
s.quick('autoTrack');
for (let i = 0; i < 12; i += 1) s.track('WebViewed', {sku: 'A' + i, price: i + 0.5});
s.bind('$identity_mobile', '13800000000');
s.login('member-1');
for (let i = 0; i < 3; i += 1) s.track('WebPaid', {fen: i});
s.logout();
s.track('AfterLogout', {});
</script>"""
SEGMENT = """<!doctype html><meta charset="utf-8"><title>Shop</title><script>
window.analytics = [];
analytics._writeKey = '%(key)s'; analytics._cdn = '%(url)s';
for (const call of [['page'], ['identify', 'member-2', {level: 'gold'}],
  ['track', 'SegPaid', {fen: 5}], ['track', 'SegPaid', {fen: 6}]]) analytics.push(call);
</script><script src="segment.js"></script>"""


@pytest.fixture
def shop(tmp_path: Path, node_modules: Path) -> Iterator[tuple[str, Path]]:
    """(address, folder) of a site that holds the clients."""
    folder = tmp_path / "shop"
    folder.mkdir()
    shutil.copy(node_modules / "sa-sdk-javascript/sensorsdata.min.js", folder / "sensors.js")
    for path in (node_modules / "@segment/analytics-next/dist/umd").glob("*.js"):
        shutil.copy(path, folder / path.name)
    shutil.copy(folder / "standalone.js", folder / "segment.js")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", folder
        server.shutdown()


def visit(address: str, done: Any) -> None:
    """Open the page and stay until `done`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        for _ in range(600):
            if done():
                break
            page.wait_for_timeout(50)
        browser.close()


@pytest.mark.parametrize(
    ("how", "batch"),
    [("image", "false"), ("ajax", "false"), ("beacon", "false"), ("ajax", "true")],
)
def test_sensors_in_a_page(
    receiving: Receiving, shop: tuple[str, Path], how: str, batch: str
) -> None:
    address, folder = shop
    key = receiving.key("sensors")
    page = SENSORS % {"url": receiving.url, "key": key, "how": how, "batch": batch}
    (folder / "index.html").write_text(page, encoding="utf-8")

    def all_there() -> bool:
        receiving.ingest()
        return events(receiving, "AfterLogout") > 0 and events(receiving, "WebPaid") == 3

    visit(f"{address}/index.html", all_there)
    receiving.ingest()
    assert events(receiving, "WebViewed") == 12
    assert events(receiving, "WebPaid") == 3
    assert events(receiving, "AfterLogout") == 1
    assert events(receiving, "$pageview") == 1
    who = receiving.brand.identities
    member, phone = who.find("login_id", "member-1"), who.find("phone", "13800000000")
    assert member is not None
    assert phone is not None
    assert member.customer_id == phone.customer_id


def test_segment_in_a_page(receiving: Receiving, shop: tuple[str, Path]) -> None:
    address, folder = shop
    page = SEGMENT % {"url": receiving.url, "key": receiving.key("segment")}
    (folder / "index.html").write_text(page, encoding="utf-8")

    def all_there() -> bool:
        receiving.ingest()
        return events(receiving, "SegPaid") == 2 and events(receiving, "$pageview") == 1

    visit(f"{address}/index.html", all_there)
    assert events(receiving, "SegPaid") == 2
    assert events(receiving, "$pageview") == 1
    assert receiving.brand.identities.find("login_id", "member-2") is not None
