"""Stored runs of RFM over the API."""

from __future__ import annotations

from pathlib import Path

from tests.api.conftest import Office


def test_runs_are_stored_compared_deleted_and_brought_back(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client = office.client("analyst")
    first = client.post("/runs", json={}).json()
    assert (first["edges_of"], sum(one["people"] for one in first["groups"].values())) == (0, 2)
    second = client.post("/runs", json={"edges_of": first["id"]}).json()
    assert second["edges"] == first["edges"]
    assert [one["id"] for one in client.get("/runs").json()] == [second["id"], first["id"]]
    path = f"/runs/{first['id']}"
    for asked in ("", f"?after={second['id']}", "?edges=own"):
        moved = client.get(f"{path}/movement{asked}").json()
        assert moved["same_edges"]
        assert {move["kind"] for move in moved["moves"]} == {"stayed"}
        assert sum(move["people"] for move in moved["moves"]) == 2
    assert client.delete(path).json() == first
    assert client.get(f"{path}/movement").status_code == 404
    assert client.post(f"{path}/restore").json() == first
    assert client.post("/runs", json={"params": {"sample": 2}}).status_code == 422
    assert client.post("/runs", json={"edges_of": 77}).status_code == 404
    assert client.post("/analyse/rfm", json={}).json()["computed_at"] > 0
