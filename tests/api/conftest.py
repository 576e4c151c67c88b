"""An installation with two brands and the API on it; the worker runs when a test says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.small_brand import write_events
from yutang import api
from yutang.app import Services
from yutang.installation import Installation
from yutang.settings import Settings
from yutang.worker import work_on

ORDERS = """订单号,付款时间,订单实付金额,商品名称,数量,会员号
A1,2026-05-01 10:00:00,100,soap,1,m1
A2,2026-05-02 10:00:00,20.50,cream,2,m2
A3,2026-05-03 10:00:00,30,soap,1,m1
A4,2026-05-03 11:00:00,ten,soap,1,m3
"""


class Office:
    """An application under test: its services, nudges and clients by role."""

    def __init__(self, home: Path) -> None:
        installation = Installation.create(home)
        installation.add_brand("main", "Main")
        installation.add_brand("other", "Other")
        self.app = FastAPI()
        self.services = Services.open(Settings(home=home, upload_limit_mb=1))
        self.app.state.services = self.services
        self.nudged: list[str] = []
        self.app.state.nudge = self.nudged.append
        api.mount(self.app)

    def client(self, role: str = "admin", brand: str = "main") -> TestClient:
        row = self.services.installation.get_brand(brand)
        _, secret = self.services.staff.add_key(row.id, f"{role} key", role, by="test")
        headers = {"Authorization": f"Bearer {secret}"}
        return TestClient(self.app, base_url="http://test/api/v1", headers=headers)

    def nobody(self) -> TestClient:
        return TestClient(self.app, base_url="http://test/api/v1")

    def work(self) -> None:
        for row in self.services.brands():
            work_on(self.services.brand(row.slug))

    def fill(self, folder: Path) -> dict[str, int]:
        """Import an event file and an order file with one bad row; import ids by kind."""
        client = self.client("operator")
        events = write_events(folder / "events.ndjson", count=60, people=8)
        files = {"events": events.read_bytes(), "orders": ORDERS.encode()}
        ids = {
            kind: client.post(
                "/imports",
                files={"file": (f"{kind}.csv", content)},
                data={"kind": kind, "platform": "pos", "shop": "s1"},
            ).json()["id"]
            for kind, content in files.items()
        }
        self.work()
        return ids


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "home")


@pytest.fixture(scope="module")
def one_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An empty office for many tests, to which it is all one what the others did."""
    return Office(tmp_path_factory.mktemp("one") / "home")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, dict[str, int]]:
    """A filled office that tests only read."""
    folder = tmp_path_factory.mktemp("office")
    made = Office(folder / "home")
    return made, made.fill(folder)


Get = Callable[..., Any]


@pytest.fixture(scope="module")
def get(filled: tuple[Office, dict[str, int]]) -> Get:
    """GET as an admin of the filled brand; the JSON of a 200."""
    client = filled[0].client()

    def ask(path: str, **params: Any) -> Any:
        answer = client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask
