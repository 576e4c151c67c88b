"""Lists of customers: search, filters, sorting, pages. All over the snapshot's arrays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from yutang.customers.rules import ROLES, STAGES, page_rows
from yutang.customers.snapshot import DOMAIN_CODES, Snapshot
from yutang.errors import BadInput

SORTS = (
    "id",
    "stage",
    "role",
    "orders",
    "paid_fen",
    "net_fen",
    "items",
    "first_order_at",
    "last_order_at",
    "first_seen_at",
    "last_seen_at",
)
_TAIL = re.compile(r"(?:尾号|tail[:：]?)\s*(\d{4})", re.IGNORECASE)
_ID = re.compile(r"(?:#|客户\s*#?)\s*(\d{1,10})")
_WORD = re.compile(r"(stage|role)[:：](\S+)", re.IGNORECASE)
_TAG = re.compile(r"(?:tag|标签)[:：](?:\"([^\"]+)\"|(\S+))", re.IGNORECASE)


@dataclass(frozen=True)
class Search:
    """What a search text asks for; several parts narrow each other."""

    ids: tuple[int, ...] = ()
    tails: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return self == Search()


def parse_search(text: str) -> Search:
    """Read a search text: 尾号4412, #123, stage:复购, role:fan, tag:护肤 (tag:"a b" for a name with
    spaces), else an identity's exact value (a plain number is a customer's number, too).

    Raises BadInput for a stage or role that does not exist.

    >>> parse_search("尾号4412 stage:复购")
    Search(ids=(), tails=('4412',), values=(), stages=('repeat',), roles=(), tags=())
    """
    rest = text.strip()[:200]
    tags = tuple(quoted or plain for quoted, plain in _TAG.findall(rest))
    rest = _TAG.sub(" ", rest)
    tails = tuple(_TAIL.findall(rest))
    rest = _TAIL.sub(" ", rest)
    found: dict[str, list[str]] = {"stage": [], "role": []}
    for name, value in _WORD.findall(rest):
        found[name.lower()].append(_code(name.lower(), value))
    rest = _WORD.sub(" ", rest)
    ids = tuple(int(n) for n in _ID.findall(rest))
    rest = _ID.sub(" ", rest)
    return Search(
        ids, tails, tuple(rest.split()), tuple(found["stage"]), tuple(found["role"]), tags
    )


def _code(name: str, value: str) -> str:
    choices = STAGES if name == "stage" else ROLES
    for code, (_, zh, en) in choices.items():
        if value.casefold() in (code, zh.casefold(), en.casefold()):
            return code
    raise BadInput(
        "There is no %(name)s “%(value)s”.",
        hint="Choose one of %(known)s.",
        name=name,
        value=value,
        known=", ".join(choices),
    )


@dataclass(frozen=True)
class CustomerQuery:
    """A list of customers. Empty parts do not filter; parts narrow each other.

    stage, role: codes; domain: private | public | store; shop: (platform, shop id);
    last_order_from, last_order_to: UTC ms, from ≤ last paid order < to; tag: its name or number;
    people: only these.
    sort: one of SORTS, "-" in front for descending; page from 1.
    """

    search: str = ""
    stage: str = ""
    role: str = ""
    domain: str = ""
    platform: str = ""
    shop: tuple[str, str] | None = None
    member: bool | None = None
    orders_min: int | None = None
    paid_min_fen: int | None = None
    last_order_from: int | None = None
    last_order_to: int | None = None
    source: str = ""
    channel: str = ""
    tag: str = ""
    people: BitMap | None = None
    sort: str = "-last_seen_at"
    page: int = 1
    size: int = 50


@dataclass(frozen=True)
class CustomerRow:
    """One line of a list. Times are UTC ms, None = never. `phone` is masked."""

    id: int
    phone: str
    member_no: str
    stage: str
    role: str
    member: bool
    orders: int
    paid_fen: int
    net_fen: int
    items: float
    first_order_at: int | None
    last_order_at: int | None
    first_seen_at: int | None
    last_seen_at: int | None
    source: str
    channel: str

    @property
    def title(self) -> tuple[str, str]:
        """What the customer is called; nobody's name is stored."""
        return (f"客户 #{self.id}", f"Customer #{self.id}")


def nobody(customer: int) -> CustomerRow:
    """The line of a customer of whom nothing is known yet."""
    return CustomerRow(
        customer, "", "", "never", "none", False, 0, 0, 0, 0.0, None, None, None, None, "", ""
    )


@dataclass(frozen=True)
class CustomerPage:
    """A page, and count and value (net of refunds) of everything the filter lets through."""

    rows: tuple[CustomerRow, ...]
    total: int
    value_fen: int
    page: int
    size: int
    facts_version: int


