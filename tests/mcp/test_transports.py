"""The protocol over its real transports: HTTP behind the real server, a program's own process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.api.conftest import Office
from tests.collect.plain import serving
from tests.mcp.conftest import key_of
from yutang.app import create_app
from yutang.settings import Settings

pytestmark = pytest.mark.slow

SRC = Path(__file__).parents[2] / "src"
COUNT = {"sql": "SELECT count(*) AS n FROM orders"}


@pytest.fixture(scope="module")
def base(home: Path) -> Iterator[str]:
    with serving(create_app(Settings(home=home))) as (host, port):  # type: ignore[arg-type]
        yield f"http://{host}:{port}"


def over_http(base: str, key: str, mode: str) -> tuple[list[str], Any]:
    async def ask() -> tuple[list[str], Any]:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(f"{base}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                tools = [one.name for one in (await client.list_tools()).tools]
                return tools, (await client.call_tool("sql", COUNT)).structured_content

    return anyio.run(ask)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_programs_old_and_new_ask_over_http(base: str, office: Office, mode: str) -> None:
    tools, answer = over_http(base, key_of(office), mode)
    assert "run_model" in tools
    assert answer["rows"] == [[3]]


def test_links_lead_to_the_console_that_was_asked(base: str, office: Office) -> None:
    headers = {"Authorization": f"Bearer {key_of(office)}", "Accept": "application/json"}
    call = {"name": "describe_model", "arguments": {"model": "funnel"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    answer = httpx.post(f"{base}/mcp", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    page = answer.json()["result"]["structuredContent"]["page"]
    assert page == f"{base}/b/main/analyse/funnel"


@pytest.mark.parametrize("key", ["", "Bearer yt_nobody", "Basic abc"])
def test_without_a_key_nothing_is_told(base: str, key: str) -> None:
    headers = {"Authorization": key} if key else {}
    refused = httpx.post(f"{base}/mcp", json={}, headers=headers)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "API keys" in refused.json()["hint"]


def test_a_page_of_another_site_is_refused(base: str, office: Office) -> None:
    headers = {"Authorization": f"Bearer {key_of(office)}", "Origin": "http://evil.example"}
    assert httpx.post(f"{base}/mcp", json={}, headers=headers).status_code == 403


def test_a_body_ends_at_its_limit(base: str, office: Office) -> None:
    headers = {"Authorization": f"Bearer {key_of(office)}", "Accept": "application/json"}
    assert httpx.post(f"{base}/mcp", content=b"x" * 1_100_000, headers=headers).status_code == 413


def test_a_revoked_key_opens_nothing_any_more(base: str, office: Office) -> None:
    key = key_of(office)
    staff, row = office.services.staff, office.services.installation.get_brand("main")
    staff.revoke_key(row.id, staff.find_key(key).id, by="test")  # type: ignore[union-attr]
    assert httpx.post(f"{base}/mcp", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_program_starts_the_command(office: Office, home: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "yutang", "mcp", "--brand", "main", "--home", str(home)],
        env={"PYTHONPATH": str(SRC), "YUTANG_API_KEY": key_of(office)},
    )

    async def ask() -> tuple[list[str], Any]:
        async with Client(command) as client:
            tools = [one.name for one in (await client.list_tools()).tools]
            return tools, (await client.call_tool("sql", COUNT)).structured_content

    tools, answer = anyio.run(ask)
    assert "explain_number" in tools
    assert answer["rows"] == [[3]]


@pytest.mark.parametrize(
    ("key", "brand", "said"),
    [
        ("", "main", "An API key is needed"),
        ("yt_nobody", "main", "This key is not valid"),
        ("own", "other", "opens the brand “main”, not “other”"),
        ("own", "nowhere", "There is no brand “nowhere”"),
    ],
)
def test_the_command_refuses_in_a_sentence(
    office: Office, home: Path, key: str, brand: str, said: str
) -> None:
    given = key_of(office) if key == "own" else key
    done = subprocess.run(
        [sys.executable, "-m", "yutang", "mcp", "--brand", brand, "--home", str(home)],
        env={**os.environ, "PYTHONPATH": str(SRC), "YUTANG_API_KEY": given},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
