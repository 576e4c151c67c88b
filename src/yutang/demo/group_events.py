"""What is said in the simulated brand's groups, as a session archive and daily statistics tell it.

A file of its own with random streams of its own: no other event, order or truth depends on it.
Customers speak only on days on which they did something else, too, so that who acted on which day
stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from yutang.demo.clock import DAY, END, HOUR, NEVER, day_start
from yutang.demo.event_rows import CONTACT, EventRows, Words, always
from yutang.demo.people import GUIDES
from yutang.demo.relation_events import Memberships, group_names, memberships
from yutang.demo.streams import stream
from yutang.demo.world import World

# Purpose of each group in turn: the name says it, demo_home sets it.
PURPOSES = {
    "福利": "benefit", "活动": "activity", "专家": "expert", "闪购": "flash", "售后": "service",
}  # fmt: skip
_TURN = ("福利", "福利", "活动", "专家", "福利", "闪购", "售后", "福利", "活动", "福利")
ACTS = frozenset({"content_read", "message_clicked", "page_viewed", "product_viewed", "cart_added"})


@dataclass(frozen=True)
class _Kind:
    """How a group is run. talks: chance that a member speaks on a day he is about; complains,
    asks: shares of what he says; posts: of ours a day; products: share of product posts; answered:
    share of questions; delay: mean hours until the answer."""

    talks: float
    complains: float
    asks: float
    posts: float
    products: float
    answered: float
    delay: float


_LIVELY = _Kind(0.55, 0.02, 0.30, 1.2, 0.35, 0.97, 0.4)
_USUAL = _Kind(0.35, 0.03, 0.30, 1.5, 0.45, 0.93, 0.8)
_DESK = _Kind(0.40, 0.22, 0.30, 1.0, 0.40, 0.85, 1.6)  # a complaints desk
_SHOUTING = _Kind(0.04, 0.03, 0.30, 3.0, 0.90, 0.80, 2.0)  # we post, nobody speaks
_SLOW = _Kind(0.30, 0.05, 0.45, 0.6, 0.40, 0.55, 14.0)  # the owner is never there
_RUN = (_LIVELY, _USUAL, _USUAL, _DESK, _USUAL, _LIVELY, _USUAL, _SHOUTING, _USUAL, _SLOW)
# Of ten groups the ninth has no session archive but statistics, the tenth nothing but members.
_ARCHIVED, _COUNTED = 8, 9

_ASKS = (
    "这个现在有货吗？", "敏感肌可以用吗", "怎么领券呀", "多少钱一盒", "什么时候发货？",
    "请问保质期多久？", "两个一起用可以吗", "有没有小样", "今天下单几号能到", "蛋黄酥怎么保存",
    "满多少包邮？", "求链接",
)  # fmt: skip
_COMPLAINS = (
    "用了两天有点过敏，失望", "少发了一件，客服呢", "盒子破损，里面都碎了", "等了一周还不发货",
    "说好的赠品没收到", "跟上次不一样，质量差了", "要求退款一直没人理",
)  # fmt: skip
_CHATS = (
    "收到啦，包装很好看", "打卡第三天", "晒一下今天的早餐", "面霜很润，回购了", "我选第二个",
    "哈哈哈同款", "已下单", "谢谢小鱼", "周末的活动不错", "给妈妈也买了一份", "味道很好，孩子喜欢",
    "选茉莉味的举手",
    "早上好", "分享一个搭配", "已拍，坐等", "没坏，很新鲜",
)  # fmt: skip
_TEXTS = (*_ASKS, *_COMPLAINS, *_CHATS)
_POSTS = ("text", "image", "mini_program")
_ROLES = ("customer", "owner", "staff")


def group_table(world: World, acts: EventRows) -> pa.Table:
    """All events of groups, by time; `acts` holds the other events of the world."""
    rows = EventRows(world.ids)
    found = memberships(world)
    count = int(found.group.max(initial=-1)) + 1
    if count:
        ends = _add_lives(world, rows, found, count)
        asked = _add_talk(world, rows, found, acts, ends)
        _add_ours(world, rows, found, ends, *asked)
        _add_statistics(world, rows, found, ends)
    return rows.table("grp")


def _kind_of(group: NDArray[np.int64], name: str) -> NDArray[np.float64]:
    return np.array([getattr(kind, name) for kind in _RUN])[group % len(_RUN)]


def _born(found: Memberships, count: int) -> NDArray[np.int64]:
    born = np.full(count, NEVER)
    np.minimum.at(born, found.group, found.joined)
    return np.asarray(born - HOUR, np.int64)


def _add_lives(world: World, rows: EventRows, found: Memberships, count: int) -> NDArray[np.int64]:
    """Groups made, renamed, handed over, dissolved; when each ends (END: it lives)."""
    draw = stream(world.seed, "group lives")
    groups, born, names = np.arange(count), _born(found, count), group_names(count)
    titles = [f"塘小鱼{_TURN[i % len(_TURN)]}群 {i + 1}" for i in range(count)]
    owner = Words(groups % len(GUIDES), GUIDES)
    nobody = np.full(count, -1)
    made = {"group": Words(groups, names), "name": Words(groups, titles), "owner": owner}
    rows.add("group_created", nobody, born, (), made)
    moved = np.flatnonzero((groups % 7 == 5) & (born + 60 * DAY < END))
    at = born[moved] + 40 * DAY + draw.integers(0, DAY, len(moved))
    new = {"group": Words(moved, names), "owner": Words((moved + 3) % len(GUIDES), GUIDES)}
    rows.add("group_owner_changed", nobody[moved], at, (), new)
    renamed = np.flatnonzero((groups % 11 == 2) & (born + 90 * DAY < END))
    better = [f"{title}（老友）" for title in titles]
    at = born[renamed] + 70 * DAY + draw.integers(0, DAY, len(renamed))
    named = {"group": Words(renamed, names), "name": Words(renamed, better)}
    rows.add("group_renamed", nobody[renamed], at, (), named)
    over = np.flatnonzero((groups % 20 == 15) & (born + 150 * DAY < END))
    ends = np.full(count, END)
    ends[over] = born[over] + 120 * DAY
    rows.add("group_dissolved", nobody[over], ends[over], (), {"group": Words(over, names)})
    return ends


def _add_talk(
    world: World, rows: EventRows, found: Memberships, acts: EventRows, ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Customers' messages; (group, time) of their questions."""
    draw = stream(world.seed, "group talk")
    place = np.full(len(world.people), -1)
    place[found.person] = np.arange(len(found.person))
    person, at = _acted(world, acts)
    mine = place[person]
    inside = (mine >= 0) & (at > found.joined[mine]) & (at < found.left[mine])
    mine, at = mine[inside], at[inside]
    group = found.group[mine]
    speaks = draw.random(len(at)) < _kind_of(group, "talks")
    speaks &= (group % len(_RUN) < _ARCHIVED) & (at < ends[group])
    mine, at = mine[speaks], at[speaks]
    times = 1 + draw.poisson(0.6, len(at))
    mine, at = np.repeat(mine, times), np.repeat(at, times)
    later = at + 30 + draw.exponential(0.3 * HOUR, len(at)).astype(np.int64)
    # Not into the next day, nor out of the group.
    latest = np.minimum(np.minimum(day_start(at) + DAY, found.left[mine]), ends[found.group[mine]])
    at = np.where(later < np.minimum(latest, END), later, at)
    group, n = found.group[mine], len(at)
    roll = draw.random(n)
    asks = roll < _kind_of(group, "asks")
    complains = ~asks & (roll < _kind_of(group, "asks") + _kind_of(group, "complains"))
    text = np.where(
        asks, draw.integers(0, len(_ASKS), n),
        np.where(complains, len(_ASKS) + draw.integers(0, len(_COMPLAINS), n),
                 len(_ASKS) + len(_COMPLAINS) + draw.integers(0, len(_CHATS), n)),
    )  # fmt: skip
    values = {
        "group": Words(group, group_names(len(ends))),
        "role": always("customer", n),
        "kind": always("text", n),
        "text": Words(text, _TEXTS),
    }
    rows.add("group_message_sent", found.person[mine], at, CONTACT, values)
    return group[asks], at[asks]


