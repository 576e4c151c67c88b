"""Undo: the brand is then what it would have been without the import."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.small_brand import (
    HOUR,
    START,
    SmallBrand,
    line,
    nothing,
    open_brand_at,
    order,
    stopped,
    write_order_file,
)
from yutang.ingest import changed_since, facts_version, names, undo, unfinished
from yutang.installation import Installation
from yutang.state.brand import identities, quarantine

pytestmark = pytest.mark.slow

# A pool of events: shared phones and devices, values that do not fit, the same second twice.
POOL = [
    {
        "event": ("page_viewed", "cart_added", "code_scanned")[i % 3],
        "time": START + (i // 4) * HOUR,
        "identities": {
            kind: value
            for kind, value in {
                "member_no": f"m{i % 5}" if i % 2 else None,
                "openid": f"o{i % 6}" if i % 3 else None,
                "device": f"d{i % 4}" if i % 4 or not (i % 2 or i % 3) else None,
            }.items()
            if value
        }
        or {"openid": f"o{i}"},
        "properties": {"depth": i % 5 if i % 7 else "deep", "page": f"p{i % 3}"},
    }
    for i in range(24)
]
FIRST = {  # both files begin with it, so that both give each property the same type
    "event": "page_viewed",
    "time": START,
    "identities": {"member_no": "m0"},
    "properties": {"depth": 1, "page": "p"},
}


def a_brand(home: Path, slug: str) -> SmallBrand:
    """Brands of one installation hash phones alike, so they can be compared."""
    installation = Installation.create(home)
    row = installation.find_brand(slug) or installation.add_brand(slug, slug, now=stopped)
    return SmallBrand(installation.workspace(row, stopped))


def events_file(folder: Path, name: str, picks: list[int]) -> Path:
    path = folder / f"{name}.ndjson"
    rows = [FIRST, *(POOL[i] for i in picks)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "not an event\n")
    return path


def orders_file(folder: Path, name: str, picks: list[tuple[int, int]]) -> Path:
    """Order `number` in its `revision`; a later revision is paid more and may change hands."""
    orders, lines = [], []
    for number, revision in dict(picks).items():
        member = None if number % 4 == 3 else f"m{(number + revision // 2) % 4}"
        phone = "1380000000" + str(number % 3) if number % 2 else None
        orders.append(
            order(
                number, member, paid_fen=1000 + revision, phone=phone,
                rank_at=START + revision * HOUR,
            )
        )  # fmt: skip
        lines += [line(number, ordinal, title=f"t{revision}") for ordinal in (1, 1 + number % 2)]
    return write_order_file(folder / f"{name}.parquet", orders, lines)


def take_back(brand: SmallBrand, import_id: int) -> None:
    brand.imports.ask_undo(import_id)
    finish_undo(brand, import_id)


def finish_undo(brand: SmallBrand, import_id: int) -> None:
    with brand.workspace.writer():
        one = brand.imports.get(import_id)
        undo(brand.workspace, brand.identities, brand.committer, brand.imports, one)


def seen(brand: SmallBrand) -> dict[str, Any]:
    """Everything a reader can see, without the numbers that only say in which order work went."""
    workspace = brand.workspace
    with workspace.db.read() as connection:
        people = defaultdict(set)
        label = {}
        for one in connection.execute(select(identities)):
            people[one.customer_id].add((one.kind, one.value))
            label[one.id] = (one.kind, one.value)
        volumes = {one.name: one.events for one in names(connection)}
        open_ = quarantine.c.status == "open"
        misfits = sorted(
            (one.row, one.column or "", one.reason, one.value or "")
            for one in connection.execute(select(quarantine).where(open_))
        )
        assert unfinished(connection) == []
    person = {customer: frozenset(kinds) for customer, kinds in people.items()}
    with workspace.writer():
        book = brand.orders.refresh()
    return {
        "people": frozenset(person.values()),
        "volumes": volumes,
        "misfits": misfits,
        "events": lake_rows(brand, "events", label),
        "orders": sorted(lake_rows(brand, "orders", label), key=repr),
        "lines": sorted(lake_rows(brand, "order_lines", label), key=repr),
        "book": sorted(map(repr, book_rows(book.orders, person))),
        "book lines": sorted(map(repr, book_rows(book.lines, person))),
    }


def lake_rows(brand: SmallBrand, table: str, label: dict[int, Any]) -> list[Any]:
    """Rows in order of arrival; what only numbers the work is left out."""
    dataset = brand.workspace.lake.dataset(table)
    rows = dataset.to_table().to_pylist() if dataset else []
    rows.sort(key=lambda row: row.get("arrival", 0))
    hidden = {"import_id", "commit_id", "arrival", "order_key"}
    hidden |= {"event_key"} if table == "orders" else set()  # it holds the identity's number
    return [
        {
            name: label.get(value, value) if name == "identity" else value
            for name, value in row.items()
            if name not in hidden and value is not None
        }
        for row in rows
    ]


def book_rows(table: Any, person: dict[int, Any]) -> list[Any]:
    hidden = ("first_commit", "order", "customer")
    return [
        (person.get(row["customer"]) and sorted(person[row["customer"]]),
         {name: value for name, value in row.items() if name not in hidden})
        for row in table.to_pylist()
    ]  # fmt: skip


EVENT_PICKS = st.lists(st.integers(0, len(POOL) - 1), max_size=12)
ORDER_PICKS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 3)), max_size=8)


def check_events(a: list[int], b: list[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone = a_brand(folder / "home", "alone")
        alone.take("events", events_file(folder, "b", b))
        both = a_brand(folder / "home", "both")
        first = both.take("events", events_file(folder, "a", a))
        second = both.take("events", events_file(folder, "b", b))
        take_back(both, first.id)
        assert seen(both) == seen(alone)
        again = both.take("events", events_file(folder, "a", a))
        alone.take("events", events_file(folder, "a", a))
        assert seen(both) == seen(alone)
        take_back(both, second.id)
        take_back(both, again.id)
        assert seen(both) == seen(a_brand(folder / "home", "empty"))


def check_orders(*picks: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [orders_file(folder, f"{place}", some) for place, some in enumerate(picks)]
        alone = a_brand(folder / "home", "alone")
        for file in files[1:]:
            alone.take("orders", file)
        everything = a_brand(folder / "home", "everything")
        taken = [everything.take("orders", file) for file in files]
        take_back(everything, taken[0].id)
        assert seen(everything) == seen(alone)
        for one in reversed(taken[1:]):
            take_back(everything, one.id)
        assert seen(everything) == seen(a_brand(folder / "home", "empty"))


def test_undoing_events_leaves_what_the_other_file_alone_brings() -> None:
    check_events([1, 3, 5, 5, 8, 14, 21], [0, 3, 5, 7, 8, 8, 13, 22])


def test_undoing_orders_leaves_what_the_other_files_alone_bring() -> None:
    check_orders([(0, 1), (1, 2), (3, 0), (5, 1)], [(0, 1), (1, 0), (5, 3)], [(1, 2), (5, 1)])


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(a=EVENT_PICKS, b=EVENT_PICKS)
def test_undoing_any_events(a: list[int], b: list[int]) -> None:
    check_events(a, b)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(a=ORDER_PICKS, b=ORDER_PICKS, c=ORDER_PICKS)
def test_undoing_any_orders(
    a: list[tuple[int, int]], b: list[tuple[int, int]], c: list[tuple[int, int]]
) -> None:
    check_orders(a, b, c)


class DiedError(Exception):
    """The process is gone."""


@pytest.mark.parametrize(
    "point",
    ["handed over:events", "deleted:events", "removed:events", "handed over:orders", "undone"],
)
def test_an_undo_that_dies_goes_on_where_it_was(tmp_path: Path, point: str) -> None:
    def mixed(home: Path) -> tuple[SmallBrand, int]:
        brand = open_brand_at(home)
        first = brand.take("events", events_file(tmp_path, "a", list(range(16))))
        brand.take("events", events_file(tmp_path, "b", list(range(8, 24))))
        return brand, first.id

    calm, number = mixed(tmp_path / "calm")
    take_back(calm, number)
    _, number = mixed(tmp_path / "killed")

    def die(name: str) -> None:
        if name == point:
            raise DiedError

    dying = open_brand_at(tmp_path / "killed", die)
    with pytest.raises(DiedError):
        take_back(dying, number)
    brand = open_brand_at(tmp_path / "killed", nothing)
    if brand.imports.get(number).status != "undone":
        assert [one.id for one in brand.imports.due()] == [number]
        finish_undo(brand, number)
    assert seen(brand) == seen(calm)
    with brand.workspace.db.read() as connection:
        changed = changed_since(connection, 2)
    with calm.workspace.db.read() as connection:
        assert changed == changed_since(connection, 2)


def test_everybody_whose_facts_moved_is_read_again(tmp_path: Path) -> None:
    brand = open_brand_at(tmp_path / "home")
    first = brand.take("events", events_file(tmp_path, "a", list(range(20))))
    before = brand.identities.customer_array()
    rows = brand.workspace.lake.scan("events", ["identity"])
    owners = set(before[np.asarray(rows.column("identity"))].tolist())
    with brand.workspace.db.read() as connection:
        version = facts_version(connection)
    take_back(brand, first.id)
    with brand.workspace.db.read() as connection:
        assert facts_version(connection) > version
        assert owners <= set(changed_since(connection, version))


def test_a_part_that_was_split_off_becomes_a_new_customer(tmp_path: Path) -> None:
    def link(name: str, *rows: dict[str, str]) -> Path:
        path = tmp_path / name
        lines = [
            {"event": "page_viewed", "time": START + i, "identities": row}
            for i, row in enumerate(rows)
        ]
        path.write_text("\n".join(map(json.dumps, lines)))
        return path

    brand = open_brand_at(tmp_path / "home")
    brand.take(
        "events",
        link("big", {"member_no": "a", "openid": "a1"}, {"member_no": "a", "openid": "a2"}),
    )
    brand.take("events", link("small", {"member_no": "b", "openid": "b1"}))
    big = brand.identities.find("member_no", "a")
    joined = brand.take("events", link("join", {"member_no": "b", "openid": "a1"}))
    assert brand.identities.find("member_no", "b").customer_id == big.customer_id
    take_back(brand, joined.id)
    assert brand.identities.find("openid", "a2").customer_id == big.customer_id
    split = brand.identities.find("member_no", "b").customer_id
    assert split != big.customer_id
    assert brand.identities.find("openid", "b1").customer_id == split
    assert brand.identities.find("openid", "a1").customer_id == big.customer_id
