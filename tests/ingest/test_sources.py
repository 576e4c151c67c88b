"""Sources and their write keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tests.small_brand import NOW, open_brand_at
from yutang.errors import BadInput, Conflict, NotFound
from yutang.ingest import Sources
from yutang.ingest.sources import GRACE_MS
from yutang.state.brand import counters


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(open_brand_at(tmp_path / "home").workspace)


def test_a_source_has_a_key_from_the_start(sources: Sources) -> None:
    made = sources.create(" 小程序 ", "sensors", by="ann")
    assert (made.name, made.kind, made.status, made.created_by) == (
        "小程序", "sensors", "on", "ann",
    )  # fmt: skip
    assert len(made.key) == 32
    int(made.key, 16)
    assert sources.create("site", "segment", by="ann").key != made.key
    assert [one.name for one in sources.list_()] == ["小程序", "site"]
    assert sources.get("小程序") == made == sources.find_by_key(made.key)
    assert sources.find_by_key("nobody") is None


def test_names_and_kinds_are_checked(sources: Sources) -> None:
    sources.create("site", "json", by="")
    with pytest.raises(Conflict):
        sources.create("site", "json", by="")
    with pytest.raises(BadInput):
        sources.create("other", "fax", by="")
    for name in ("", " ", "x" * 81, "a\nb"):
        with pytest.raises(BadInput):
            sources.create(name, "json", by="")
    with pytest.raises(NotFound):
        sources.turn("nobody", on=True)


def test_rotating_leaves_the_old_key_valid_for_a_while(sources: Sources) -> None:
    first = sources.create("site", "sensors", by="").key
    rotated = sources.rotate("site")
    assert rotated.key != first
    assert {one.key: one.ends_at for one in rotated.keys} == {
        rotated.key: None, first: NOW + GRACE_MS,
    }  # fmt: skip
    third = sources.rotate("site", grace_ms=0)
    ends = {one.key: one.ends_at for one in third.keys}
    assert ends == {third.key: None, rotated.key: NOW, first: NOW + GRACE_MS}
    assert sources.find_by_key(first) == third, "what came before it ended belongs to it still"
    with pytest.raises(BadInput):
        sources.rotate("site", grace_ms=-1)


def test_a_revoked_key_has_ended(sources: Sources) -> None:
    key = sources.create("site", "sensors", by="").key
    revoked = sources.revoke("site", key)
    assert [one.ends_at for one in revoked.keys] == [NOW]
    assert revoked.key == ""
    with pytest.raises(NotFound):
        sources.revoke("site", "other")


def test_renaming_turning_and_settings(sources: Sources) -> None:
    made = sources.create("site", "sensors", by="")
    sources.create("app", "sensors", by="")
    renamed = sources.rename("site", "shop")
    assert renamed == replace(made, name="shop", settings={"former_names": ["site"]})
    with pytest.raises(Conflict):
        sources.rename("shop", "app")
    assert sources.turn("shop", on=False).status == "off"
    assert sources.turn("shop", on=True).status == "on"
    assert sources.set_("shop", {"ip_mode": "none", "x": 1}).settings["x"] == 1
    kept = {"former_names": ["site"], "ip_mode": "none"}
    assert sources.set_("shop", {"x": None}).settings == kept


def test_counters_go_along_with_a_new_name(tmp_path: Path) -> None:
    workspace = open_brand_at(tmp_path / "home").workspace
    sources = Sources(workspace)
    sources.create("site", "sensors", by="")
    rows = [("site", "d1", 3), ("site", "d2", 4), ("shop", "d2", 5)]
    with workspace.db.write() as connection:
        for source, day, n in rows:
            values = {"source": source, "name": "accepted", "day": day, "n": n}
            connection.execute(insert(counters).values(values))
    sources.rename("site", "shop")
    with workspace.db.read() as connection:
        found = connection.execute(select(counters).order_by(counters.c.day)).all()
    assert [tuple(row) for row in found] == [
        ("shop", "accepted", "d1", 3), ("shop", "accepted", "d2", 9),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        sources.create("file", "json", by="")
