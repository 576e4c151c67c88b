"""Who stands behind a number of a group, how long joiners stay, and what they buy. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from yutang.customers import Sales
from yutang.errors import BadInput
from yutang.groups import figures, rules
from yutang.groups.arrays import BY_US, SELF, Made, Stays
from yutang.groups.settings import Settings

# Lists of people: name → (zh, en).
WHO: dict[str, tuple[str, str]] = {
    "members": ("群成员", "members"),
    "silent": ("沉默成员", "silent members"),
    "spoke": ("发过言的人", "those who spoke"),
    "complained": ("投诉的人", "those who complained"),
    "asked": ("提问的人", "those who asked"),
    "waiting": ("提问没人回复的人", "those whom nobody answered"),
    "joined": ("进群的人", "those who joined"),
    "left": ("自己退群的人", "those who left"),
    "removed": ("被移出群的人", "those whom we removed"),
    "bought": ("进群 30 天内下单的人", "those who bought within 30 days of joining"),
}
BOUGHT_DAYS = 30
RETENTION_DAYS = (1, 7, 30)
_DAY_S = 86_400


def check_who(who: str) -> str:
    """Raises BadInput for an unknown list."""
    if who not in WHO:
        raise BadInput("There is no list “%(who)s” of a group.", who=who[:40])
    return who


def people(
    made: Made, who: str, codes: NDArray[np.int64] | None, first: int, last: int,
    settings: Settings, sales: Sales, zone: str,
) -> BitMap:  # fmt: skip
    """The customers of a list, in these groups (None: in any)."""
    check_who(who)
    stays, talk, asked = made.stays, made.talk, made.questions

    def of(group: NDArray[np.int32]) -> NDArray[np.bool_]:
        return np.ones(len(group), bool) if codes is None else np.isin(group, codes)

    def inside(day: NDArray[np.int32]) -> NDArray[np.bool_]:
        return (day >= first) & (day <= last)

    if who in ("spoke", "complained"):
        rows = of(talk.group) & inside(talk.day)
        if who == "complained":
            rows &= talk.complaints > 0
        return BitMap(talk.customer[rows])
    if who in ("asked", "waiting"):
        rows = of(asked.group) & inside(asked.day) & (asked.customer > 0)
        if who == "waiting":
            rows &= figures.too_long(figures.waits(made, settings, zone)[0], settings)
        return BitMap(asked.customer[rows])
    if who == "members":
        rows = stays.left == rules.STILL
    elif who == "silent":
        # Where no message is ever seen, nobody is known to be silent.
        seen = np.isin(stays.group, np.unique(made.cells.group))
        rows = figures.silent_stays(made, first, last) & seen
    elif who in ("joined", "bought"):
        rows = inside(stays.joined)
    else:
        rows = inside(stays.left) & (stays.how == {"left": SELF, "removed": BY_US}[who])
    rows = rows & of(stays.group)
    if who == "bought":
        chosen = np.flatnonzero(rows)
        return BitMap(stays.customer[chosen[bought_after(stays, chosen, sales) > 0]])
    return BitMap(stays.customer[rows])


def bought_after(
    stays: Stays, rows: NDArray[np.int64], sales: Sales, days: int = BOUGHT_DAYS
) -> NDArray[np.int64]:
    """Of the stays at `rows`: 0 no paid order within `days` after joining, 1 one, 2 the first order
    of his life."""
    paid = np.flatnonzero(sales.paid & (sales.customer > 0))
    out = np.zeros(len(rows), np.int64)
    if not len(paid) or not len(rows):
        return out
    # Sales are sorted by customer, then time; seconds fit into 33 bits until the year 2242.
    keys = (sales.customer[paid].astype(np.int64) << 33) + sales.at[paid] // 1000
    customer = stays.customer[rows].astype(np.int64)
    joined = stays.joined_at[rows] // 1000
    at = np.searchsorted(keys, (customer << 33) + joined, side="left")
    hit = at < np.searchsorted(keys, (customer << 33) + joined + days * _DAY_S, side="left")
    first = sales.first[paid][np.minimum(at, len(paid) - 1)]
    out[hit] = np.where(first[hit], 2, 1)
    return out


@dataclass(frozen=True)
class Joiners:
    """What became of those who joined in a period. joins: how many times somebody joined; kept:
    days → (still there, of how many that joined so many days ago); customers, bought, first:
    customers who joined 30 days ago or more, of these who bought within 30 days, and for whom it
    was the first order of all."""

    joins: int
    kept: dict[int, tuple[int, int]]
    customers: int
    bought: int
    first: int

    def to_json(self) -> dict[str, object]:
        return {
            "joins": self.joins,
            "kept": {days: {"still": still, "of": of} for days, (still, of) in self.kept.items()},
            "customers_30_days_ago": self.customers, "bought": self.bought,
            "bought_first": self.first,
        }  # fmt: skip


def joiners(
    made: Made, codes: NDArray[np.int64] | None, first: int, last: int, sales: Sales
) -> Joiners:
    """Retention and purchases of those who joined these groups (None: any) in the period."""
    stays = made.stays
    mask = (stays.joined >= first) & (stays.joined <= last)
    if codes is not None:
        mask &= np.isin(stays.group, codes)
    rows = np.flatnonzero(mask)
    joined, left = stays.joined[rows], stays.left[rows]
    kept = {days: rules.stayed(joined, left, days, made.today) for days in RETENTION_DAYS}
    old = rows[joined + BOUGHT_DAYS <= made.today]
    result = bought_after(stays, old, sales)
    customer = stays.customer[old]
    return Joiners(
        len(rows), kept, len(np.unique(customer)),
        len(np.unique(customer[result > 0])), len(np.unique(customer[result == 2])),
    )  # fmt: skip


def overlaps(made: Made, code: int) -> list[tuple[int, int]]:
    """Other groups in which members of this one are, too: (group, how many), the most first."""
    stays = made.stays
    now = np.flatnonzero(stays.left == rules.STILL)
    group, customer = stays.group[now], stays.customer[now]
    mine = np.unique(customer[group == code])
    shared = np.bincount(group[np.isin(customer, mine)], minlength=len(made))
    shared[code] = 0
    found = np.flatnonzero(shared)
    return sorted(((int(one), int(shared[one])) for one in found), key=lambda pair: -pair[1])
