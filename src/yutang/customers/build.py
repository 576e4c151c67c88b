"""Makes a snapshot: orders from the order book, events from the shards, the rest from state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from yutang.commerce import CurrentOrders
from yutang.customers import from_events, from_orders, rules, standing
from yutang.customers.from_orders import codes, column, starts
from yutang.customers.lifecycle_rule import DEFAULT, RuleVersion
from yutang.customers.rules import FOREVER, PoolChanges
from yutang.customers.snapshot import Sends, Snapshot, Ties, empty_part
from yutang.identity import CODES
from yutang.sequence.shard import ShardSet
from yutang.state.brand import identities

LEAD_KINDS = ("phone", "unionid", "openid", "external_userid", "login_id", "member_no")


def make_snapshot(
    connection: Connection,
    known: Identified,
    book: CurrentOrders,
    shards: ShardSet | None,
    *,
    zone: str,
    now: int,
    rule: RuleVersion = DEFAULT,
) -> Snapshot:
    """A snapshot of these orders and shards (None: no events yet), stages told by the rule."""
    words: dict[str, list[str]] = {}
    sales = from_orders.sales(book, words)
    size = 1 + max(int(known.alive.max(initial=0)), int(sales.customer.max(initial=0)))
    alive, member, lead = (_flags(size, one) for one in (known.alive, known.member, known.lead))
    first_seen, last_seen = from_orders.seen(book, size)
    if shards is not None:
        from_events.see_events(shards, first_seen, last_seen)
    # A clock that runs ahead does not move "today" into the future.
    as_of = int(np.minimum(last_seen, now).max(initial=0))
    told = _told(connection, shards, words, size, as_of, zone)
    by_number, member = member, member | (told.member_at < FOREVER)
    ties = told.ties
    live = _flags(size, ties.customer[ties.end == len(ties)])
    people = from_orders.purchases(sales, size)
    source, channel = _origins(size, book, ties, words)
    # No moment is kept for a contact that was left: it counts since he was first seen.
    lead_at = np.where(lead | by_number, first_seen, told.member_at)
    people = replace(
        people, first_seen_at=first_seen, last_seen_at=last_seen, member=member, alive=alive,
        role=rules.roles(lead | member, live, told.koc_at < FOREVER),
        lead_at=lead_at, koc_at=told.koc_at, source=source, channel=channel, inviter=told.inviter,
    )  # fmt: skip
    restocks, days = from_orders.restocks(book, words), from_orders.purchase_days(book)
    contact = _contact(shards, rule, as_of, size)
    people, intervals = standing.placed(
        people, sales, days, contact, rule.rule, words["category"], as_of=as_of, zone=zone
    )
    return Snapshot(
        version=book.version, has_events=shards is not None, as_of=as_of, made_at=now, words=words,
        people=people,
        sales=replace(sales, inside=rules.inside_at(told.pool, sales.customer, sales.at)),
        ties=ties, pool=told.pool, sends=told.sends, restocks=restocks, days=days,
        intervals=intervals, spans=contact.spans, rule=rule,
    )  # fmt: skip


def _contact(
    shards: ShardSet | None, rule: RuleVersion, as_of: int, size: int
) -> from_events.Contact:
    if shards is None:
        return from_events.no_contact(size)
    return from_events.contact(shards, rule.rule, as_of, size)


@dataclass(frozen=True)
class _Told:
    """What events tell; by customer: since when a member, since when a KOC (ms, FOREVER = not),
    inviter (uint32)."""

    ties: Ties
    sends: Sends
    pool: PoolChanges
    member_at: NDArray[np.int64]
    koc_at: NDArray[np.int64]
    inviter: NDArray[np.uint32]


def _told(
    connection: Connection,
    shards: ShardSet | None,
    words: dict[str, list[str]],
    size: int,
    as_of: int,
    zone: str,
) -> _Told:
    if shards is None:
        parts = (empty_part(Ties), empty_part(Sends), empty_part(PoolChanges))
        never = np.full(size, FOREVER, np.int64)
        return _Told(*parts, never, never, np.zeros(size, np.uint32))
    ties, sends = from_events.ties(shards, words, zone)
    invitations = from_events.invitations(shards)
    by_value = _customers_by_value(connection, invitations.texts)
    return _Told(
        ties,
        sends,
        rules.pool_changes(ties.relations(), ties.end, from_events.acts(shards, ties), as_of),
        from_events.first_of(shards, ("member_bound",), size),
        from_events.first_of(shards, ("task_claimed",), size),
        from_events.inviters(invitations, by_value, size),
    )


def _flags(size: int, customers: NDArray[Any]) -> NDArray[np.bool_]:
    out = np.zeros(size, bool)
    out[customers] = True
    return out


@dataclass(frozen=True)
class Identified:
    """Customers by what their identities say (uint32, may repeat): alive, who has any; member, who
    has a member number; lead, who left a contact."""

    alive: NDArray[np.uint32]
    member: NDArray[np.uint32]
    lead: NDArray[np.uint32]


def identified(customer_of: NDArray[np.uint32], kind_of: NDArray[np.uint8]) -> Identified:
    """From the customer and the kind's code of each identity (`identity.Owners`)."""
    lead = [CODES[kind] for kind in LEAD_KINDS]
    somebody = customer_of > 0
    return Identified(
        alive=customer_of[somebody],
        member=customer_of[somebody & (kind_of == CODES["member_no"])],
        lead=customer_of[somebody & np.isin(kind_of, lead)],
    )


