"""Groups of a brand: facts without a person, refreshes, merges, erasure, undo, lists of people."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.groups import brand as sample
from tests.groups.brand import at, bring, line, said, write
from yutang.app import Services
from yutang.brand import Brand
from yutang.cli import app
from yutang.errors import BadInput, NotFound
from yutang.groups.arrays import Made
from yutang.installation import Installation
from yutang.refresh import rebuild
from yutang.settings import Settings
from yutang.worker import work_on

pytestmark = pytest.mark.slow
FIRST, LAST = date(2026, 6, 1), date(2026, 6, 30)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("groups")
    Installation.create(folder / "home").add_brand("main", "Main")
    services = Services.open(Settings(home=folder / "home"))
    bring(services.brand("main"), write(folder / "events.ndjson", sample.lines()))
    return folder / "home"


@pytest.fixture(scope="module")
def brand(filled: Path) -> Brand:
    """To look at only."""
    return Services.open(Settings(home=filled)).brand("main")


@pytest.fixture
def mine(filled: Path, tmp_path: Path) -> Brand:
    shutil.copytree(filled, tmp_path / "home")
    return Services.open(Settings(home=tmp_path / "home")).brand("main")


def customer(brand: Brand, number: int) -> int:
    (found,) = brand.identities.find_customers([f"m{number}"], "member_no").values()
    return int(next(iter(found)))


def people(brand: Brand, group: str, who: str) -> set[int]:
    return set(brand.groups.people(group, who, FIRST, LAST))


def numbers(brand: Brand, *members: int) -> set[int]:
    return {customer(brand, one) for one in members}


def content(made: Made) -> dict[str, list]:
    """All that a generation says, for comparing."""
    found = {}
    for name in ("stays", "talk", "cells", "questions", "reads"):
        part = getattr(made, name)
        for one in fields(part):
            found[f"{name}.{one.name}"] = np.nan_to_num(getattr(part, one.name), nan=-1).tolist()
    return {**found, "keys": [life.key for life in made.lives],
            "lives": [(x.name, x.owner, x.changes) for x in made.lives]}  # fmt: skip


def test_facts_of_a_group_need_nobody(brand: Brand) -> None:
    assert brand.quarantine.groups() == []
    table = brand.groups.table(FIRST, LAST)
    named = {one.key: (one.name, one.owner) for one in table.groups}
    assert named == {
        "A": ("Alpha", "G01"), "B": ("Beta 2", "G01"), "C": ("Gamma", "G03"), "D/1": ("", ""),
    }  # fmt: skip
    assert [event for _, event, _ in brand.groups.history("B")] == [
        "group_renamed", "group_owner_changed", "group_created",
    ]  # fmt: skip
    # What our own people say makes no customer.
    assert len(brand.customers.snapshot().people.alive.nonzero()[0]) == 16


def test_numbers_of_the_period(brand: Brand) -> None:
    table = brand.groups.table(FIRST, LAST)
    a, b, c, d = (brand.groups.get(table, key) for key in ("A", "B", "C", "D/1"))
    value = table.value
    assert (value("members", a), value("left", a), value("removed", a)) == (10, 1, 1)
    assert (value("messages", a), value("questions", a), value("unanswered", a)) == (60, 20, 0)
    assert value("response_p50", a) == 0.5
    assert value("silent", a) == 5  # 1 to 5 spoke; 6 to 10 are there and did not
    assert (value("complaints", b), value("product_share", b)) == (2, 1.0)
    assert value("questions", b) == 1
    assert [table.seen(one) for one in (a, b, c, d)] == [2, 2, 1, 0]
    assert (value("members", c), value("active_day", c), value("messages", c)) == (50, 0.1, 240)
    assert value("messages", d) is None


def test_lists_of_people(brand: Brand) -> None:
    assert people(brand, "A", "members") == numbers(brand, *range(1, 11))
    assert people(brand, "A", "silent") == numbers(brand, *range(6, 11))
    assert people(brand, "", "silent") == numbers(brand, *range(6, 13), 15)
    assert people(brand, "B", "complained") == numbers(brand, 13, 14)
    assert people(brand, "B", "waiting") == numbers(brand, 14)
    assert people(brand, "A", "left") == numbers(brand, 11)
    assert people(brand, "A", "removed") == numbers(brand, 12)
    assert people(brand, "A", "asked") == numbers(brand, *range(1, 6))
    with pytest.raises(BadInput):
        people(brand, "A", "everybody")
    with pytest.raises(NotFound):
        people(brand, "Z", "members")


def test_new_facts_are_added_and_give_what_a_rebuild_gives(mine: Brand, tmp_path: Path) -> None:
    for n in range(3):
        more = [
            said("A", at(30, n), 3, f"什么时候到 {n}"),
            said("A", at(30, n + 0.2), 0),
            said("E", at(12, n), 6, "hello"),  # late, and of a new group
            line("group_joined", at(29, n), 30 + n, group="B"),
            line("group_renamed", at(7 + n), group="A", name=f"Alpha {n}"),
        ]
        bring(mine, write(tmp_path / f"more{n}.ndjson", more))
    parts = mine.groups.made().parts
    assert len(parts) == 4
    added = content(mine.groups.made())
    with mine.workspace.writer():
        rebuild(mine)
    (part,) = mine.groups.made().parts
    files = (mine.workspace.cache / "groups" / "raw").iterdir()
    assert {path.name.partition(".")[0] for path in files} == {part}
    whole = content(mine.groups.made())
    assert by_key(added) == by_key(whole)
    table = mine.groups.table(FIRST, date(2026, 7, 2))
    assert table.value("questions", mine.groups.get(table, "A")) == 23


def by_key(found: dict[str, list]) -> dict[str, list]:
    """The same with groups by their key, since codes depend on who was seen first."""
    keys = found["keys"]
    out = {"lives": sorted(zip(keys, found["lives"], strict=True))}
    for part in ("stays", "talk", "cells", "questions", "reads"):
        columns = [found[name] for name in found if name.startswith(f"{part}.")]
        rows = [(keys[row[0]], *row[1:]) for row in zip(*columns, strict=True)]
        out[part] = sorted(rows)
    return out


def test_a_merge_makes_one_member_of_two(mine: Brand) -> None:
    table = mine.groups.table(FIRST, LAST)
    assert table.value("members", mine.groups.get(table, "A")) == 10
    mine.hands.link(("member_no", "m1"), ("member_no", "m6"), note="same", by="test")
    work_on(mine)
    table = mine.groups.table(FIRST, LAST)
    assert table.value("members", mine.groups.get(table, "A")) == 9
    assert len(people(mine, "A", "silent")) == 4


def test_an_erased_person_leaves_no_trace(mine: Brand) -> None:
    gone = customer(mine, 14)
    mine.privacy.ask(gone, by="test")
    work_on(mine)
    made = mine.groups.made()
    for part in (made.stays, made.talk, made.questions):
        assert gone not in part.customer.tolist()
    assert made.cells.complaints.sum() == 1
    raw = list((mine.workspace.cache / "groups" / "raw").glob("*.messages.npy"))
    assert sum(len(np.load(path)) for path in raw) == 20 * 4 + 1


def test_an_undone_import_takes_its_messages_along(mine: Brand, tmp_path: Path) -> None:
    before = by_key(content(mine.groups.made()))
    number = bring(mine, write(tmp_path / "more.ndjson", [
        said("A", at(29, 5), 0), said("A", at(29, 6), 2, "坏了"),
        line("group_dissolved", at(29, 8), group="B"),
    ]))  # fmt: skip
    table = mine.groups.table(FIRST, LAST)
    assert not mine.groups.get(table, "B").active
    mine.imports.ask_undo(number)
    work_on(mine)
    assert by_key(content(mine.groups.made())) == before


def test_words_that_change_are_counted_anew(mine: Brand) -> None:
    mine.groups.set_words(complaint=["收到"])
    assert mine.groups.is_recounting()
    work_on(mine)
    assert not mine.groups.is_recounting()
    table = mine.groups.table(FIRST, LAST)
    assert table.value("complaints", mine.groups.get(table, "A")) == 20
    assert table.value("complaints", mine.groups.get(table, "B")) == 0


def test_what_is_set_stands_instead_of_what_the_platform_says(mine: Brand) -> None:
    made = mine.groups.change("B", by="me", purpose="flash", owner="G09", dissolve_on="2026-06-20")
    assert made == {"purpose": "flash", "owner": "G09", "dissolve_on": "2026-06-20"}
    assert mine.groups.change("B", by="me", purpose="flash") == {}
    table = mine.groups.table(FIRST, LAST)
    one = mine.groups.get(table, "B")
    assert (one.owner, one.purpose, one.owned, one.named) == ("G09", "flash", True, False)
    assert {check.id: check.level for check in one.health.checks}["flash"] == "red"
    mine.groups.change("Z", by="me", name="Zeta", purpose="expert")
    table = mine.groups.table(FIRST, LAST)
    assert mine.groups.find(table, "Zeta").code == -1
    for wrong in (
        {"purpose": "fun"}, {"dissolve_on": "soon"}, {"status": "gone"}, {"name": "n" * 81},
        {"carries_over_to": "B"}, {"members": "3"},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            mine.groups.change("B", by="me", **wrong)


def test_settings_are_checked_and_kept(mine: Brand) -> None:
    used = mine.groups.set_settings(answer_hours=0.2, limits={"active": {"amber": 0.5}})
    assert mine.groups.settings() == used
    table = mine.groups.table(FIRST, LAST)
    assert table.value("unanswered_share", mine.groups.get(table, "A")) == 1.0
    for wrong in (
        {"opens": 22, "closes": 9}, {"answer_hours": 0}, {"limits": {"active": {"red": 0.9}}},
        {"limits": {"nothing": {}}}, {"red_below": 90}, {"limits": {"full": {"weight": 11}}},
        {"least_members": 0}, {"limits": {"active": {"amber": float("nan")}}},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            mine.groups.set_settings(**wrong)


def test_a_segment_of_a_group_asks_again(mine: Brand, tmp_path: Path) -> None:
    origin = {"kind": "group", "group": "A", "who": "silent", "period": "last_30",
              "first": "2026-06-01", "last": "2026-06-30"}  # fmt: skip
    made = mine.segments.create_from("silent", origin, by="test")
    assert made.people == 5
    assert made.can_refresh
    bring(mine, write(tmp_path / "more.ndjson", [said("A", at(29, 5), 6)]))
    assert mine.segments.refresh(made.id, by="test").people == 4
    for wrong in ({**origin, "who": "x"}, {**origin, "first": "x"}, {"kind": "group"}):
        with pytest.raises(BadInput):
            mine.segments.origins.people(wrong)


def test_owners_beside_each_other(brand: Brand) -> None:
    from yutang.groups import by_owner

    lines = by_owner(brand.groups.table(FIRST, LAST), brand.groups.settings(), "Asia/Shanghai")
    found = {one.owner: one for one in lines}
    assert found["G01"].groups == 2
    assert found["G01"].members == 15
    assert found["G01"].questions == 21
    assert found["G01"].unanswered_share == 1 / 21
    assert found["G03"].messages == 240
    assert found[""].messages is None


def test_the_overview_names_red_groups(mine: Brand) -> None:
    mine.groups.set_settings(red_below=99, amber_below=99)
    period = mine.measure.period("last_30")
    (finding,) = [one for one in mine.measure.needs(period) if one.id == "red_groups"]
    assert finding.page == "groups"
    assert finding.title[1].endswith(str(len(mine.groups.red())))


def test_commands(filled: Path) -> None:
    def ask(*words: str):
        return CliRunner().invoke(app, ["groups", *words, "--home", str(filled)])

    told = json.loads(ask("list", "--period", "all", "--json").output)
    assert {one["key"] for one in told["groups"]} == {"A", "B", "C", "D/1"}
    assert "Alpha" in ask("list").output
    shown = json.loads(ask("show", "Alpha", "--first", "2026-06-01", "--last", "2026-06-30",
                           "--json").output)  # fmt: skip
    assert shown["numbers"]["members"] == 10
    assert shown["joiners"]["joins"] == 12
    assert shown["overlaps"] == {}
    assert {one["id"] for one in shown["checks"]} >= {"active", "unanswered", "complaints"}
    assert "score" in ask("show", "B").output
    assert isinstance(ask("show", "nobody").exception, NotFound)


def test_the_last_days_end_with_the_newest_fact(brand: Brand) -> None:
    first, last = brand.groups.last_days(7)
    assert last - first == timedelta(days=6)
    assert last == brand.measure.today()
