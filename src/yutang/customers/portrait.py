"""One customer as a whole: who, stage with its reason, value, habits, relations, identities."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from yutang.commerce import CurrentOrders
from yutang.customers.from_orders import pieces
from yutang.customers.intervals import Source
from yutang.customers.query import CustomerRow, nobody, rows_of
from yutang.customers.rules import usual_gap_days
from yutang.customers.snapshot import Snapshot
from yutang.identity import Why
from yutang.kit.clock import DAY_MS, iso_of_day_number

KINDS = ("contact", "group", "follow")
FAVOURITES = 5


@dataclass(frozen=True)
class Relation:
    """One relation: kind contact | group | follow, `key` which guide, group or account ("" not
    known), and until when (None = live). `source`, `channel_code`, `touchpoint`: "" not known."""

    kind: str
    key: str
    since: int
    until: int | None
    source: str
    channel_code: str
    touchpoint: str


@dataclass(frozen=True)
class KnownBy:
    """One identity, as it may be shown."""

    id: int
    kind: str
    shown: str
    source: str
    first_seen_at: int


@dataclass(frozen=True)
class Evidence:
    """Why two identities are one person: identity ids, kind of evidence, where from, when."""

    a: int
    b: int
    evidence: str
    source: str
    at: int


@dataclass(frozen=True)
class Portrait(CustomerRow):
    """What is known of a customer: his line of the list, and more. Times UTC ms, None = never."""

    merged_from: int | None  # the id that was asked for, when it was merged into this one
    stage_reason: tuple[str, str]
    role_reason: tuple[str, str]
    purchase_days: int
    as_of: int
    days_since_last: int | None
    usual_gap_days: float | None
    favourite_categories: tuple[tuple[str, float], ...]  # (category, items), most first
    shops: tuple[tuple[str, str, str, int, int], ...]  # (platform, shop, domain, orders, paid fen)
    relations: tuple[Relation, ...]  # newest first
    in_pool: bool
    inviter: int | None
    invitees: tuple[int, ...]
    identities: tuple[KnownBy, ...]
    evidence: tuple[Evidence, ...]
    why: Why

    @property
    def refund_fen(self) -> int:
        """What was paid back."""
        return self.paid_fen - self.net_fen


def orders_of(book: CurrentOrders, customer: int) -> tuple[int, int]:
    """The rows [first, end) of a customer's orders."""
    return _rows(book.orders, "customer", np.uint32(customer), np.uint32(customer))


def lines_of(book: CurrentOrders, first_order: int, end_order: int) -> pa.Table:
    """The lines of orders [first_order, end_order)."""
    first, end = _rows(book.lines, "order", np.int32(first_order), np.int32(end_order - 1))
    return book.lines.slice(first, end - first)


def _rows(table: pa.Table, name: str, low: np.generic, high: np.generic) -> tuple[int, int]:
    """Rows [first, end) whose sorted column lies between low and high, both included.

    The stored table has one chunk, which is looked at where it lies; bounds have the column's
    type, since numpy would copy the whole column to compare with another one.
    """
    column = table.column(name)
    values = column.chunk(0).to_numpy() if column.num_chunks == 1 else np.asarray(column)
    return (
        int(np.searchsorted(values, low, "left")),
        int(np.searchsorted(values, high, "right")),
    )


def purchases(
    book: CurrentOrders, customer: int
) -> tuple[list[int], tuple[tuple[str, float], ...], tuple[tuple[str, str, str, int, int], ...]]:
    """Distinct purchase days, favourite categories and shops of a customer's paid orders."""
    first, end = orders_of(book, customer)
    orders = book.orders.slice(first, end - first).select(
        ["platform", "shop", "domain", "paid", "paid_fen", "day"]
    )
    paid = [row for row in orders.to_pylist() if row["paid"]]
    shops: dict[tuple[str, str, str], list[int]] = {}
    for row in paid:
        shops.setdefault((row["platform"], row["shop"], row["domain"]), []).append(row["paid_fen"])
    lines = lines_of(book, first, end).select(["category", "quantity", "paid"]).to_pylist()
    categories: Counter[str] = Counter()
    bought = [one for one in lines if one["paid"] and one["category"] and one["quantity"] > 0]
    items = pieces(np.array([line["quantity"] for line in bought], np.float64))
    for line, n in zip(bought, items.tolist(), strict=True):
        categories[line["category"]] += n
    return (
        sorted({row["day"] for row in paid}),
        tuple(sorted(categories.items(), key=lambda item: (-item[1], item[0]))[:FAVOURITES]),
        tuple(
            sorted(
                ((*shop, len(amounts), sum(amounts)) for shop, amounts in shops.items()),
                key=lambda one: (-one[4], one[:3]),
            )
        ),
    )


