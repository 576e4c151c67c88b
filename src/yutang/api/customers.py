"""Customers: lists, one of them as a whole, what he did. Phones are always masked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, cursor_at, following, offset_of
from yutang.attributes import shown, shown_changes
from yutang.customers import CustomerQuery, Entry, Portrait

ROUTES = APIRouter(tags=["customers"], responses=PROBLEMS)  # type: ignore[arg-type]


class CustomerOut(BaseModel):
    """A customer in a list. Times UTC ms, null = never; amounts fen."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    phone: str = Field(description="Masked.")
    member_no: str
    stage: str = Field(description="never, first, repeat, dormant, lost")
    role: str
    member: bool
    orders: int
    paid_fen: int
    net_fen: int = Field(description="What was paid less what was refunded.")
    items: float
    first_order_at: int | None
    last_order_at: int | None
    first_seen_at: int | None
    last_seen_at: int | None
    source: str
    channel: str


class IdentityOut(BaseModel):
    """One of the identities that make up a customer, as it may be shown."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    shown: str
    source: str
    first_seen_at: int


class EvidenceOut(BaseModel):
    """Why two identities are one person."""

    model_config = ConfigDict(from_attributes=True)

    a: int
    b: int
    evidence: str
    source: str
    at: int


class RelationOut(BaseModel):
    """A tie to a guide, a group or an account; `until` is null while it lives."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["contact", "group", "follow"]
    key: str
    since: int
    until: int | None
    source: str
    channel_code: str
    touchpoint: str


class PortraitOut(CustomerOut):
    """Everything known of a customer."""

    merged_from: int | None = Field(description="The id asked for, where it was merged into this.")
    stage_reason: str
    role_reason: str
    purchase_days: int
    days_since_last: int | None
    usual_gap_days: float | None
    favourite_categories: dict[str, float] = Field(description="category → items")
    in_pool: bool
    inviter: int | None
    invitees: list[int]
    relations: list[RelationOut]
    identities: list[IdentityOut]
    evidence: list[EvidenceOut]


class ItemOut(BaseModel):
    """A line of an order."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    spec: str
    category: str
    quantity: float
    paid_fen: int


class EntryOut(BaseModel):
    """One thing that happened; orders have amounts and items."""

    at: int
    day: str
    event: str
    label: str
    group: str
    details: dict[str, str]
    paid_fen: int | None
    refund_fen: int | None
    items: list[ItemOut]
    item_count: int


class VerdictOut(BaseModel):
    """What one source says of one of his identities, and why it counts or not."""

    model_config = ConfigDict(from_attributes=True)

    value: Any
    source: str
    identity: int
    time: int
    counts: bool
    why: str = Field(
        description="Counts: alone, trusted (stands higher in the order of sources), latest, added"
        " (to a sum), united (with a list). Does not: outranked, older."
    )


class AttributeOut(BaseModel):
    """An attribute as it is now. Personal values are masked; some are kept as hashes only."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    value: Any
    source: str
    time: int
    said: list[VerdictOut] = Field(description="All that is said of it, what counts first.")


class ChangeOut(BaseModel):
    """One thing that was said of an attribute."""

    model_config = ConfigDict(from_attributes=True)

    operation: Literal["set", "set_once", "increment", "append", "unset", "delete"] = Field(
        description="delete: of the whole profile."
    )
    value: Any
    source: str
    identity: int
    time: int
    received_at: int
    after: Any = Field(description="What this source says of this identity since then.")
    effective: bool = Field(description="That is something else than before.")


class TimelineOut(BaseModel):
    """Newest first."""

    rows: list[EntryOut]
    next_cursor: str | None


class CustomerList(Page[CustomerOut]):
    """A page, with the value of everybody the filter lets through."""

    value_fen: int
    facts_version: int


@ROUTES.get("/customers")
def list_customers(
    search: Annotated[
        str, Query(max_length=200, description="Phone tail, member number, id.")
    ] = "",
    stage: str = "",
    role: str = "",
    domain: str = "",
    platform: str = "",
    member: bool | None = None,
    orders_min: Annotated[int | None, Query(ge=0)] = None,
    paid_min_fen: Annotated[int | None, Query(ge=0)] = None,
    last_order_from: Annotated[int | None, Query(description="UTC ms, included.")] = None,
    last_order_to: Annotated[int | None, Query(description="UTC ms, not included.")] = None,
    source: str = "",
    channel: str = "",
    sort: Annotated[
        str, Query(description="A column; “-” in front: largest first.")
    ] = "-last_seen_at",
    cursor: Cursor = "",
    limit: Limit = 100,
    caller: Caller = needs("see"),
) -> CustomerList:
    """Customers; filters narrow each other."""
    number = offset_of(cursor) or 1
    page = caller.brand.customers.list_(
        CustomerQuery(
            search=search,
            stage=stage,
            role=role,
            domain=domain,
            platform=platform,
            member=member,
            orders_min=orders_min,
            paid_min_fen=paid_min_fen,
            last_order_from=last_order_from,
            last_order_to=last_order_to,
            source=source,
            channel=channel,
            sort=sort,
            page=number,
            size=limit,
        )
    )
    return CustomerList(
        rows=[CustomerOut.model_validate(row) for row in page.rows],
        total=page.total,
        value_fen=page.value_fen,
        facts_version=page.facts_version,
        next_cursor=cursor_at(number + 1) if number * limit < page.total else None,
    )