def _acted(world: World, acts: EventRows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Person and time of what people did of themselves: one act a day each."""
    person, at = acts.of(ACTS)
    known = world.orders.person >= 0
    person = np.concatenate([person, world.orders.person[known]])
    at = np.concatenate([at, world.orders.at[known]])
    order = np.lexsort((at, person))
    person, at = person[order], at[order]
    day = day_start(at)
    fresh = np.r_[True, (person[1:] != person[:-1]) | (day[1:] != day[:-1])]
    return person[fresh], at[fresh]


def _add_ours(
    world: World, rows: EventRows, found: Memberships, ends: NDArray[np.int64],
    asked_group: NDArray[np.int64], asked_at: NDArray[np.int64],
) -> None:  # fmt: skip
    """Posts of ours, and answers to questions."""
    draw = stream(world.seed, "group posts")
    count, names = len(ends), group_names(len(ends))
    born = _born(found, count)
    groups = np.flatnonzero(np.arange(count) % len(_RUN) < _ARCHIVED)
    many = draw.poisson(_kind_of(groups, "posts") * (ends - born)[groups] / DAY)
    group = np.repeat(groups, many)
    at = born[group] + (draw.random(len(group)) * (ends - born)[group]).astype(np.int64)
    at = day_start(at) + 10 * HOUR + (draw.beta(2, 2, len(at)) * 11 * HOUR).astype(np.int64)
    fits = (at > born[group]) & (at < ends[group])
    group, at = group[fits], at[fits]
    product = draw.random(len(at)) < _kind_of(group, "products")
    kind = np.where(product, 2, draw.integers(0, 2, len(at)))
    values = {
        "group": Words(group, names), "role": always("owner", len(at)), "kind": Words(kind, _POSTS),
    }  # fmt: skip
    rows.add("group_message_sent", np.full(len(at), -1), at, (), values)
    answered = draw.random(len(asked_at)) < _kind_of(asked_group, "answered")
    wait = draw.exponential(_kind_of(asked_group, "delay") * HOUR).astype(np.int64) + 45
    at = asked_at + wait
    # Nobody answers at night: what falls there is answered the next morning.
    clock = at - day_start(at)
    late, early = clock >= 22 * HOUR, clock < 9 * HOUR
    morning = day_start(at) + np.where(late, DAY, 0) + 9 * HOUR
    at = np.where(late | early, morning + draw.integers(60, HOUR, len(at)), at)
    fits = answered & (at < ends[asked_group])
    group, at = asked_group[fits], at[fits]
    role = np.where(draw.random(len(at)) < 0.8, 1, 2)
    values = {
        "group": Words(group, names), "role": Words(role, _ROLES), "kind": always("text", len(at)),
    }  # fmt: skip
    rows.add("group_message_sent", np.full(len(at), -1), at, (), values)


def _add_statistics(
    world: World, rows: EventRows, found: Memberships, ends: NDArray[np.int64]
) -> None:
    """Daily statistics of the groups without an archive, over the last 200 days."""
    draw = stream(world.seed, "group statistics")
    born, names = _born(found, len(ends)), group_names(len(ends))
    last = int(day_start(np.array([END - 1]))[0])
    days = last - DAY * np.arange(200)[::-1]
    for group in np.flatnonzero(np.arange(len(ends)) % len(_RUN) == _ARCHIVED).tolist():
        at = days[(days > born[group]) & (days < ends[group])]
        mine = found.group == group
        joined, left = np.sort(found.joined[mine]), np.sort(found.left[mine])
        members = np.searchsorted(joined, at + DAY) - np.searchsorted(left, at + DAY)
        active = draw.binomial(members, 0.06)
        values = {
            "group": Words(np.full(len(at), group), names),
            "members": members.astype(np.float64),
            "active_members": active.astype(np.float64),
            "messages": (active * 2 + draw.poisson(1.5, len(at))).astype(np.float64),
            "joined": np.diff(np.searchsorted(joined, np.r_[at, last + DAY])).astype(np.float64),
            "left": np.diff(np.searchsorted(left, np.r_[at, last + DAY])).astype(np.float64),
        }
        rows.add("group_statistics_read", np.full(len(at), -1), at + 2 * HOUR, (), values)
