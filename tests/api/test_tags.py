"""Tags over the API and the command line."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.api.conftest import Office
from yutang.cli import app


def customers(office: Office) -> list[int]:
    brand = office.services.brand("main")
    found = brand.identities.find_customers(["m1", "m2"], "member_no")
    return [next(iter(found[name])) for name in ("m1", "m2")]


def test_tags_over_the_api(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    client, guide = office.client("operator"), office.client("guide")
    one, two = customers(office)
    group = client.post("/tag-groups", json={"name": "who", "exclusive": True}).json()
    a, b = (
        client.post("/tags", json={"group_id": group["id"], "name": name}).json() for name in "ab"
    )
    closed = client.post(
        "/tags", json={"group_id": group["id"], "name": "c", "set_by": "operators"}
    ).json()
    whom = {"identifiers": ["m1", "nobody", "m2"], "note": "why"}
    done = client.post(f"/tags/{a['id']}/people", json=whom).json()
    assert (done["added"], done["unknown"]) == (2, [2])
    assert client.get(f"/tags/{a['id']}/people").json()["rows"] == sorted((one, two))
    replaced = guide.post(f"/customers/{one}/tags", json={"tags": ["who/b"]}).json()
    assert (replaced["added"], replaced["replaced"]) == (1, 1)
    told = guide.get(f"/customers/{one}/tags").json()
    assert [tag["tag"] for tag in told["tags"]] == ["b"]
    assert told["tags"][0]["by"] == "key:guide key"
    assert [row["action"] for row in told["history"]] == ["remove", "add", "add"]
    assert client.post(f"/tag-changes/{replaced['changes'][0]}/undo").json()["added"] == 2
    assert client.post(f"/tag-changes/{replaced['changes'][0]}/undo").status_code == 409
    assert [tag["tag"] for tag in guide.get(f"/customers/{one}/tags").json()["tags"]] == ["a"]
    body = {"tags": [a["id"]]}
    assert guide.request("DELETE", f"/customers/{one}/tags", json=body).json()["added"] == 1
    assert guide.post(f"/customers/{one}/tags", json={"tags": [closed["id"]]}).status_code == 403
    gone = client.request("DELETE", f"/tags/{a['id']}/people", json=whom).json()
    assert (gone["added"], client.get(f"/tags/{a['id']}").json()["people"]) == (1, 0)
    page = client.get(f"/tags/{a['id']}/changes", params={"limit": 2}).json()
    rest = client.get(
        f"/tags/{a['id']}/changes", params={"limit": 2, "cursor": page["next_cursor"]}
    ).json()
    assert page["total"] == len(page["rows"]) + len(rest["rows"]) == 4
    spec = {"property": "customer.orders", "op": ">=", "value": 2}
    computed = client.post("/tags", json={"group_id": group["id"], "name": "d", "filter": spec})
    assert computed.json()["people"] == 1
    assert client.post(f"/tags/{computed.json()['id']}/people", json=whom).status_code == 422
    spec = {**spec, "value": 1}
    changed = client.patch(f"/tags/{computed.json()['id']}", json={"filter": spec, "name": "e"})
    assert (changed.json()["people"], changed.json()["name"]) == (2, "e")
    assert client.patch(f"/tags/{b['id']}", json={"archived": True}).json()["archived_at"]
    assert client.patch(f"/tags/{b['id']}", json={"archived": False}).status_code == 200
    assert client.patch(f"/tag-groups/{group['id']}", json={"exclusive": False}).status_code == 200
    assert {one["name"] for one in client.get("/tags").json()} == {"a", "b", "c", "e"}
    for path, wrong in (
        ("/tags", {"group_id": 99, "name": "x"}),
        ("/tags", {"group_id": group["id"], "name": "A"}),
        ("/tags", {"group_id": group["id"], "name": "x/y"}),
        ("/tag-groups", {"name": "who"}),
        (f"/customers/{one}/tags", {"tags": ["zzz"]}),
        (f"/customers/{one}/tags", {"tags": []}),
        ("/tags/99/people", whom),
        (f"/tags/{a['id']}/people", {"identifiers": ["nobody"]}),
    ):
        assert client.post(path, json=wrong).status_code in (404, 409, 422), path


def test_tags_on_the_command_line(office: Office, tmp_path: Path) -> None:
    office.fill(tmp_path)
    brand = office.services.brand("main")
    group = brand.tags.cabinet.add_group("g", by="t")
    brand.tags.cabinet.add(group.id, "t", by="t")
    run, common = CliRunner(), ["--home", str(office.services.settings.home), "--json"]
    listed, file = tmp_path / "list.csv", tmp_path / "tags.csv"
    listed.write_text("m1,Li\nnobody\nm2\n", encoding="utf-8")
    file.write_text("identifier,tag\nm1,g/t\nm2,t\nm2,zzz\n", encoding="utf-8")

    def ask(*words: str) -> dict:
        answer = run.invoke(app, ["tag", *words, *common])
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout)

    told = ask("add", "g/t", str(listed))
    assert (told["added"], told["unknown_lines"]) == (2, [2])
    assert ask("list")["tags"][0]["people"] == 2
    assert ask("undo", told["job"])["people"] == 2
    rejected = tmp_path / "rejected.csv"
    told = ask("import", str(file), "--rejected", str(rejected), "--dry-run")
    assert (told["rows"], told["taken"], len(told["rejected"])) == (3, 2, 1)
    assert len(rejected.read_text().splitlines()) == 2
    assert ask("import", str(file))["added"] == 2
    told = ask("remove", "t", str(listed))
    assert (told["added"], ask("list")["tags"][0]["people"]) == (2, 0)
    assert ask("undo", str(told["changes"][0]))["people"] == 2
    assert run.invoke(app, ["tag", "add", "zzz", str(listed), *common]).exit_code != 0
    plain = run.invoke(app, ["tag", "import", str(file), "--home", common[1]])
    assert "2 of 3 rows taken" in plain.output