def relations_of(snapshot: Snapshot, customer: int) -> tuple[Relation, ...]:
    """All relations of a customer, live ones and ended ones, newest first."""
    ties, words = snapshot.ties, snapshot.words
    first = int(np.searchsorted(ties.customer, customer, "left"))
    end = int(np.searchsorted(ties.customer, customer, "right"))

    def text(name: str, code: int) -> str:
        return words[name][code] if code >= 0 else ""

    found = [
        Relation(
            kind=KINDS[ties.kind[row]],
            key=text(("guide", "group", "account")[ties.kind[row]], int(ties.key[row])),
            since=int(ties.time[row]),
            until=None if ties.end[row] == len(ties) else int(ties.time[ties.end[row]]),
            source=text("source", int(ties.source[row])),
            channel_code=text("channel_code", int(ties.channel_code[row])),
            touchpoint=text("touchpoint", int(ties.touchpoint[row])),
        )
        for row in range(first, end)
        if not ties.is_end[row]
    ]
    return tuple(reversed(found))


def in_pool(snapshot: Snapshot, customer: int) -> bool:
    """Is he in the pool at the newest fact?"""
    end = int(np.searchsorted(snapshot.pool.customer, customer, "right"))
    return end > 0 and bool(
        snapshot.pool.customer[end - 1] == customer and snapshot.pool.step[end - 1] > 0
    )


@dataclass(frozen=True)
class Limits:
    """After how many days a buyer is dormant and lost, where that comes from, and his usual days
    between purchases; `category` is that of his last purchase."""

    dormant: int
    lost: int
    source: Source
    interval: float
    category: str = ""


def limits_of(snapshot: Snapshot, customer: int) -> Limits:
    """By which limits his stage was told."""
    people, category = snapshot.people, int(snapshot.people.category[customer])
    return Limits(
        int(people.dormant_after[customer]),
        int(people.lost_after[customer]),
        Source(int(people.limit_source[customer])),
        float(people.interval_days[customer]),
        snapshot.words["category"][category] if category >= 0 else "",
    )


def _because(limits: Limits) -> tuple[str, str]:
    """Where his limits come from, in brackets behind them."""
    days = round(limits.interval, 1)
    usual = f"{days:.0f}" if days == round(days) else f"{days}"
    zh, en = {
        Source.OWN: (f"他自己通常 {usual} 天买一次", f"he usually buys every {usual} days"),
        Source.CATEGORY: (
            f"“{limits.category}”的回购周期，一半人 {usual} 天内回来",
            f"the interval of “{limits.category}”, half come back within {usual} days",
        ),
        Source.BRAND: (
            f"全品牌的回购周期，一半人 {usual} 天内回来",
            f"the brand's interval, half come back within {usual} days",
        ),
        Source.HAND: (
            f"“{limits.category}”手工设定的天数",
            f"set by hand for “{limits.category}”",
        ),
        Source.TRADE: (
            "回购数据不够，用行业惯例",
            "too few returns are known: the usual days of the trade",
        ),
    }.get(limits.source, ("规则里的固定天数", "the rule's fixed days"))
    return f"（{zh}）", f" ({en})"


