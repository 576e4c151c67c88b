"""What an order is now: the oracle folds revisions one by one, as the design says it in words."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from yutang.catalog.orders import STATUS_RANK
from yutang.ingest import changed_since, facts_version
from yutang.installation import Installation

Row = dict[str, Any]
File = tuple[list[Row], list[Row]]
MONEY = ("paid_fen", "lines_paid_fen", "refund_fen", "lines_refund_fen")
KEPT = (*MONEY, "status", "paid_at", "created_at", "finished_at", "closed_at", "quantity", "city")


# --- the oracle ----------------------------------------------------------------------------------
def fold(revisions: Sequence[Row], fields: Sequence[str]) -> Row:
    """Each field of the highest-ranking revision that has it; `taken` is the order of imports."""
    ranked = sorted(
        revisions, key=lambda one: (one["rank_at"] or 0, one["status_rank"], one["taken"])
    )
    return {
        name: next((one[name] for one in reversed(ranked) if one[name] is not None), None)
        for name in fields
    }


def expected(files: Sequence[File]) -> tuple[dict[str, Row], dict[tuple[str, str], Row]]:
    """order id → what it is now, and (order id, line id) → what that line is now."""
    headers: dict[str, list[Row]] = {}
    lines: dict[tuple[str, str], list[Row]] = {}

    def note(known: list[Row], one: Row, taken: int) -> None:
        """A row that came before, letter for letter, is no revision: it stays where it was."""
        if not any({**row, "taken": 0} == {**one, "taken": 0} for row in known):
            known.append({**one, "taken": taken})

    for taken, (orders, items) in enumerate(files):
        ranks = {}
        for one in orders:
            rank = STATUS_RANK.get(one["status"], 0)
            ranks[one["order_id"]] = (one["rank_at"], rank)
            note(headers.setdefault(one["order_id"], []), one | {"status_rank": rank}, taken)
        for one in items:
            rank_at, rank = ranks[one["order_id"]]
            known = lines.setdefault((one["order_id"], one["line_id"]), [])
            note(known, one | {"rank_at": rank_at, "status_rank": rank}, taken)
    book = {id_: worth(fold(found, KEPT)) for id_, found in headers.items()}
    return book, {key: fold(found, ("title", "item_paid_fen")) for key, found in lines.items()}


def worth(one: Row) -> Row:
    def first(*names: str) -> Any:
        return next((one[name] for name in names if one[name] is not None), 0)

    paid, refund = first("paid_fen", "lines_paid_fen"), first("refund_fen", "lines_refund_fen")
    closed_after_paying = one["status"] == "closed" and (
        one["paid_at"] is not None or (one["refund_fen"] or 0) > 0
    )
    return {
        "paid_fen": paid,
        "refund_fen": refund,
        "paid": paid > 0
        and (one["status"] in (None, "paid", "shipped", "finished") or closed_after_paying),
        "paid_at": first("paid_at", "created_at", "finished_at", "closed_at"),
        "quantity": one["quantity"] or 0,
        "city": one["city"],
        "status": one["status"],
    }


# --- files ---------------------------------------------------------------------------------------
def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


FEN = maybe(st.integers(0, 500))
AT = maybe(st.integers(0, 5).map(lambda n: START + n * HOUR))
HEADER = st.fixed_dictionaries(
    {
        "rank_at": AT,
        "status": maybe(st.sampled_from(list(STATUS_RANK))),
        "created_at": AT,
        "paid_at": AT,
        "closed_at": AT,
        **dict.fromkeys(MONEY, FEN),
        "quantity": maybe(st.integers(0, 3).map(float)),
        "city": maybe(st.sampled_from(["上海", "杭州"])),
        "member_no": maybe(st.sampled_from(["m1", "m2"])),
        "lines": st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 300)), max_size=2),
    }
)
FILES = st.lists(st.dictionaries(st.integers(0, 2), HEADER, min_size=1), min_size=1, max_size=4)


def as_file(orders: dict[int, Row]) -> File:
    headers, items = [], []
    for number, values in orders.items():
        plain = {name: value for name, value in values.items() if name != "lines"}
        headers.append(order(number, None, finished_at=None, **{"paid_fen": None, **plain}))
        items += [
            line(number, place, title=title, item_paid_fen=fen)
            for place, (title, fen) in enumerate(values["lines"], start=1)
        ]
    return headers, items


def take(brand: SmallBrand, folder: Path, files: Sequence[File]) -> None:
    for place, (orders, items) in enumerate(files):
        done = brand.take("orders", write_order_file(folder / f"{place}.parquet", orders, items))
        assert done.status == "done", done.error
    with brand.workspace.writer():
        brand.orders.refresh()


def book_of(brand: SmallBrand) -> dict[str, Row]:
    rows = brand.orders.current().orders.to_pylist()
    names = ("paid_fen", "refund_fen", "paid", "paid_at", "quantity", "city", "status")
    found = {row["order_id"]: {name: row[name] for name in names} for row in rows}
    assert len(found) == len(rows), "an order counts twice"
    return found


def lines_of(brand: SmallBrand) -> dict[tuple[str, str], Row]:
    rows = brand.orders.current().lines.to_pylist()
    found = {
        (row["order_id"], row["line_id"]): {
            "title": row["title"], "item_paid_fen": row["item_paid_fen"],
        }
        for row in rows
    }  # fmt: skip
    assert len(found) == len(rows), "a line counts twice"
    return found


def brands(home: Path) -> Any:
    """Fresh brands of one installation."""
    installation = Installation.create(home)
    for n in itertools.count():
        row = installation.add_brand(f"b{n}", f"b{n}", now=stopped)
        yield SmallBrand(installation.workspace(row, stopped), nothing)


def check(orders_of_files: list[dict[int, Row]]) -> None:
    files = [as_file(one) for one in orders_of_files]
    with tempfile.TemporaryDirectory() as name:
        brand = next(brands(Path(name) / "home"))
        take(brand, Path(name), files)
        book, lines = expected(files)
        assert book_of(brand) == book
        assert lines_of(brand) == lines
        # The same files once more change nothing.
        take(brand, Path(name), files[-1:])
        assert book_of(brand) == book


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(FILES)
def test_the_book_is_what_the_oracle_says(orders_of_files: list[dict[int, Row]]) -> None:
    check(orders_of_files)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(FILES)
def test_the_book_is_what_the_oracle_says_of_many_files(
    orders_of_files: list[dict[int, Row]],
) -> None:
    check(orders_of_files)


@pytest.mark.slow
def test_revisions_of_different_rank_give_the_same_in_any_order_of_arrival(tmp_path: Path) -> None:
    at = [START + n * HOUR for n in range(3)]
    files = [
        ([order(1, "m1", rank_at=at[0], status="paid", paid_fen=500, city="上海")], []),
        ([order(1, "m1", rank_at=at[1], status="shipped", paid_fen=None)], [line(1, 1)]),
        ([order(1, "m1", rank_at=at[2], status="finished", paid_fen=450, refund_fen=50)], []),
    ]
    found = []
    for arrival, brand in zip(
        itertools.permutations(files), brands(tmp_path / "home"), strict=False
    ):
        take(brand, tmp_path, arrival)
        found.append((book_of(brand), lines_of(brand)))
    assert len(found) == 6
    assert all(one == found[0] for one in found)
    assert found[0][0]["T000001"]["paid_fen"] == 450
    assert found[0][0]["T000001"]["city"] == "上海"


@pytest.fixture
def brand(tmp_path: Path) -> SmallBrand:
    return open_brand_at(tmp_path / "home")


def test_a_newer_export_updates_and_an_older_one_does_not_turn_the_clock_back(
    brand: SmallBrand, tmp_path: Path
) -> None:
    newer = [order(1, "m1", rank_at=START + HOUR, paid_fen=800, status="finished")]
    older = [order(1, "m1", rank_at=START, paid_fen=1000, status="paid")]
    take(brand, tmp_path, [(newer, [])])
    take(brand, tmp_path, [(older, [])])
    assert book_of(brand)["T000001"]["paid_fen"] == 800
    newest = [order(1, "m1", rank_at=START + 2 * HOUR, paid_fen=700, status="finished")]
    take(brand, tmp_path, [(newest, [])])
    assert book_of(brand)["T000001"]["paid_fen"] == 700


def test_of_the_same_moment_the_later_status_wins(brand: SmallBrand, tmp_path: Path) -> None:
    for status in ("finished", "shipped", "created", "paid"):
        take(brand, tmp_path, [([order(1, "m1", rank_at=START, status=status)], [])])
    assert book_of(brand)["T000001"]["status"] == "finished"


def test_of_the_same_rank_the_later_import_wins(brand: SmallBrand, tmp_path: Path) -> None:
    for fen in (900, 500, 700):
        take(brand, tmp_path, [([order(1, "m1", rank_at=START, paid_fen=fen)], [])])
    assert book_of(brand)["T000001"]["paid_fen"] == 700


@pytest.mark.parametrize("list_first", [True, False])
def test_a_list_file_and_a_detail_file_count_once(
    brand: SmallBrand, tmp_path: Path, list_first: bool
) -> None:
    overview = ([order(n, f"m{n}", paid_fen=1000, city="上海") for n in (1, 2)], [])
    detail = (
        [order(n, None, paid_fen=None, lines_paid_fen=990) for n in (1, 2)],
        [line(n, ordinal) for n in (1, 2) for ordinal in (1, 2)],
    )
    take(brand, tmp_path, [overview, detail] if list_first else [detail, overview])
    book = book_of(brand)
    # The order's own amount wins over the sum of its lines, and both files' fields are there.
    assert [(one["paid_fen"], one["city"]) for one in book.values()] == [(1000, "上海")] * 2
    assert len(lines_of(brand)) == 4
    assert {row["customer"] for row in brand.orders.current().orders.to_pylist()} == {1, 2}


def test_identical_repeated_lines_are_kept_and_never_doubled(
    brand: SmallBrand, tmp_path: Path
) -> None:
    items = [line(1, ordinal, item_id="same", title="same") for ordinal in (1, 2, 3)]
    for _ in range(3):
        take(brand, tmp_path, [([order(1, "m1")], items)])
    assert len(lines_of(brand)) == 3
    grown = [order(1, "m1", rank_at=START + 99 * HOUR)]
    take(brand, tmp_path, [(grown, [*items, line(1, 4, title="new")])])
    assert len(lines_of(brand)) == 4


def test_orders_without_a_customer_are_kept(brand: SmallBrand, tmp_path: Path) -> None:
    take(brand, tmp_path, [([order(1, None, paid_fen=300), order(2, "m1")], [line(1, 1)])])
    rows = {row["order_id"]: row for row in brand.orders.current().orders.to_pylist()}
    assert rows["T000001"]["customer"] == 0
    assert rows["T000001"]["paid_fen"] == 300
    assert rows["T000002"]["customer"] == 1
    # ... until a later export says whose it is.
    take(brand, tmp_path, [([order(1, "m1", paid_fen=300)], [])])
    assert {row["customer"] for row in brand.orders.current().orders.to_pylist()} == {1}


def test_an_order_that_changes_hands_is_read_again_for_both(
    brand: SmallBrand, tmp_path: Path
) -> None:
    take(brand, tmp_path, [([order(1, "m1"), order(2, "m2"), order(3, "m3")], [])])
    with brand.workspace.db.read() as connection:
        version = facts_version(connection)
    take(brand, tmp_path, [([order(1, "m2", rank_at=START + 99 * HOUR)], [])])
    with brand.workspace.db.read() as connection:
        assert set(changed_since(connection, version)) == {1, 2}


def test_a_cancellation_is_a_refund_of_its_own(brand: SmallBrand, tmp_path: Path) -> None:
    cancelled = order(1, "m1", paid_fen=None, lines_paid_fen=0, lines_refund_fen=990, status=None)
    take(brand, tmp_path, [([cancelled], [line(1, 1, item_paid_fen=-990, quantity=-1.0)])])
    one = book_of(brand)["T000001"]
    assert (one["paid"], one["paid_fen"], one["refund_fen"]) == (False, 0, 990)


@pytest.mark.parametrize(
    ("status", "paid_at", "refund", "paid"),
    [
        (None, None, None, True),
        ("created", None, None, False),
        ("paid", START, None, True),
        ("closed", None, None, False),
        ("closed", START, None, True),
        ("closed", None, 100, True),
        ("closed", None, 0, False),
    ],
)
def test_which_orders_are_paid(
    brand: SmallBrand,
    tmp_path: Path,
    status: str | None,
    paid_at: int | None,
    refund: int | None,
    paid: bool,
) -> None:
    row = order(1, "m1", status=status, paid_at=paid_at, refund_fen=refund)
    take(brand, tmp_path, [([row], [])])
    assert book_of(brand)["T000001"]["paid"] is paid