def _customers_by_value(connection: Connection, values: Sequence[str]) -> dict[str, int]:
    """Identity value → customer, for values that name exactly one customer."""
    found: dict[str, set[int]] = {}
    for start in range(0, len(values), 500):
        query = select(identities.c.value, identities.c.customer_id).where(
            identities.c.value.in_(values[start : start + 500])
        )
        for value, customer in connection.execute(query):
            found.setdefault(value, set()).add(int(customer))
    return {value: ids.pop() for value, ids in found.items() if len(ids) == 1}


def _origins(
    size: int, book: CurrentOrders, ties: Ties, words: dict[str, list[str]]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Where each customer came from first: the source (a platform, or the source of his first
    relation) and the channel (the order's, or the channel code), whichever fact is earlier."""
    sources, channels = _Words(words.get("source", [])), _Words(words.get("channel_code", []))
    platform, texts = codes(book.orders, "platform")
    of_platform = np.array([*(sources.code(text) for text in texts), -1], np.int32)
    order_channel, texts = codes(book.orders, "channel")
    of_channel = np.array([*(channels.code(text) for text in texts), -1], np.int32)
    source, channel = np.full(size, -1, np.int32), np.full(size, -1, np.int32)
    since = np.full(size, rules.FOREVER, np.int64)
    customer = column(book.orders, "customer")
    first = starts(customer)
    first = first[customer[first] > 0]
    source[customer[first]] = of_platform[platform[first]]
    channel[customer[first]] = of_channel[order_channel[first]]
    since[customer[first]] = column(book.orders, "paid_at")[first]
    begins = np.flatnonzero(~ties.is_end)
    begins = begins[starts(ties.customer[begins])]
    begins = begins[ties.time[begins] < since[ties.customer[begins]]]
    source[ties.customer[begins]] = ties.source[begins]
    channel[ties.customer[begins]] = ties.channel_code[begins]
    words["source"], words["channel"] = sources.words, channels.words
    return source, channel


class _Words:
    """A growing list of texts and the code of each."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self._codes = {word: code for code, word in enumerate(words)}

    def code(self, word: str) -> int:
        if word not in self._codes:
            self._codes[word] = len(self.words)
            self.words.append(word)
        return self._codes[word]