def stage_reason(stage: str, days: list[int], since: int | None, limits: Limits) -> tuple[str, str]:
    """Why the customer is in his stage."""
    n = len(days)
    if stage == "never":
        return ("还没有支付过订单", "no paid order yet")
    last, (zh, en) = iso_of_day_number(days[-1]), _because(limits)
    if stage == "first":
        return (
            f"只在 {last} 这一天买过，距今 {since} 天，未超过 {limits.dormant} 天{zh}",
            f"bought on one day only, {last}, {since} days ago: no more than {limits.dormant} "
            f"days{en}",
        )
    if stage == "repeat":
        return (
            f"在 {n} 个日期买过，最近一次 {last}，距今 {since} 天，未超过 {limits.dormant} 天{zh}",
            f"bought on {n} days, last on {last}, {since} days ago: no more than {limits.dormant} "
            f"days{en}",
        )
    limit = limits.lost if stage == "lost" else limits.dormant
    return (
        f"最近一次购买在 {last}，已 {since} 天，超过 {limit} 天{zh}",
        f"last bought on {last}, {since} days ago: more than {limit} days{en}",
    )


def role_reason(role: str, relations: tuple[Relation, ...], member: bool) -> tuple[str, str]:
    """Why the customer has his relationship role."""
    live = [one for one in relations if one.until is None]
    if role == "koc":
        return ("在鱼塘里，并领取过任务", "related to us, and claimed a task")
    if role == "fan":
        contacts = sum(one.kind == "contact" for one in live)
        groups = sum(one.kind == "group" for one in live)
        others = len(live) - contacts - groups
        zh = [f"加着 {contacts} 位导购"] * bool(contacts) + [f"在 {groups} 个群里"] * bool(groups)
        zh += [f"关注着 {others} 个账号"] * bool(others)
        en = [f"guides added: {contacts}"] * bool(contacts) + [f"groups: {groups}"] * bool(groups)
        en += [f"accounts followed: {others}"] * bool(others)
        return ("，".join(zh), ", ".join(en))
    if relations:
        return ("关系都已断开", "all relations have ended")
    if role == "lead":
        if member:
            return ("是会员，还没有加导购或进群", "a member, without a guide or a group")
        return ("留过联系方式，还没有加导购或进群", "left a contact, without a guide or a group")
    return ("只有平台买家身份，联系不到", "known as a platform's buyer only, cannot be reached")


def make_portrait(
    snapshot: Snapshot,
    book: CurrentOrders,
    customer: int,
    *,
    asked: int,
    why: Why,
) -> Portrait:
    """The portrait of a customer. One whom the snapshot does not know yet has only identities."""
    known = customer < len(snapshot.people)
    identities = tuple(
        KnownBy(one.id, one.kind, one.shown, one.source, one.first_seen_at)
        for one in why.identities
    )
    first_of_kind = {one.kind: one.shown for one in reversed(identities)}
    row = rows_of(snapshot, [customer], {customer: first_of_kind})[0] if known else nobody(customer)
    days, categories, shops = purchases(book, customer)
    if not days:  # the snapshot may be a moment older than the orders
        row = replace(row, stage="never")
    relations = relations_of(snapshot, customer)
    since = (snapshot.as_of - row.last_order_at) // DAY_MS if row.last_order_at else None
    inviters = snapshot.people.inviter
    limits = limits_of(snapshot, customer) if known else Limits(0, 0, Source.NONE, 0.0)
    return Portrait(
        **vars(row),
        merged_from=asked if asked != customer else None,
        stage_reason=stage_reason(row.stage, days, since, limits),
        role_reason=role_reason(row.role, relations, row.member),
        purchase_days=len(days),
        as_of=snapshot.as_of,
        days_since_last=since,
        usual_gap_days=usual_gap_days(np.array(days, np.int32)),
        favourite_categories=categories,
        shops=shops,
        relations=relations,
        in_pool=in_pool(snapshot, customer),
        inviter=(int(inviters[customer]) or None) if known else None,
        invitees=tuple(int(n) for n in np.flatnonzero(inviters == customer)),
        identities=identities,
        evidence=tuple(
            Evidence(one.a, one.b, one.evidence, one.source, one.time) for one in why.ties
        ),
        why=why,
    )
