"""From a name that waits to a number that counts it, in a browser with a worker beside it."""

from __future__ import annotations

import json
import re
import threading
import time

import pytest

from tests.browser.conftest import PICTURES, SIZES, log_in, opening
from tests.pages import pond
from yutang.app import Services
from yutang.catalog.records import Request
from yutang.console import make_console
from yutang.journal import SegmentWriter
from yutang.kit.clock import now_ms
from yutang.settings import Settings
from yutang.worker import work_on


@pytest.fixture(scope="module")
def desk(chromium, tmp_path_factory):
    """An installation of its own, since this changes its rules: (services, address, cookies)."""
    import socket

    import uvicorn

    home = tmp_path_factory.mktemp("desk") / "home"
    pond.make(home)
    services = Services.open(Settings(home=home, upload_limit_mb=5))
    work_on(services.brand("pond"))
    wanted = threading.Event()
    console = make_console(services, nudge=lambda _slug: wanted.set())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(console, port=port, log_level="error"))
    threads = [threading.Thread(target=server.run, daemon=True)]
    threads.append(threading.Thread(target=_work, args=(home, wanted, server), daemon=True))
    for thread in threads:
        thread.start()
    while not server.started:
        threads[0].join(0.02)
    url = f"http://127.0.0.1:{port}"
    yield services, url, log_in(chromium, url, "boss", pond.PASSWORD)
    server.should_exit = True
    for thread in threads:
        thread.join(timeout=30)


def _work(home, wanted, server) -> None:
    """What the worker process does, in a thread of this one."""
    brand = Services.open(Settings(home=home)).brand("pond")
    while not server.should_exit:
        if wanted.is_set():
            wanted.clear()
            work_on(brand)
        time.sleep(0.05)


@pytest.fixture
def opened(chromium, desk):
    _, url, cookies = desk
    with opening(chromium, url, cookies) as open_:
        yield open_


def send(services, *lines) -> None:
    brand = services.brand("pond")
    writer = SegmentWriter(brand.workspace.journal)
    key = brand.sources.get("till").key
    body = json.dumps(lines).encode()
    writer.append([Request("POST", "/collect", b"", {}, body, now_ms(), "", key)])
    writer.close()
    work_on(brand)


def test_a_name_waits_is_let_in_and_blocked(desk, opened):
    services = desk[0]
    page = opened("/b/pond/settings/events/rules")
    page.click("text=启用")
    page.click("dialog#sure [data-sure-yes]")
    page.wait_for_selector("text=严格模式已开启")
    send(services, *(
        {"event": "quiz_done", "identities": {"member_no": "M00003"}, "message_id": f"d{n}",
         "properties": {"score": n, "seconds": f"{n} 秒"}} for n in range(3)
    ))  # fmt: skip
    page.goto("/b/pond/settings/events/waiting")
    assert page.locator("[name=act][value=allow]").is_enabled()
    page.check("input[value='event:quiz_done']")
    page.click("[name=act][value=allow]")
    page.wait_for_selector("text=3 行已修复")  # the page follows the worker by itself
    page.goto("/b/pond/settings/events/waiting")  # its new property waits in its turn
    page.check("input[value='property:score']")
    page.click("[name=act][value=allow]")
    page.wait_for_selector("text=3 行已修复")
    page.goto("/b/pond/settings/events?q=quiz")
    line = page.locator("tr", has_text="quiz_done")
    assert re.search(r"3\s+3", line.inner_text())
    line.locator("[name=label]").fill("做完测试")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=已保存")
    line.locator("a").first.click()
    label = page.locator("input.in[name=label]")
    assert label.input_value() == "做完测试"
    page.locator("li", has_text="做完测试").get_by_text("改回").click()
    page.wait_for_selector("text=已保存")
    assert label.input_value() == ""
    page.click(".top >> text=屏蔽")
    page.click("dialog#sure [data-sure-yes]")
    page.wait_for_selector("text=这个名称已屏蔽")
    assert page.complaints == []


def test_values_are_renamed_and_a_record_is_mended(desk, opened):
    services = desk[0]
    late = {"event": "content_read", "time": "1970-01-01T00:00:05Z", "message_id": "r1"}
    send(services, {**late, "identities": {"phone": "13800138000"}, "properties": {"title": "T"}})
    page = opened("/b/pond/health/quarantine")
    group = page.locator(".groups tr", has_text="seconds")
    group.locator("summary").click()
    group.locator("[name=to]").fill("seconds_text")
    group.locator("[value=rename]").click()
    page.wait_for_selector("text=行已修复")
    page.locator("tr", has_text="till").locator("a").first.click()
    text = page.locator("textarea")
    assert "138****8000" in text.input_value()
    page.check("[value=drop]")
    text.fill(text.input_value().replace('"time": 5000', f'"time": {now_ms() - 5000}'))
    assert page.locator("[value=edit]").is_checked()  # typing chose it again
    page.click("text=执行")
    page.wait_for_selector("text=1 行已修复")
    lake = services.brand("pond").workspace.lake
    rows = lake.scan("events", ["event", "p_seconds_text"]).to_pylist()
    assert "ten" in {row["p_seconds_text"] for row in rows}
    assert page.complaints == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "path",
    ["settings/events", "settings/events/properties", "settings/events/waiting",
     "settings/events/rules", "settings/events/event?name=content_read",
     "settings/events/property?name=touchpoint", "health/quarantine",
     "health/quarantine/repair?id=4&id=5&id=6&id=7&id=8"],
)  # fmt: skip
def test_no_page_is_wider_than_its_screen(open_page, path, size):
    page = open_page(f"/b/pond/{path}", size)
    page.wait_for_load_state("networkidle")
    name = re.sub(r"\W+", "-", path.split("?")[0])
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-{size}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    assert page.complaints == []
