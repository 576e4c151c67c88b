"""Tags that come from rules, events and files, and how guides' tagging is judged: a small brand
with orders, contacts and events, worked on as the worker does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap

from yutang.app import Services
from yutang.brand import Brand
from yutang.errors import BadInput
from yutang.installation import Installation
from yutang.kit.clock import DAY_MS
from yutang.settings import Settings
from yutang.tags import Agreement
from yutang.worker import work_on

START = 1_760_000_000_000
PEOPLE = 120
HEADER = "订单号,付款时间,订单实付金额,商品名称,类目,数量,会员号\n"


def event(who: int, name: str, day: float, **properties: Any) -> str:
    return json.dumps(
        {"event": name, "time": int(START + day * DAY_MS),
         "identities": {"member_no": f"m{who}"}, "properties": properties},
        ensure_ascii=False,
    )  # fmt: skip


def orders() -> str:
    """m0 … m119 buy once; the first forty of them skin care, twice."""
    rows = []
    for n in range(PEOPLE):
        kind = "skin" if n < 40 else "food"
        rows.append(f"A{n},2025-10-09 10:00:00,100,{kind} item,{kind},1,m{n}")
        if n < 40:
            rows.append(f"B{n},2025-10-12 10:00:00,50,{kind} item,{kind},1,m{n}")
    return HEADER + "\n".join(rows) + "\n"


def load(brand: Brand, folder: Path, name: str, kind: str, text: str) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    one = brand.imports.add(path, kind=kind, filename=name, by="t")
    how = {"preset": "", "platform": "pos", "shop": "s1"} if kind == "orders" else {}
    brand.imports.queue(one.id, **how)
    work_on(brand)


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Brand:
    folder = tmp_path_factory.mktemp("sources")
    installation = Installation.create(folder / "home")
    installation.add_brand("main", "Main")
    made = Services.open(Settings(home=folder / "home")).brand("main")
    load(made, folder, "orders.csv", "orders", orders())
    lines = [event(n, "contact_added", 0, guide="g1" if n < 60 else "g2") for n in range(100)]
    lines += [event(n, "contact_deleted", 1, guide="g1") for n in range(50, 60)]
    lines += [event(n, "tag_added", 2, tag="护肤", guide="g1") for n in range(35)]
    lines += [event(90, "tag_added", 2, tag="护肤", guide="g2", tag_group="喜好")]
    lines += [
        event(0, "tag_removed", 3, tag="护肤", guide="g1"),
        event(1, "tag_added", 1, tag="护肤", guide="g2"),
    ]
    load(made, folder, "events.ndjson", "events", "\n".join(lines) + "\n")
    return made


def numbers(brand: Brand, *members: int) -> set[int]:
    found = brand.identities.find_customers([f"m{n}" for n in members], "member_no")
    return {next(iter(found[f"m{n}"])) for n in members}


def test_events_become_tags_with_their_time_and_guide(brand: Brand) -> None:
    tags = brand.tags
    one, other = tags.find("外部标签/护肤"), tags.find("喜好/护肤")
    assert set(tags.people(one.id)) == numbers(brand, *range(1, 35))
    assert set(tags.people(other.id)) == numbers(brand, 90)
    (held,) = tags.of_customer(min(numbers(brand, 2)))
    assert (held.kind, held.by, held.since) == ("platform", "g1", START + 2 * DAY_MS)
    first = [row.action for row in tags.history(min(numbers(brand, 0)))]
    assert first == ["remove", "add"]
    assert one.kind == "platform"
    # Nothing is taken twice, and what somebody changed later stands.
    changes = tags.count_changes(one.id)
    assert brand.tag_events.take() == 0
    assert tags.count_changes(one.id) == changes


def test_late_events_change_nothing_that_is_newer(brand: Brand, tmp_path: Path) -> None:
    tags, one = brand.tags, brand.tags.find("外部标签/护肤")
    (who,) = numbers(brand, 5)
    tags.remove([one.id], BitMap([who]), kind="manual", by="boss")
    late = [event(5, "tag_added", 4, tag="护肤"), event(0, "tag_added", 4, tag="护肤", guide="g1")]
    load(brand, tmp_path, "late.ndjson", "events", "\n".join(late) + "\n")
    assert who not in tags.people(one.id)
    assert numbers(brand, 0) <= set(tags.people(one.id))
    tags.add([one.id], BitMap([who]), kind="manual", by="g1", at=START + 2 * DAY_MS)


def test_a_computed_tag_follows_its_condition(brand: Brand, tmp_path: Path) -> None:
    tags = brand.tags
    group = tags.cabinet.add_group("规则", by="t")
    spec = {"property": "customer.orders", "op": ">=", "value": 2}
    rule = {"filter": spec}
    one = tags.cabinet.add(group.id, "复购", by="t", kind="computed", rule=rule)
    assert brand.tag_rules.people(rule) == BitMap(numbers(brand, *range(40)))
    (changed,) = brand.tag_rules.recompute()
    assert changed[1].added == 40
    assert brand.tag_rules.recompute() == []
    load(brand, tmp_path, "more.csv", "orders",
         HEADER + "C1,2025-10-13 10:00:00,10,x,food,1,m50\n")  # fmt: skip
    assert set(tags.people(one.id)) == numbers(brand, *range(40), 50)
    (row,) = [row for row in tags.history(min(numbers(brand, 50))) if row.tag == "复购"]
    assert (row.kind, row.action, row.size) == ("computed", "add", 1)
    for wrong in (
        {"property": "platform", "op": "=", "value": "pos"},
        {"property": "customer.tags", "op": "in", "value": ["1"]},
        {"property": "customer.zzz", "op": "=", "value": 1},
        {},
    ):
        with pytest.raises(BadInput):
            brand.tag_rules.people({"filter": wrong})
    with pytest.raises(BadInput):
        brand.tag_rules.people({"segment": 1})


def test_every_analysis_can_ask_for_tags(brand: Brand) -> None:
    one = brand.tags.find("外部标签/护肤")
    asked = {"property": "customer.tags", "op": "in", "value": [str(one.id)]}
    params = {"measures": [{"event": "order_paid", "measure": "people"}], "unit": "total"}
    (row,) = brand.analyse("event", {**params, "filter": asked})["rows"]
    assert row["A"] == one.people
    rows = brand.analyse("event", {**params, "group": ["customer.tags"]})["rows"]
    assert {row["group_1"]: row["A"] for row in rows}[str(one.id)] == one.people


def test_a_file_names_the_rows_that_cannot_be_taken(brand: Brand) -> None:
    text = "\n".join(
        ["标识,标签", "m1,喜好/护肤", "m2,护肤", "nobody,喜好/护肤", ",喜好/护肤", "m3,", "m4,none",
         "", '"m6","喜好/护肤"']
    )  # fmt: skip
    plan = brand.tag_files.plan(text, "member_no")
    told = [(one.line, one.column, one.reason) for one in plan.rejected]
    assert told == [
        (3, "tag", "several_tags"), (4, "identifier", "nobody"),
        (5, "identifier", "empty_identifier"), (6, "tag", "empty_tag"), (7, "tag", "unknown_tag"),
    ]  # fmt: skip
    assert (plan.rows, plan.taken) == (7, 2)
    before = set(brand.tags.people(brand.tags.find("喜好/护肤").id))
    done = brand.tag_files.apply(plan, by="t", job="file-1")
    assert (done.added, done.already) == (2, 0)
    brand.tags.undo_job("file-1", by="t")
    assert set(brand.tags.people(brand.tags.find("喜好/护肤").id)) == before
    for wrong in ("a,b\n1,2\n", "", "identifier,tag\n"):
        with pytest.raises(BadInput):
            brand.tag_files.plan(wrong)
    with pytest.raises(BadInput):
        brand.tag_files.apply(brand.tag_files.plan("identifier,tag\nzz,zz\n"), by="t", job="x")


def test_tagging_is_judged_against_what_people_bought(brand: Brand) -> None:
    """By hand: g1 has 50 live contacts, 35 of whom have the tag; 40 of them bought skin care."""
    one = brand.tags.find("外部标签/护肤")
    loose = next(row for row in brand.tag_quality.quality().tags if row.tag.id == one.id)
    assert loose.found is not None
    assert (loose.found.category, loose.found.share) == ("skin", 1.0)
    assert loose.found.lift == pytest.approx(1 / (5 / 85))
    brand.tag_quality.tie(one.id, {"category": "skin"})
    judged = brand.tag_quality.quality()
    assert (judged.contacts, judged.tagged) == (90, 36)
    g1, g2 = judged.guides
    assert (g1.guide, g1.contacts, g1.tagged, g1.tags) == ("g1", 50, 35, 35)
    assert (g1.coverage, g1.per_contact) == (0.7, 0.7)
    assert (g2.contacts, g2.tagged, g2.tags) == (40, 1, 1)
    agreed = g1.agreement
    assert (agreed.tagged, agreed.shows, agreed.both) == (35, 40, 35)
    assert (agreed.precision, agreed.recall) == (1.0, 35 / 40)
    assert agreed.lift == pytest.approx(1 / 0.8)
    assert (g2.agreement.tagged, g2.agreement.precision) == (0, None)
    tied = next(row for row in judged.tags if row.tag.id == one.id)
    assert tied.agreement.lift == pytest.approx(1 / (40 / 90))
    with pytest.raises(BadInput):
        brand.tag_quality.tie(one.id, {"category": "zzz"})
    brand.tag_quality.tie(
        one.id, {"filter": {"property": "customer.orders", "op": ">=", "value": 2}}
    )
    tied = next(row for row in brand.tag_quality.quality().tags if row.tag.id == one.id)
    assert tied.agreement.both == 35
    assert brand.tag_quality.quality(days=30).contacts == 90
    brand.tag_quality.tie(one.id, None)


def test_customers_are_found_by_tag(brand: Brand) -> None:
    from yutang.customers import CustomerQuery

    one = brand.tags.find("外部标签/护肤")
    for search in ("tag:外部标签/护肤", "标签：外部标签/护肤", 'tag:"外部标签/护肤"'):
        assert brand.customers.people(CustomerQuery(search=search)) == brand.tags.people(one.id)
    assert brand.customers.list_(CustomerQuery(tag=str(one.id))).total == one.people
    both = CustomerQuery(search="tag:外部标签/护肤 m2")
    assert set(brand.customers.people(both)) == numbers(brand, 2)
    assert brand.customers.search("tag:zzz") == []


def test_contacts_are_those_that_live(brand: Brand) -> None:
    contacts = brand.customers.contacts()
    assert np.bincount(contacts.guide).tolist() == [50, 40]


def test_the_worker_takes_away_what_is_over_its_time(brand: Brand) -> None:
    from yutang.worker import _has_work

    tags = brand.tags
    group = tags.cabinet.add_group("时效", by="t")
    one = tags.cabinet.add(group.id, "临时", by="t", valid_days=2)
    (who,) = numbers(brand, 7)
    home, slug = brand.workspace.root.parent.parent, brand.workspace.slug
    work_on(brand)
    assert not _has_work(home, slug)
    tags.add([one.id], BitMap([who]), kind="manual", by="t")
    brand.living.refresh()  # segments may ask for tags
    assert not _has_work(home, slug)
    tags.add([one.id], BitMap([who]), kind="manual", by="t", at=START)  # long over
    brand.living.refresh()
    assert _has_work(home, slug)
    work_on(brand)
    assert not tags.people(one.id)
    assert [row.action for row in tags.changes(one.id)] == ["expire", "add", "add"]
    assert not _has_work(home, slug)


def test_an_event_that_was_taken_back_is_not_taken_again(brand: Brand, tmp_path: Path) -> None:
    tags = brand.tags
    first = event(20, "tag_added", 5, tag="回访", guide="g1")
    load(brand, tmp_path, "a.ndjson", "events", first + "\n")
    one = tags.find("外部标签/回访")
    (row,) = tags.changes(one.id)
    tags.undo(row.id, by="boss")
    later = event(21, "tag_added", 5, tag="回访", guide="g1")
    load(brand, tmp_path, "b.ndjson", "events", later + "\n")
    assert set(tags.people(one.id)) == numbers(brand, 21)


def test_whoever_fulfils_a_condition_no_more_loses_the_tag(brand: Brand) -> None:
    tags = brand.tags
    group = tags.cabinet.add_group("升降", by="t")

    def at_least(orders: int) -> dict[str, Any]:
        return {"filter": {"property": "customer.orders", "op": ">=", "value": orders}}

    one = tags.cabinet.add(group.id, "买过", by="t", kind="computed", rule=at_least(1))
    brand.tag_rules.recompute()
    everybody = set(tags.people(one.id))
    tags.cabinet.change(one.id, rule=at_least(2))
    ((_, done),) = brand.tag_rules.recompute()
    left = set(tags.people(one.id))
    assert left == set(brand.tag_rules.people(at_least(2))) < everybody
    assert done.added == len(everybody) - len(left)
    assert [row.action for row in tags.changes(one.id)] == ["remove", "add"]


def test_shares_of_few_people_are_left_out() -> None:
    few = Agreement(tagged=29, shows=29, both=20, by_chance=10.0)
    assert (few.precision, few.recall, few.lift) == (None, None, None)
    enough = Agreement(tagged=30, shows=40, both=20, by_chance=10.0)
    assert (enough.precision, enough.recall, enough.lift) == (20 / 30, 0.5, 2.0)
