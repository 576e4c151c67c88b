"""Tags as their users meet them: made, given one by one and to many, judged, taken back."""

from __future__ import annotations

import re

import pytest

from tests.pages.conftest import Browser
from yutang.brand import Brand

HERE = "/b/pond/customers/tags"


@pytest.fixture
def brand(own) -> Brand:
    return own.brand("pond")


def test_a_group_and_its_tags_are_made_and_changed(acting: Browser, brand: Brand) -> None:
    made = acting.post(HERE, {"act": "group", "name": "G9", "exclusive": "1"})
    assert made.status_code == 303
    group = next(one for one in brand.tags.groups() if one.name == "G9")
    assert group.exclusive
    assert acting.post(HERE, {"act": "group", "name": "g9"}).status_code == 422
    new = {"act": "tag", "name": "T9", "group": group.id, "valid_days": "30",
           "set_by": "operators", "coloured": "1", "colour": "#112233"}  # fmt: skip
    made = acting.post(HERE, new)
    assert made.status_code == 303
    tag = brand.tags.find("G9/T9")
    assert (tag.valid_days, tag.set_by, tag.colour) == (30, "operators", "#112233")
    again = acting.post(HERE, {**new, "description": "keep me"})
    assert again.status_code == 422
    assert "keep me" in again.text
    changed = {"act": "change", "name": "T10", "group": "1", "set_by": "guides"}
    assert acting.post(f"{HERE}/{tag.id}", changed).status_code == 303
    moved = brand.tags.get(tag.id)
    assert (moved.title, moved.colour, moved.valid_days) == ("G1/T10", "", 0)
    for act, archived in (("archive", True), ("restore", False)):
        assert acting.post(f"{HERE}/{tag.id}", {"act": act}).status_code == 303
        assert (brand.tags.get(tag.id).archived_at is not None) == archived
    assert acting.post(f"{HERE}/{tag.id}", {"act": "zzz"}).status_code == 422
    assert acting.post(f"{HERE}/999", {"act": "archive"}).status_code == 404
    ids = [one.id for one in brand.tags.groups()]
    acting.post(f"{HERE}/groups/{ids[1]}", {"act": "up"})
    assert [one.id for one in brand.tags.groups()][:2] == [ids[1], ids[0]]
    acting.post(f"{HERE}/groups/{ids[0]}", {"act": "archive"})
    assert ids[0] not in [one.id for one in brand.tags.groups()]
    actions = [row.action for row in brand.audit.page(limit=20)]
    assert {"tag_made", "tag_group_made", "tag_changed", "tag_archived"} <= set(actions)


def test_a_computed_tag_is_made_of_a_condition(acting: Browser, brand: Brand) -> None:
    new = {"act": "tag", "name": "T9", "group": "1", "kind": "computed",
           "property.0": "customer.orders", "op.0": ">=", "value.0": "4"}  # fmt: skip
    assert acting.post(HERE, new).status_code == 303
    tag = brand.tags.find("T9")
    people = brand.customers.snapshot().people
    assert tag.people == int(((people.orders >= 4) & people.alive).sum()) > 0
    page = acting.get(f"{HERE}/{tag.id}")
    assert 'value="4"' in page.text
    again = {"act": "rule", "property.0": "customer.orders", "op.0": ">=", "value.0": "3"}
    assert acting.post(f"{HERE}/{tag.id}", again).status_code == 303
    assert brand.tags.get(tag.id).people > tag.people
    for wrong in ({"property.0": ""}, {"value.0": ""}, {"property.0": "zzz"}):
        assert acting.post(HERE, {**new, "name": "T8", **wrong}).status_code == 422


def test_a_guide_tags_one_customer(own, brand: Brand) -> None:
    guide = Browser(own, "guide")
    page = guide.get("/b/pond/customers/3/tags")
    assert "L1" in page.text
    assert guide.post("/b/pond/customers/3/tags", {"tag": "1", "act": "remove"}).status_code == 303
    assert 3 not in brand.tags.people(1)
    assert guide.post("/b/pond/customers/3/tags", {"tag": "3"}).status_code == 303
    assert (3 in brand.tags.people(3), 3 in brand.tags.people(4)) == (True, False)
    (held,) = [one for one in brand.tags.of_customer(3) if one.tag.id == 3]
    assert (held.kind, held.by) == ("manual", "guide")
    assert guide.post("/b/pond/customers/3/tags", {"tag": "2"}).status_code == 403  # operators'
    assert guide.post("/b/pond/customers/3/tags", {"tag": "5"}).status_code == 422  # computed
    assert guide.post("/b/pond/customers/3/tags", {"tag": "99"}).status_code == 404
    for path in (HERE, f"{HERE}/bulk", f"{HERE}/1", f"{HERE}/undo"):
        assert guide.post(path, {"act": "archive"}).status_code == 403
    assert guide.get(f"{HERE}?as=csv").status_code == 403


def tagged(brand: Brand, tag: int) -> set[int]:
    return set(brand.tags.people(tag))


