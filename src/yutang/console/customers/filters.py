"""The list's filters: from the address to a CustomerQuery, and back into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from yutang.catalog.platforms import DOMAINS, platform_of
from yutang.catalog.touchpoints import source_label
from yutang.console.formats import day_of
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.console.people import people_of, reference
from yutang.console.tables import Column, Query, read_query
from yutang.customers import ROLES, STAGES, CustomerQuery

COLUMNS: tuple[Column, ...] = (
    Column("phone", mark("Phone")),
    Column("member_no", mark("Member no.")),
    Column("stage", mark("Purchase stage"), sortable=True),
    Column("role", mark("Relation"), sortable=True),
    Column("orders", mark("Paid orders"), "count", sortable=True),
    Column("net_fen", mark("Net value"), "money", sortable=True),
    Column("paid_fen", mark("Paid"), "money", sortable=True),
    Column("items", mark("Items"), "count", sortable=True),
    Column("last_order_at", mark("Last order"), "day", sortable=True),
    Column("first_order_at", mark("First order"), "day", sortable=True),
    Column("last_seen_at", mark("Last seen"), "day", sortable=True),
    Column("first_seen_at", mark("First seen"), "day", sortable=True),
    Column("source", mark("First source")),
    Column("channel", mark("First channel")),
)
BY_KEY = {column.key: column for column in COLUMNS}
# With what the list is sorted by at first, so that its order explains itself.
SHOWN_FIRST = (
    *("phone", "stage", "role", "orders", "net_fen", "last_order_at", "source"),
    "last_seen_at",
)
FILTERS = (
    *("q", "stage", "role", "domain", "platform", "member", "orders", "paid"),
    *("last_from", "last_to", "source", "channel", "tag", "cols", "people"),
)
DEFAULT_SORT = "-last_seen_at"


@dataclass(frozen=True)
class Chip:
    """One filter in words, and the address without it."""

    text: str
    url: str


def columns_of(query: Query) -> list[Column]:
    chosen = [key for key in query.filters.get("cols", "").split(",") if key in BY_KEY]
    return [BY_KEY[key] for key in chosen or SHOWN_FIRST]


def read(path: str, values: Mapping[str, str]) -> Query:
    sorts = ["id", *(column.key for column in COLUMNS if column.sortable)]
    return read_query(path, values, filters=FILTERS, sorts=sorts, default_sort=DEFAULT_SORT)


def customer_query(session: Session, query: Query) -> CustomerQuery:
    """Values that cannot be read do not filter; codes that do not exist raise BadInput."""
    f = query.filters
    paid = _number(f.get("paid"))
    last_to = _day(f.get("last_to"), session.zone)
    return CustomerQuery(
        search=f.get("q", ""),
        stage=f.get("stage", ""),
        role=f.get("role", ""),
        domain=f.get("domain", ""),
        platform=f.get("platform", ""),
        member={"yes": True, "no": False}.get(f.get("member", "")),
        orders_min=int(n) if (n := _number(f.get("orders"))) is not None else None,
        paid_min_fen=round(paid * 100) if paid is not None else None,
        last_order_from=_day(f.get("last_from"), session.zone),
        # The last day counts whole.
        last_order_to=None if last_to is None else last_to + 24 * 3_600_000,
        source=f.get("source", ""),
        channel=f.get("channel", ""),
        tag=f.get("tag", ""),
        people=people_of(session, f["people"]).members if "people" in f else None,
        sort=query.sort,
        page=query.page,
        size=query.size,
    )


def address_of(origin: Mapping[str, Any], zone: str) -> dict[str, str]:
    """The fields of an address that show a list again (`segments.of_list`)."""
    query = origin["query"]
    same = ("stage", "role", "domain", "platform", "source", "channel", "tag")
    found = {name: str(query[name]) for name in same if query.get(name)}
    if query.get("member") is not None:
        found["member"] = "yes" if query["member"] else "no"
    if query.get("orders_min") is not None:
        found["orders"] = str(query["orders_min"])
    if query.get("paid_min_fen") is not None:
        found["paid"] = f"{query['paid_min_fen'] / 100:.10g}"
    if query.get("last_order_from") is not None:
        found["last_from"] = day_of(query["last_order_from"], zone)
    if query.get("last_order_to") is not None:
        found["last_to"] = day_of(query["last_order_to"] - 1, zone)
    if origin.get("within"):
        found["people"] = reference(**origin["within"])
    return found


def chips(session: Session, query: Query) -> list[Chip]:
    """The filters that are on, in words, each with a way to drop it."""
    said = session.text
    words: list[tuple[str, str]] = []
    for key, value in query.filters.items():
        text = _words(session, key, value)
        if text:
            words.append((key, text))
    if "people" in query.filters:
        people = people_of(session, query.filters["people"])
        words.append(("people", people.title if people.plain else said(people.title)))
    return [Chip(text, query.url(**{key: "", "page": ""})) for key, text in words]


def _words(session: Session, key: str, value: str) -> str:
    said = session.text
    if key == "stage" and value in STAGES:
        return session.pick(STAGES[value][1:])
    if key == "role" and value in ROLES:
        return session.pick(ROLES[value][1:])
    if key == "domain" and value in DOMAINS:
        return said("bought in: %(domain)s", domain=session.pick(DOMAINS[value]))
    if key == "platform":
        return said("bought on: %(platform)s", platform=session.pick(platform_of(value)))
    if key == "member":
        return said("members") if value == "yes" else said("no members")
    if key == "tag":
        value = session.brand.tags.find(value).title
    if key == "source":
        value = session.pick(source_label(value))
    templates = {
        "q": mark("search: %(value)s"),
        "orders": mark("at least %(value)s orders"),
        "paid": mark("paid at least ¥%(value)s"),
        "last_from": mark("last order from %(value)s"),
        "last_to": mark("last order until %(value)s"),
        "source": mark("first source: %(value)s"),
        "channel": mark("first channel: %(value)s"),
        "tag": mark("tag: %(value)s"),
    }
    return said(templates[key], value=value) if key in templates else ""


def choices(session: Session) -> dict[str, Any]:
    """What the filter form offers."""
    found = session.brand.customers.choices()
    return {
        "stages": {code: pair[1:] for code, pair in STAGES.items()},
        "roles": {code: pair[1:] for code, pair in ROLES.items()},
        "domains": DOMAINS,
        "platforms": [(code, session.pick(platform_of(code))) for code in found["platform"]],
        "sources": found["source"],
        "channels": found["channel"],
        "tags": [(str(one.id), one.title) for one in session.brand.tags.list_()],
    }


def _number(value: str | None) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None


def _day(value: str | None, zone: str) -> int | None:
    """The first instant of an ISO date, UTC ms."""
    try:
        day = date.fromisoformat(value) if value else None
    except ValueError:
        return None
    if day is None or day + timedelta(days=1) < date(1971, 1, 1):
        return None
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)