@ROUTES.get("/customers/{customer_id}")
def get_customer(customer_id: int, caller: Caller = needs("see")) -> PortraitOut:
    """One customer; a merged one is followed to the survivor."""
    return _portrait(caller.brand.customers.get(customer_id))


@ROUTES.get("/customers/{customer_id}/timeline")
def get_timeline(
    customer_id: int,
    group: Annotated[list[str] | None, Query(description="trade, interaction, visit, …")] = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 50,
    caller: Caller = needs("see"),
) -> TimelineOut:
    """What happened with a customer, newest first."""
    customers = caller.brand.customers
    survivor = customers.get(customer_id).id
    page = customers.timeline(survivor, groups=group or (), before=cursor, limit=limit)
    return TimelineOut(
        rows=[_entry(day.day, one) for day in page.days for one in day.entries],
        next_cursor=page.before or None,
    )


@ROUTES.get("/customers/{customer_id}/attributes")
def list_attributes(
    customer_id: int,
    search: Annotated[str, Query(max_length=100, description="A part of the name.")] = "",
    source: Annotated[str, Query(description="Only what this source said last.")] = "",
    cursor: Cursor = "",
    limit: Limit = 100,
    caller: Caller = needs("see"),
) -> Page[AttributeOut]:
    """What sites, apps and servers say a customer is like, by name."""
    why = caller.brand.customers.get(customer_id).why
    his = caller.brand.identities.belongings(why)
    found = [
        one
        for one in shown(caller.brand.attributes.of_customer(his), why.identities)
        if search.casefold() in one.name.casefold() and source in ("", one.source)
    ]
    offset = offset_of(cursor)
    return Page(
        rows=[AttributeOut.model_validate(one) for one in found[offset : offset + limit]],
        total=len(found),
        next_cursor=following(offset, limit, len(found)),
    )


@ROUTES.get("/customers/{customer_id}/attributes/history")
def get_attribute_history(
    customer_id: int,
    name: Annotated[str, Query(min_length=1, max_length=100, description="The attribute.")],
    cursor: Cursor = "",
    limit: Limit = 100,
    caller: Caller = needs("see"),
) -> Page[ChangeOut]:
    """All that was said of one attribute, newest first."""
    why = caller.brand.customers.get(customer_id).why
    his = caller.brand.identities.belongings(why)
    found, offset = caller.brand.attributes.history(his, name), offset_of(cursor)
    part = shown_changes(found[offset : offset + limit], why.identities)
    return Page(
        rows=[ChangeOut.model_validate(one) for one in part],
        total=len(found),
        next_cursor=following(offset, limit, len(found)),
    )


def _portrait(one: Portrait) -> PortraitOut:
    plain: dict[str, Any] = CustomerOut.model_validate(one).model_dump()
    return PortraitOut(
        **plain,
        merged_from=one.merged_from,
        stage_reason=one.stage_reason[1],
        role_reason=one.role_reason[1],
        purchase_days=one.purchase_days,
        days_since_last=one.days_since_last,
        usual_gap_days=one.usual_gap_days,
        favourite_categories=dict(one.favourite_categories),
        in_pool=one.in_pool,
        inviter=one.inviter,
        invitees=list(one.invitees),
        relations=[RelationOut.model_validate(r) for r in one.relations],
        identities=[IdentityOut.model_validate(i) for i in one.identities],
        evidence=[EvidenceOut.model_validate(e) for e in one.evidence],
    )


def _entry(day: str, one: Entry) -> EntryOut:
    return EntryOut(
        at=one.at,
        day=day,
        event=one.event,
        label=one.label[1],
        group=one.group,
        details={
            name[1]: value if isinstance(value, str) else value[1] for name, value in one.details
        },
        paid_fen=one.paid_fen,
        refund_fen=one.refund_fen,
        items=[ItemOut.model_validate(item) for item in one.items],
        item_count=one.item_count,
    )
