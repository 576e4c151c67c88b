"""Questions in SQL over the API."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import Office


@pytest.fixture(scope="module")
def client(filled: tuple[Office, dict[str, int]]) -> TestClient:
    return filled[0].client("analyst")


def test_an_answer_has_columns_and_rows(client: TestClient) -> None:
    sql = "SELECT count(*) AS n, max(paid_at) AS last, 1.5 AS half, NULL AS nothing FROM orders"
    found = client.post("/sql", json={"sql": sql}).json()
    assert [one["name"] for one in found["columns"]] == ["n", "last", "half", "nothing"]
    ((n, last, half, nothing),) = found["rows"]
    assert n > 0
    assert "T" in last
    assert (half, nothing, found["cut"]) == (1.5, None, False)


def test_tables_are_told(client: TestClient) -> None:
    tables = {one["name"]: one["columns"] for one in client.get("/sql/tables").json()}
    assert set(tables) == {"events", "orders", "order_lines", "customers"}
    assert {"name": "paid_fen", "type": "BIGINT"} in tables["orders"]


def test_what_does_not_read_is_refused(client: TestClient) -> None:
    refused = client.post("/sql", json={"sql": "DROP VIEW events"})
    assert refused.status_code == 422
    assert "SELECT" in refused.json()["message"]
    assert client.post("/sql", json={"sql": "SELECT 1", "rows": 10**6}).status_code == 422