@pytest.mark.parametrize(
    "source",
    [
        {"from": "customers", "stage": "repeat"},
        {"from": "segment", "segment": "1"},
        {"from": "list", "list": "M00001\nM00002\nnobody", "kind": "member_no"},
    ],
    ids=lambda one: one["from"],
)
def test_many_are_tagged_and_all_of_it_is_taken_back(
    acting: Browser, brand: Brand, source: dict[str, str]
) -> None:
    before = tagged(brand, 4), tagged(brand, 3)
    told = acting.post(f"{HERE}/bulk", {**source, "give": "4", "step": "preview"})
    assert told.status_code == 200
    assert (tagged(brand, 4), tagged(brand, 3)) == before
    done = acting.post(f"{HERE}/bulk", {**source, "give": "4", "step": "do", "note": "N9"})
    assert done.status_code == 303
    now = tagged(brand, 4)
    assert now > before[0]
    assert tagged(brand, 3) == before[1] - now
    page = acting.get(done.headers["location"])
    job = re.search(r'name="job" value="(\w+)"', page.text)[1]
    assert acting.post(f"{HERE}/undo", {"job": job}).status_code == 303
    assert (tagged(brand, 4), tagged(brand, 3)) == before
    assert acting.post(f"{HERE}/undo", {"job": job}).status_code == 409


def test_many_lose_a_tag(acting: Browser, brand: Brand) -> None:
    before = tagged(brand, 1)
    form = {"from": "customers", "give": "1", "act": "remove", "step": "do"}
    assert acting.post(f"{HERE}/bulk", form).status_code == 303
    assert tagged(brand, 1) == set()
    (row,) = brand.tags.changes(1, limit=1)
    assert row.size == len(before)
    assert acting.post(f"{HERE}/undo", {"change": str(row.id), "tag": "1"}).status_code == 303
    assert tagged(brand, 1) == before


def test_a_file_of_tags_tells_its_bad_rows(acting: Browser, brand: Brand) -> None:
    text = "identifier,tag\nM00001,G2/W2\nnobody,W2\nM00002,=zzz\n"
    form = {"from": "file", "list": text, "kind": "member_no"}
    told = acting.post(f"{HERE}/bulk", {**form, "step": "preview"})
    assert told.status_code == 200
    file = acting.post(f"{HERE}/bulk", {**form, "step": "rejected"})
    assert file.headers["content-type"].startswith("text/csv")
    rows = file.content.decode("utf-8-sig").splitlines()
    assert len(rows) == 3
    assert rows[2].endswith("M00002,'=zzz")
    before = tagged(brand, 4)
    assert acting.post(f"{HERE}/bulk", {**form, "step": "do"}).status_code == 303
    assert len(tagged(brand, 4) - before) == 1
    upload = {"file": ("t.csv", text.encode("gb18030"), "text/csv")}
    again = acting.post(f"{HERE}/bulk", {**form, "list": "", "step": "preview"}, files=upload)
    assert again.status_code == 200
    for wrong in ({"from": "zzz"}, {"from": "list", "list": ""}, {"list": "a,b\n1,2"},
                  {"from": "segment"}):  # fmt: skip
        answer = acting.post(f"{HERE}/bulk", {**form, "give": "1", **wrong, "step": "do"})
        assert answer.status_code in (404, 422), wrong
    assert acting.post(
        f"{HERE}/bulk", {"from": "customers", "give": "5", "step": "do"}
    ).status_code == 422  # fmt: skip


def test_lists_are_exported(browser: Browser) -> None:
    rows = browser.get(f"{HERE}?as=csv&q=W").content.decode("utf-8-sig").splitlines()
    assert len(rows) == 3
    people = browser.get(f"{HERE}/4?as=csv").content.decode("utf-8-sig").splitlines()
    assert len(people) == 1 + 3
    assert browser.get(f"{HERE}/quality?as=xlsx").status_code == 200
    assert browser.get(f"{HERE}?as=zip").status_code == 422


def test_a_tag_is_tied_to_a_behaviour(acting: Browser, brand: Brand) -> None:
    assert (
        acting.post(f"{HERE}/1", {"act": "tie", "how": "category", "category": "C2"}).status_code
        == 303
    )
    assert brand.tags.get(1).behaviour == {"category": "C2"}
    form = {"act": "tie", "how": "filter", "property.0": "customer.stage", "op.0": "=",
            "value.0": "repeat"}  # fmt: skip
    assert acting.post(f"{HERE}/1", form).status_code == 303
    assert brand.tags.get(1).behaviour["filter"]["value"] == "repeat"
    assert acting.get(f"{HERE}/quality").status_code == 200
    assert (
        acting.post(f"{HERE}/1", {**form, "how": "category", "category": "zz"}).status_code == 422
    )
    assert acting.post(f"{HERE}/1", {"act": "tie", "how": "none"}).status_code == 303
    assert brand.tags.get(1).behaviour is None


def test_a_group_says_what_becoming_exclusive_takes(acting: Browser, brand: Brand) -> None:
    many = brand.tags.now().conflicts(1)
    assert many > 0
    assert f">{many}<" in acting.get(HERE).text or str(many) in acting.get(HERE).text
    form = {"act": "change", "name": "G1", "exclusive": "1"}
    assert acting.post(f"{HERE}/groups/1", form).status_code == 303
    assert brand.tags.now().conflicts(1) == 0
