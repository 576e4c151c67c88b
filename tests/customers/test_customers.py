"""Lists, search, portraits and timelines over a made-up pond."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap

from tests.customers.pond import LAST, ZONE, Pond, event, open_pond
from tests.small_brand import order
from yutang.customers import STAGES, CustomerQuery, CustomerRow
from yutang.errors import BadInput, Damaged, NotFound
from yutang.kit.clock import DAY_MS, iso_day


def everybody(pond: Pond, **query: Any) -> list[CustomerRow]:
    return list(pond.customers.export(CustomerQuery(**query)))


def paid_orders(pond: Pond, customer: int) -> list[dict[str, Any]]:
    rows = pond.brand.orders.current().orders.to_pylist()
    return [row for row in rows if row["customer"] == customer and row["paid"]]


# --- what is known of each -------------------------------------------------------------------
def test_what_each_customer_bought_equals_his_orders(pond: Pond) -> None:
    people = pond.customers.snapshot().people
    rows = pond.brand.orders.current().orders.to_pylist()
    for one in everybody(pond):
        mine = paid_orders(pond, one.id)
        refunds = sum(
            row["refund_fen"]
            for row in rows
            if row["customer"] == one.id and (row["paid"] or not row["paid_fen"])
        )
        assert one.orders == len(mine)
        assert one.paid_fen == sum(row["paid_fen"] for row in mine)
        assert one.net_fen == one.paid_fen - refunds
        assert one.first_order_at == min((row["paid_at"] for row in mine), default=None)
        assert one.last_order_at == max((row["paid_at"] for row in mine), default=None)
        assert people.purchase_days[one.id] == len({row["day"] for row in mine})
        domains = {row["domain"] for row in mine}
        bits = {"private": 1, "public": 2, "store": 4}
        assert people.domains[one.id] == sum(bits[domain] for domain in domains)


def test_seen_spans_orders_of_any_kind_and_events(pond: Pond) -> None:
    moments: dict[int, list[int]] = {}
    for row in pond.brand.orders.current().orders.to_pylist():
        moments.setdefault(row["customer"], []).append(row["paid_at"])
    for one in pond.events:
        who = pond.customer(one["identities"]["member_no"])
        moments.setdefault(who, []).append(one["time"])
    for one in everybody(pond):
        assert one.first_seen_at == min(moments[one.id])
        assert one.last_seen_at == max(moments[one.id])


def test_today_is_the_newest_fact(pond: Pond) -> None:
    assert pond.customers.snapshot().as_of == LAST


# --- lists -----------------------------------------------------------------------------------
def test_filters_let_through_exactly_those_who_fit(pond: Pond) -> None:
    rows = everybody(pond)
    middle = LAST - 100 * DAY_MS
    cases: list[tuple[dict[str, Any], Any]] = [
        *(({"stage": code}, lambda r, c=code: r.stage == c) for code in STAGES),
        ({"role": "fan"}, lambda r: r.role == "fan"),
        ({"orders_min": 3}, lambda r: r.orders >= 3),
        ({"paid_min_fen": 50_000}, lambda r: r.paid_fen >= 50_000),
        ({"last_order_from": middle}, lambda r: (r.last_order_at or 0) >= middle),
        ({"last_order_to": middle}, lambda r: r.last_order_at and r.last_order_at < middle),
        ({"source": "tmall"}, lambda r: r.source == "tmall"),
        ({"channel": "live"}, lambda r: r.channel == "live"),
        ({"member": True}, lambda r: r.member),
        ({"people": BitMap([3, 5, 999_999])}, lambda r: r.id in (3, 5)),
    ]
    for query, fits in cases:
        expected = {row.id for row in rows if fits(row)}
        page = pond.customers.list_(CustomerQuery(**query, size=1000))
        assert {row.id for row in page.rows} == expected, query
        assert page.total == len(expected)
        assert page.value_fen == sum(row.net_fen for row in rows if row.id in expected)
        assert pond.customers.people(CustomerQuery(**query)) == BitMap(expected)


@pytest.mark.parametrize(
    ("query", "column", "value"),
    [
        ({"domain": "private"}, "domain", "private"),
        ({"platform": "pos"}, "platform", "pos"),
        ({"shop": ("tmall", "outlet")}, "shop", "outlet"),
    ],
)
def test_where_somebody_bought_can_be_filtered(
    pond: Pond, query: dict[str, Any], column: str, value: str
) -> None:
    rows = pond.brand.orders.current().orders.to_pylist()
    expected = {
        row["customer"] for row in rows if row["paid"] and row["customer"] and row[column] == value
    }
    assert set(pond.customers.people(CustomerQuery(**query))) == expected


@pytest.mark.parametrize("sort", ["id", "-net_fen", "orders", "-last_order_at", "stage"])
def test_pages_put_together_are_the_sorted_list(pond: Pond, sort: str) -> None:
    key = sort.lstrip("-")
    people = pond.customers.snapshot().people
    rows = everybody(pond, sort=sort)
    values = [row.id if key == "id" else int(getattr(people, key)[row.id]) for row in rows]
    signed = [-value for value in values] if sort.startswith("-") else values
    assert list(zip(signed, (row.id for row in rows), strict=True)) == sorted(
        zip(signed, (row.id for row in rows), strict=True)
    )
    pages = [pond.customers.list_(CustomerQuery(sort=sort, page=n, size=7)) for n in range(1, 20)]
    assert [row.id for page in pages for row in page.rows] == [row.id for row in rows]


def test_a_wrong_filter_is_refused_with_the_choices(pond: Pond) -> None:
    for query in ({"stage": "rich"}, {"role": "boss"}, {"domain": "sea"}, {"sort": "name"}):
        with pytest.raises(BadInput):
            pond.customers.list_(CustomerQuery(**query))


# --- search ----------------------------------------------------------------------------------
def test_search_understands_number_member_and_stage(pond: Pond) -> None:
    who = pond.customer("m3")
    for text in (f"#{who}", f"客户 #{who}", "m3"):
        assert [row.id for row in pond.customers.search(text)] == [who], text
    stage = pond.customers.get(who).stage
    zh = STAGES[stage][1]
    assert [row.id for row in pond.customers.search(f"m3 stage:{zh}")] == [who]
    other = next(code for code in STAGES if code != stage)
    assert not pond.customers.search(f"m3 stage:{other}")
    assert not pond.customers.search("stage:")
    assert not pond.customers.search("   ")
    assert not pond.customers.search("m3x")
    assert who in [row.id for row in pond.customers.search(str(who))]
    assert not pond.customers.search("999999999")


def test_search_finds_a_phone_by_tail_or_whole_and_shows_it_masked(tmp_path: Path) -> None:
    orders = [
        order(1, "a", phone="13812344412"),
        order(2, "b", phone="13900004412"),
        order(3, "4412"),
        order(4, "c", phone="13812345678"),
    ]
    pond = open_pond(tmp_path, orders, [], [])
    whole = pond.customers.search("13812344412")
    assert [row.id for row in whole] == [pond.customer("a")]
    assert whole[0].phone == "138****4412"
    both = {pond.customer("a"), pond.customer("b")}
    for text in ("尾号4412", "tail:4412"):
        assert {row.id for row in pond.customers.search(text)} == both
    # Four digits may as well be somebody's member number.
    assert {row.id for row in pond.customers.search("4412")} == {*both, pond.customer("4412")}
    assert not pond.customers.search("138****4412")


# --- portrait --------------------------------------------------------------------------------
def test_a_portrait_adds_up(pond: Pond) -> None:
    for row in everybody(pond):
        found, mine = pond.customers.get(row.id), paid_orders(pond, row.id)
        assert (found.orders, found.paid_fen, found.net_fen) == (
            len(mine),
            row.paid_fen,
            row.net_fen,
        )
        days = sorted({one["day"] for one in mine})
        gaps = np.diff(days)
        assert found.usual_gap_days == (float(np.median(gaps)) if len(days) > 2 else None)
        assert found.purchase_days == len(days)
        shops = Counter((one["platform"], one["shop"]) for one in mine)
        assert {(p, s): n for p, s, _, n, _ in found.shops} == shops
        assert sum(paid for *_, paid in found.shops) == found.paid_fen
        live = [relation for relation in found.relations if relation.until is None]
        assert (found.role == "fan") == bool(live)
        assert found.in_pool in (True, False) if live else not found.in_pool
        assert found.stage_reason[0]
        assert found.role_reason[1]
        # What is weighed counts as one item everywhere, so no habit is bought more than all items.
        assert all(n == int(n) for _, n in found.favourite_categories)


def test_a_customer_nobody_knows_is_not_found(pond: Pond) -> None:
    for number in (0, -1, 10**9):
        with pytest.raises(NotFound):
            pond.customers.get(number)


def test_a_merged_customer_leads_to_the_survivor(tmp_path: Path) -> None:
    orders = [order(1, "a"), order(2, None, buyer="x", buyer_kind="tmall_buyer")]
    events = [
        {"event": "member_bound", "time": LAST, "properties": {},
         "identities": {"member_no": "a", "tmall_buyer": "x"}},
    ]  # fmt: skip
    pond = open_pond(tmp_path, orders, [], events)
    survivor = pond.customer("a")
    gone = next(i for i in (1, 2) if i != survivor)
    found = pond.customers.get(gone)
    assert (found.id, found.merged_from, found.orders) == (survivor, gone, 2)
    assert {one.kind for one in found.identities} == {"member_no", "tmall_buyer"}
    assert [one.evidence for one in found.evidence] == ["event"]
    assert [row.id for row in everybody(pond)] == [survivor]
    assert found.member


def test_a_deleted_contact_is_history_and_the_group_still_a_relation(tmp_path: Path) -> None:
    events = [
        event("contact_added", LAST - 9 * DAY_MS, "a", guide="G1", channel_code="C1",
              touchpoint="package_card", source="tmall"),
        event("group_joined", LAST - 8 * DAY_MS, "a", group="R1"),
        event("contact_deleted", LAST - 7 * DAY_MS, "a", guide="G1"),
        event("contact_added", LAST - 5 * DAY_MS, "b", guide="G1"),
        event("contact_deleted", LAST, "b", guide="G1"),
    ]  # fmt: skip
    pond = open_pond(tmp_path, [], [], events)
    found = pond.customers.get(pond.customer("a"))
    assert [(r.kind, r.key, r.until is None) for r in found.relations] == [
        ("group", "R1", True),
        ("contact", "G1", False),
    ]
    assert (found.role, found.in_pool, found.source, found.channel) == ("fan", True, "tmall", "C1")
    left = pond.customers.get(pond.customer("b"))
    assert (left.role, left.in_pool) == ("lead", False)
    assert left.role_reason == ("关系都已断开", "all relations have ended")


def test_the_inviter_is_known_by_invitation_or_by_his_id(tmp_path: Path) -> None:
    events = [
        event("invitation_sent", LAST - 9, "a", invitation="I1"),
        event("invitation_accepted", LAST - 8, "b", invitation="I1"),
        event("invitation_accepted", LAST - 7, "c", inviter="a"),
        event("invitation_accepted", LAST - 6, "a", inviter="a"),
    ]
    pond = open_pond(tmp_path, [], [], events)
    a, b, c = (pond.customer(name) for name in "abc")
    assert pond.customers.get(b).inviter == a
    assert pond.customers.get(c).inviter == a
    assert pond.customers.get(a).inviter is None
    assert set(pond.customers.get(a).invitees) == {b, c}


# --- timeline --------------------------------------------------------------------------------
def test_a_timeline_tells_everything_once_newest_first(pond: Pond) -> None:
    rows = pond.brand.orders.current().orders.to_pylist()
    for member in ("m0", "m1", "m5"):
        who = pond.customer(member)
        entries, before = [], ""
        while True:
            page = pond.customers.timeline(who, before=before, limit=5)
            for day in page.days:
                assert all(iso_day(one.at, ZONE) == day.day for one in day.entries)
                entries += day.entries
            if not page.before:
                break
            before = page.before
        times = [one.at for one in entries]
        assert times == sorted(times, reverse=True)
        expected = Counter(
            (one["time"], one["event"])
            for one in pond.events
            if one["identities"]["member_no"] == member
        )
        expected += Counter((r["paid_at"], "order_paid") for r in rows if r["customer"] == who)
        assert Counter((one.at, one.event) for one in entries) == expected


def test_an_order_in_the_timeline_has_its_items_and_amounts(pond: Pond) -> None:
    book = pond.brand.orders.current()
    lines = book.lines.to_pylist()
    who = pond.customer("m0")
    page = pond.customers.timeline(who, groups=("trade",), limit=1000)
    shown = [entry for day in page.days for entry in day.entries]
    mine = [row for row in book.orders.to_pylist() if row["customer"] == who]
    assert len(shown) == len(mine)
    for entry, row in zip(shown, reversed(mine), strict=True):
        assert (entry.at, entry.paid_fen) == (row["paid_at"], row["paid_fen"])
        assert entry.refund_fen == row["refund_fen"]
        of_order = [one for one in lines if one["order"] == row["order"]]
        assert entry.item_count == len(of_order)
        assert [item.paid_fen for item in entry.items] == [o["item_paid_fen"] for o in of_order]
        if not row["paid"]:
            assert entry.label[1] in ("unpaid order", "cancellation")


def test_a_timeline_can_be_narrowed_to_a_group(pond: Pond) -> None:
    page = pond.customers.timeline(pond.customer("m0"), groups=("relation",), limit=1000)
    groups = {entry.group for day in page.days for entry in day.entries}
    assert groups <= {"relation"}
    assert page.has_events


def test_an_event_shows_what_matters_in_our_words(tmp_path: Path) -> None:
    events = [event("contact_added", LAST, "a", guide="G1", touchpoint="package_card", seconds=3)]
    pond = open_pond(tmp_path, [], [], events)
    entry = pond.customers.timeline(pond.customer("a")).days[0].entries[0]
    assert entry.label == ("加粉", "added a contact")
    assert entry.details == (
        (("导购", "guide"), "G1"),
        (("触点", "touchpoint"), ("包裹卡", "package card")),
        (("停留（秒）", "seconds"), "3"),
    )


def test_a_broken_cursor_starts_from_the_newest(pond: Pond) -> None:
    who = pond.customer("m0")
    assert pond.customers.timeline(who, before="x.y") == pond.customers.timeline(who)


# --- the cache -------------------------------------------------------------------------------
def test_a_refresh_changes_nothing_until_facts_do(tmp_path: Path) -> None:
    pond = open_pond(tmp_path, [order(1, "a")], [], [])
    before = pond.customers.snapshot()
    assert pond.customers.refresh() is before
    again = pond.customers.refresh(whole=True)
    assert again is not before
    for name in ("orders", "stage", "last_seen_at"):
        assert (getattr(again.people, name) == getattr(before.people, name)).all()


def test_a_torn_file_is_named_damaged(tmp_path: Path) -> None:
    pond = open_pond(tmp_path, [order(1, "a")], [], [])
    root = pond.brand.workspace.cache / "customers"
    next(root.glob("*/people.orders.npy")).write_bytes(b"torn")
    (root / "current.json").touch()
    with pytest.raises(Damaged):
        pond.customers.snapshot()


def test_attributes_are_by_customer(pond: Pond) -> None:
    found = pond.customers.attributes()
    for row in everybody(pond):
        assert found["stage"].dictionary[found["stage"].values[row.id]] == row.stage
        assert found["orders"].values[row.id] == row.orders
        assert found["paid"].values[row.id] == row.paid_fen / 100
