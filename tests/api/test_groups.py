"""Groups by API: read, set, limits and words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.conftest import Office
from tests.groups import brand as sample

DAYS = {"period": "custom", "first": "2026-06-01", "last": "2026-06-30"}


@pytest.fixture
def full(office: Office, tmp_path: Path) -> Office:
    sample.bring(office.services.brand("main"), sample.write(tmp_path / "e.ndjson", sample.lines()))
    return office


def test_groups_are_listed_shown_and_set(full: Office) -> None:
    client = full.client()
    page = client.get("/groups", params={**DAYS, "limit": 3}).json()
    assert [one["key"] for one in page["rows"]] == ["A", "B", "C"]
    rest = client.get("/groups", params={**DAYS, "cursor": page["next_cursor"]}).json()
    assert [one["key"] for one in rest["rows"]] == ["D/1"]
    one = client.get("/groups/A", params=DAYS).json()
    assert one["numbers"]["members"] == 10
    assert one["numbers"]["response_p50"] == 0.5
    assert one["joiners"]["kept"]["7"] == {"still": 12, "of": 12}
    by_id = {check["id"]: check for check in one["checks"]}
    assert by_id["unanswered"]["value"] == 0
    assert client.get("/groups/C", params=DAYS).json()["numbers"]["questions"] is None
    assert client.get("/groups/D%2F1/people", params=DAYS).json()["total"] == 1
    people = client.get("/groups/A/people", params={**DAYS, "who": "silent", "limit": 2}).json()
    assert (people["total"], len(people["rows"])) == (5, 2)
    assert client.get("/groups/A/people", params={"who": "x"}).status_code == 422
    assert client.get("/groups/zz").status_code == 404
    made = client.put("/groups/D%2F1", json={"purpose": "flash", "dissolve_on": "2026-06-20"})
    assert made.json()["purpose"] == "flash"
    assert client.put("/groups/A", json={"purpose": "x"}).status_code == 422
    assert client.put("/groups/A", json={"dissolve_on": "x"}).status_code == 422
    assert client.put("/groups/A", json={"members": 3}).status_code == 422
    owners = client.get("/groups/owners", params=DAYS).json()
    assert owners[0]["owner"] == "G03"


def test_limits_and_words(full: Office) -> None:
    client = full.client()
    before = client.get("/groups/settings").json()
    assert before["limits"]["active"] == {"amber": 0.1, "red": 0.03, "weight": 3}
    new = {"answer_hours": 2, "limits": {"active": {"amber": 0.2}}, "complaint_words": ["收到"]}
    after = client.put("/groups/settings", json=new).json()
    assert (after["answer_hours"], after["limits"]["active"]["amber"]) == (2, 0.2)
    assert after["limits"]["active"]["red"] == 0.03
    assert after["complaint_words"] == ["收到"]
    assert after["recounting"]
    assert full.nudged == ["main"]
    full.work()
    assert client.get("/groups/A", params=DAYS).json()["numbers"]["complaints"] == 20
    tried = client.post("/groups/settings/try", json={"text": "收 到了吗"}).json()
    assert tried == {"question": ["吗"], "complaint": ["收到"]}
    for wrong in ({"opens": 23, "closes": 3}, {"limits": {"x": {}}}, {"red": 3},
                  {"complaint_words": ["x" * 41]}):  # fmt: skip
        assert client.put("/groups/settings", json=wrong).status_code == 422
