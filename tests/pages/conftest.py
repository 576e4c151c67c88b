"""One small installation for all page tests that only look; a fresh one for those that act."""

from __future__ import annotations

import re
import shutil
from functools import cache

import pytest
from starlette.testclient import TestClient

from tests.pages import pond
from yutang import logs
from yutang.app import Services
from yutang.console import make_console
from yutang.settings import Settings


@pytest.fixture(scope="session", autouse=True)
def plain_logs():
    """As in service: one line of JSON, not a picture of the stack with everybody's data."""
    logs.configure("critical")


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("pages") / "home"
    pond.make(home)
    return home


@pytest.fixture(scope="session")
def shared(filled_home) -> Services:
    """For tests that change nothing."""
    services = Services.open(Settings(home=filled_home, upload_limit_mb=5))
    services.staff = pond.fast_staff(services)
    return services


@pytest.fixture
def own(filled_home, tmp_path) -> Services:
    """A copy that a test may change."""
    home = tmp_path / "home"
    shutil.copytree(filled_home, home)
    services = Services.open(Settings(home=home, upload_limit_mb=5))
    services.staff = pond.fast_staff(services)
    return services


class Browser:
    """A client that is logged in and knows its CSRF value."""

    def __init__(self, services: Services, login: str = "boss", nudged: list | None = None) -> None:
        self.services = services
        self.nudged = [] if nudged is None else nudged
        console = make_console(services, nudge=self.nudged.append, now=lambda: pond.NOW)
        self.client = TestClient(console, follow_redirects=False)
        if login:
            self.log_in(login)

    def log_in(self, login: str, password: str = pond.PASSWORD):
        page = self.client.get("/login")
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        form = {"csrf": csrf, "login": login, "password": password, "next": "/"}
        return self.client.post("/login", data=form)

    def get(self, path: str, **options):
        return self.client.get(path, **options)

    @property
    def csrf(self) -> str:
        page = self.client.get("/b/pond/settings/me")
        return re.search(r'<meta name="csrf" content="([^"]+)"', page.text)[1]

    def post(self, path: str, data: dict | None = None, **options):
        return self.client.post(path, data={"csrf": self.csrf, **(data or {})}, **options)


@pytest.fixture
def browser(browser_of) -> Browser:
    return browser_of("boss")


@pytest.fixture
def acting(own) -> Browser:
    return Browser(own)


@pytest.fixture(scope="session")
def browser_of(shared):
    """One logged-in browser a login: logging in for each page would be most of the time."""
    return cache(lambda login: Browser(shared, login))