def matching(snapshot: Snapshot, query: CustomerQuery, found: BitMap | None) -> NDArray[np.int64]:
    """Ids of the customers the query lets through, ascending; `found` is what the search found
    in the state database, tags among it (None = nothing was searched there)."""
    people = snapshot.people
    mask = people.alive.copy()
    search = parse_search(query.search)
    stages = {*search.stages, *([query.stage] if query.stage else [])}
    roles = {*search.roles, *([query.role] if query.role else [])}
    for code in stages:
        mask &= people.stage == _choice("stage", code)
    for code in roles:
        mask &= people.role == _choice("role", code)
    if query.domain:
        if query.domain not in DOMAIN_CODES:
            raise BadInput("There is no domain “%(domain)s”.", domain=query.domain)
        mask &= (people.domains >> DOMAIN_CODES[query.domain]) & 1 == 1
    if query.member is not None:
        mask &= people.member == query.member
    for wanted, values in (
        (query.orders_min, people.orders),
        (query.paid_min_fen, people.paid_fen),
        (query.last_order_from, people.last_order_at),
    ):
        if wanted is not None:
            mask &= values >= wanted
    if query.last_order_to is not None:
        mask &= (people.last_order_at < query.last_order_to) & (people.orders > 0)
    for text, name, codes in (
        (query.source, "source", people.source),
        (query.channel, "channel", people.channel),
    ):
        if text:
            mask &= codes == _word(snapshot, name, text)
    if query.platform or query.shop:
        mask &= _among(_buyers(snapshot, query), len(mask))
    for group in (query.people, found):
        if group is not None:
            mask &= _among(np.asarray(group.to_array(), np.int64), len(mask))
    if search.ids:
        mask &= _among(np.array(search.ids), len(mask))
    return np.flatnonzero(mask)


def _choice(name: str, code: str) -> int:
    return int((STAGES if name == "stage" else ROLES)[_code(name, code)][0])


def _word(snapshot: Snapshot, name: str, text: str) -> int:
    """The code of a text; -2 matches nobody (-1 is "unknown")."""
    words = snapshot.words.get(name, [])
    return words.index(text) if text in words else -2


def _buyers(snapshot: Snapshot, query: CustomerQuery) -> NDArray[np.int64]:
    """Customers with a paid order on the query's platform and in its shop."""
    sales = snapshot.sales
    rows = sales.paid.copy()
    if query.platform:
        rows &= sales.platform == _word(snapshot, "platform", query.platform)
    if query.shop is not None:
        platform, shop = query.shop
        rows &= sales.platform == _word(snapshot, "platform", platform)
        rows &= sales.shop == _word(snapshot, "shop", shop)
    return np.asarray(sales.customer[rows], np.int64)


def _among(ids: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, bool)
    mask[ids[(ids > 0) & (ids < size)]] = True
    return mask


def sorted_page(
    snapshot: Snapshot, ids: NDArray[np.int64], sort: str, *, offset: int, size: int
) -> NDArray[np.int64]:
    """The ids of one page. Raises BadInput for an unknown column."""
    key, descending = sort.lstrip("-"), sort.startswith("-")
    if key not in SORTS:
        raise BadInput("A list of customers cannot be sorted by “%(key)s”.", key=key)
    values = ids if key == "id" else getattr(snapshot.people, key)[ids]
    return page_rows(values, ids, descending=descending, offset=offset, size=size)


def rows_of(
    snapshot: Snapshot, ids: Iterable[int], shown: dict[int, dict[str, str]]
) -> list[CustomerRow]:
    """Lines of a list for these customers."""
    people, words = snapshot.people, snapshot.words
    stages, roles = list(STAGES), list(ROLES)

    def text(name: str, code: int) -> str:
        return words[name][code] if code >= 0 else ""

    return [
        CustomerRow(
            id=int(i),
            phone=shown.get(int(i), {}).get("phone", ""),
            member_no=shown.get(int(i), {}).get("member_no", ""),
            stage=stages[people.stage[i]],
            role=roles[people.role[i]],
            member=bool(people.member[i]),
            orders=int(people.orders[i]),
            paid_fen=int(people.paid_fen[i]),
            net_fen=int(people.net_fen[i]),
            items=float(people.items[i]),
            first_order_at=int(people.first_order_at[i]) or None,
            last_order_at=int(people.last_order_at[i]) or None,
            first_seen_at=int(people.first_seen_at[i]) or None,
            last_seen_at=int(people.last_seen_at[i]) or None,
            source=text("source", int(people.source[i])),
            channel=text("channel", int(people.channel[i])),
        )
        for i in ids
    ]
