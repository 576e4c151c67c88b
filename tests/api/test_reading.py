"""What the API says of a filled brand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Get, Office

Filled = tuple[Office, dict[str, int]]


def test_status_counts_what_the_brand_holds(filled: Filled, get: Get) -> None:
    status = get("/status")
    assert status == {
        **status,
        **filled[0].services.brand("main").status(),
        "brand": "main",
        "simulated": False,
        "fresh": True,
    }
    assert (status["events"], status["orders"], status["quarantined"]) == (60, 3, 56)


def test_customers_are_paged_to_the_end(get: Get) -> None:
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = get("/customers", sort="id", limit=3, cursor=cursor)
        assert page["total"] == 8
        seen += [row["id"] for row in page["rows"]]
        cursor = page["next_cursor"]
    assert seen == sorted(set(seen))
    assert len(seen) == 8


def test_customers_are_filtered_and_sorted(get: Get) -> None:
    buyers = get("/customers", orders_min=1, sort="-paid_fen")
    assert [(row["member_no"], row["paid_fen"]) for row in buyers["rows"]] == [
        ("m1", 13_000),
        ("m2", 2_050),
    ]
    assert buyers["value_fen"] == 15_050
    assert get("/customers", search="m2")["total"] == 1


def test_a_customer_and_his_story(get: Get) -> None:
    (row,) = get("/customers", search="m1")["rows"]
    one = get(f"/customers/{row['id']}")
    assert {**row}.items() <= one.items()
    assert {"member_no"} <= {identity["kind"] for identity in one["identities"]}
    story: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = get(f"/customers/{row['id']}/timeline", cursor=cursor, limit=3)
        story += page["rows"]
        cursor = page["next_cursor"]
    assert [one["at"] for one in story] == sorted((one["at"] for one in story), reverse=True)
    assert sum(entry["paid_fen"] or 0 for entry in story) == 13_000
    assert len(story) == 2 + len([i for i in range(60) if i % 8 == 1])


def test_imports_are_listed_newest_first_page_by_page(filled: Filled, get: Get) -> None:
    first = get("/imports", limit=1)
    second = get("/imports", limit=1, cursor=first["next_cursor"])
    assert [one["rows"][0]["id"] for one in (first, second)] == [
        filled[1]["orders"],
        filled[1]["events"],
    ]
    assert second["next_cursor"] is None
    one = get(f"/imports/{filled[1]['orders']}")
    assert (one["status"], one["result"]["orders"], one["created_by"]) == (
        "done", 3, "key:operator key",
    )  # fmt: skip


def test_errors_of_an_import_say_why_and_what_to_do(filled: Filled, get: Get) -> None:
    (row,) = get(f"/imports/{filled[1]['orders']}/errors")["rows"]
    assert (row["row"], row["column"], row["reason"], row["value"]) == (
        5, "订单实付金额", "unreadable_amount", "ten",
    )  # fmt: skip
    assert row["remedy"]
    page = get("/quarantine", reason="value_misfit", limit=2)
    assert page["total"] == 54
    assert len(page["rows"]) == 2
    assert page["next_cursor"]


def test_health_knows_sources_sizes_and_caches(filled: Filled, get: Get) -> None:
    health = get("/health")
    (source,) = health["sources"]
    assert source["counts"]["accepted"] == 60 + 3 + 3
    assert source["counts"]["quarantined"] == 56
    assert {one["name"]: one["rows"] for one in health["tables"]} == {
        "events": 60, "orders": 3, "order_lines": 3, "profiles": 0,
    }  # fmt: skip
    assert set(health["caches"].values()) == {health["facts_version"]}
    assert sum(health["volumes"]["rows"]["events"]) == 60


def test_the_dictionary(get: Get) -> None:
    events = {one["name"]: one for one in get("/dictionary/events")}
    assert events["page_viewed"]["label"] == "viewed a page"
    assert sum(one["events"] for one in events.values()) == 60
    types = {one["name"]: one["type"] for one in get("/dictionary/properties")}
    assert types["page"] == "string"
    assert types["paid"] == "number"


def test_the_overview_carries_formulas(get: Get) -> None:
    overview = get("/overview", period="all")
    numbers = {one["id"]: one for one in overview["numbers"]}
    assert numbers["gmv_paid"]["value"] == 15_050
    assert numbers["buyers"]["people"] == 2
    assert all(one["formula"] and one["normal"] for one in numbers.values())
    assert get("/overview", period="custom", first="2026-05-01", last="2026-05-02")["last"] == (
        "2026-05-02"
    )


def test_models_describe_their_parameters_and_answer(filled: Filled, get: Get) -> None:
    models = {one["name"]: one for one in get("/models")}
    assert set(models) >= {"funnel", "event"}
    assert "steps" in models["funnel"]["params"]["properties"]
    params = {
        "steps": [{"event": "page_viewed"}, {"event": "order_paid"}],
        "window": {"value": 90, "unit": "day"},
    }
    client = filled[0].client("analyst")
    answer = client.post("/analyse/funnel", json=params)
    assert answer.status_code == 200, answer.text
    direct = filled[0].services.brand("main").analyse("funnel", params)
    assert answer.json()["rows"] == direct["rows"]


@pytest.mark.parametrize("model", ["retention", "distribution", "activity", "stickiness"])
def test_habits_are_asked_by_the_api(filled: Filled, model: str) -> None:
    client = filled[0].client("analyst")
    answer = client.post(
        f"/analyse/{model}", json={"event": "order_paid"} if model != "retention" else {}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"]
    assert answer.json()["tables"]
    refused = client.post(f"/analyse/{model}", json={"top": 0})
    assert refused.status_code == 422, refused.text
    assert "“top” is at least 1." in refused.text


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("/customers/99999", {}, "not_found"),
        ("/imports/999", {}, "not_found"),
        ("/imports/999/errors", {}, "not_found"),
        ("/nothing", {}, "not_found"),
        ("/customers", {"sort": "shoe_size"}, "bad_input"),
        ("/customers", {"stage": "rich"}, "bad_input"),
        ("/customers", {"limit": 0}, "bad_input"),
        ("/customers", {"cursor": "!"}, "bad_input"),
        ("/customers/one", {}, "bad_input"),
        ("/overview", {"period": "forever"}, "bad_input"),
        ("/quarantine", {"status": "lost"}, "bad_input"),
    ],
)
def test_errors_have_a_code_and_a_sentence(
    filled: Filled, path: str, params: dict[str, Any], code: str
) -> None:
    answer = filled[0].client().get(path, params=params)
    assert answer.status_code in (404, 422)
    problem = answer.json()
    assert problem["code"] == code
    assert set(problem) == {"code", "message", "hint"}
    assert problem["message"]


def test_a_wrong_question_is_answered_with_its_place(filled: Filled) -> None:
    client = filled[0].client()
    answer = client.post("/analyse/funnel", json={"steps": "many"})
    assert answer.status_code == 422
    assert "steps" in answer.json()["message"]
    assert client.post("/analyse/tarot", json={}).json()["code"] == "not_found"
