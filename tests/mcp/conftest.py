"""A filled installation, and clients of the protocol's own library on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from tests.api.conftest import Office
from yutang.api.keys import Caller
from yutang.mcp.contract import Call
from yutang.mcp.server import server_for

BASE = "http://console"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("mcp")
    made = Office(folder / "home")
    made.fill(folder)
    return made


def key_of(office: Office, role: str = "analyst", brand: str = "main") -> str:
    row = office.services.installation.get_brand(brand)
    return office.services.staff.add_key(row.id, f"{role} program", role, by="test")[1]


class Program:
    """A program with a key of a role, talking to the server in this process."""

    def __init__(self, office: Office, role: str = "analyst", brand: str = "main") -> None:
        secret = key_of(office, role, brand)
        services = office.services

        def call_of(_context: object) -> Call:
            key = services.staff.find_key(secret)
            assert key is not None
            return Call(Caller(key, services.brand(key.slug), "10.0.0.1"), BASE)

        self._server = server_for(call_of)

    def tools(self) -> list[str]:
        async def ask() -> list[str]:
            async with Client(self._server) as client:
                return [one.name for one in (await client.list_tools()).tools]

        return anyio.run(ask)

    def call(self, tool: str, **arguments: Any) -> Any:
        """The structured answer; a refusal's text as str."""

        async def ask() -> Any:
            async with Client(self._server) as client:
                answer = await client.call_tool(tool, arguments)
            if answer.is_error:
                return answer.content[0].text
            return answer.structured_content

        return anyio.run(ask)


@pytest.fixture(scope="module")
def program(office: Office) -> Callable[..., Program]:
    return lambda role="analyst", brand="main": Program(office, role, brand)


@pytest.fixture(scope="module")
def ask(office: Office) -> Callable[..., Any]:
    """Call a tool as an analyst."""
    return Program(office).call


@pytest.fixture(scope="module")
def home(office: Office) -> Path:
    return office.services.installation.home
