"""Events of relations: scanned, added, bound, deleted, groups joined and left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yutang.demo.clock import DAY, END, HOUR, NEVER
from yutang.demo.event_rows import CONTACT, MEMBER, WECHAT, EventRows, Words
from yutang.demo.people import GUIDES, Origin
from yutang.demo.pool import CODES
from yutang.demo.streams import stream
from yutang.demo.world import World

_CODE_NAMES = [code for code, _, _ in CODES]
_TOUCHPOINTS = [touchpoint for _, touchpoint, _ in CODES]
_SOURCES = [source for _, _, source in CODES]
_GROUP_SHARE = 0.40
_GROUP_SIZE = 180
"""A WeCom group holds 200; a full one rolls over to the next."""
_GROUP_LEFT = 0.25


def add_relations(world: World, rows: EventRows) -> None:
    """All relation events of the world."""
    people, pool = world.people, world.pool
    members = np.flatnonzero(pool.joined != NEVER)
    at = pool.joined[members]
    code = pool.code[members]
    found = {"channel_code": Words(code, _CODE_NAMES), "touchpoint": Words(code, _TOUCHPOINTS)}
    card = np.where(code == 0, members, -1)
    cards = [f"CARD-{i + 1:06d}" for i in range(len(people))]
    rows.add("code_scanned", members, at - 60, WECHAT, {**found, "card": Words(card, cards)})
    guide = Words(people.guide[members], GUIDES)
    source = Words(code, _SOURCES)
    rows.add(
        "contact_added",
        members,
        at,
        (*CONTACT, *WECHAT),
        {**found, "guide": guide, "source": source},
    )
    # Whoever comes for a gift leaves no membership behind; a Tmall buyer's parcel code, or his
    # claim of an order, ties his Tmall id to the person.
    bound = members[people.origin[members] != Origin.LEAVING]
    tmall = people.origin[bound] == Origin.TMALL
    rows.add(
        "member_bound",
        bound,
        pool.joined[bound] + 180,
        (*MEMBER, *WECHAT, "tmall_buyer"),
        {"source": Words(pool.code[bound], _SOURCES)},
        only={"tmall_buyer": tmall},
    )
    gone = members[pool.left[members] != NEVER]
    values = {"guide": Words(people.guide[gone], GUIDES)}
    rows.add("contact_deleted", gone, pool.left[gone], CONTACT, values)
    scanners = people.of(Origin.SCANNED)
    code = pool.code[scanners]
    found = {"channel_code": Words(code, _CODE_NAMES), "touchpoint": Words(code, _TOUCHPOINTS)}
    rows.add("code_scanned", scanners, people.arrives[scanners], WECHAT, found)
    _add_groups(world, rows)


@dataclass(frozen=True)
class Memberships:
    """Who joined which group, in order of joining; left: when he left it (NEVER: not)."""

    person: NDArray[np.int64]
    group: NDArray[np.int64]
    joined: NDArray[np.int64]
    left: NDArray[np.int64]


def group_names(count: int) -> list[str]:
    return [f"GRP-{i + 1:03d}" for i in range(count)]


def memberships(world: World) -> Memberships:
    """Of all groups of the world."""
    draw = stream(world.seed, "groups")
    pool = world.pool
    members = np.flatnonzero(pool.joined != NEVER)
    chosen = members[draw.random(len(members)) < _GROUP_SHARE]
    joined = pool.joined[chosen] + 300 + draw.exponential(2 * DAY, len(chosen)).astype(np.int64)
    stays = (joined < pool.left[chosen]) & (joined < END)
    chosen, joined = chosen[stays], joined[stays]
    order = np.argsort(joined, kind="stable")
    chosen, joined = chosen[order], joined[order]
    group = np.arange(len(chosen)) // _GROUP_SIZE
    left = joined + HOUR + draw.exponential(90 * DAY, len(chosen)).astype(np.int64)
    gone = (draw.random(len(chosen)) < _GROUP_LEFT) & (left < END)
    return Memberships(chosen, group, joined, np.where(gone, left, NEVER))


def _add_groups(world: World, rows: EventRows) -> None:
    found = memberships(world)
    chosen, group = found.person, found.group
    names = group_names(len(chosen) // _GROUP_SIZE + 1)
    values = {"group": Words(group, names), "guide": Words(world.people.guide[chosen], GUIDES)}
    rows.add("group_joined", chosen, found.joined, CONTACT, values)
    gone = found.left != NEVER
    values = {"group": Words(group[gone], names)}
    rows.add("group_left", chosen[gone], found.left[gone], CONTACT, values)
