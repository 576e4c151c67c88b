"""A real browser on a real server over the small installation of the page tests.

Skipped where there is no Chromium (Debian: chromium, fonts-noto-cjk). Pictures go to
tests/browser/pictures (not in git); YUTANG_BROWSER_HOME=FOLDER serves another installation, such
as the demo, with YUTANG_BROWSER_LOGIN=login:password.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from tests.pages import pond
from yutang import logs
from yutang.app import Services
from yutang.console import make_console
from yutang.settings import Settings

PICTURES = Path(__file__).parent / "pictures"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SIZES = {"desk": (1440, 900), "phone": (390, 844)}


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="there is no Chromium on this machine"))


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    other = os.environ.get("YUTANG_BROWSER_HOME")
    if other:
        return Path(other)
    made = tmp_path_factory.mktemp("browser") / "home"
    pond.make(made)
    return made


@pytest.fixture(scope="session")
def login() -> tuple[str, str]:
    given = os.environ.get("YUTANG_BROWSER_LOGIN", f"boss:{pond.PASSWORD}")
    name, _, password = given.partition(":")
    return name, password


@pytest.fixture(scope="session")
def site(home):
    """The address of a running console."""
    logs.configure("warning")
    services = Services.open(Settings(home=home, upload_limit_mb=50))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(make_console(services), port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def state(chromium, site, login):
    """The cookies of a session, taken once."""
    return log_in(chromium, site, *login)


@pytest.fixture
def open_page(chromium, site, state):
    """open_page(path, size="desk", dark=False) → a page without complaints on its console."""
    with opening(chromium, site, state) as opened:
        yield opened


def log_in(chromium, url, login, password):
    """The cookies of a new session."""
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{url}/login")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("button.btn-p")
    page.wait_for_url("**/overview")
    kept = context.storage_state()
    context.close()
    return kept


@contextmanager
def opening(chromium, url, state):
    """Gives opened(path, size="desk", dark=False); its pages are closed at the end."""
    contexts = []

    def opened(path: str, size: str = "desk", *, dark: bool = False, **options):
        width, height = SIZES[size]
        context = chromium.new_context(
            storage_state=state,
            base_url=url,
            locale="zh-CN",
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=size == "phone",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: page.complaints.append(said.text) if said.type == "error" else None,
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def drawn(page) -> None:
    """Wait until every chart of the page stands."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('figure.chart .canvas')].every(c => c.dataset.drawn)"
    )
