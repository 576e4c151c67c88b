"""How people enter the private domain and leave it: codes, guides, messages that drive away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yutang.demo.clock import DAY, END, HOUR, NEVER, START, day_start, midnight
from yutang.demo.package_card import WINDOW, CardTrial
from yutang.demo.people import GUIDES, STORES, Origin, People
from yutang.demo.purchases import Orders
from yutang.demo.streams import stream
from yutang.demo.truths import GUIDE, LEAVING, REFERRAL

# (channel code, touchpoint, source); one stand for each store follows the list.
CODES: tuple[tuple[str, str, str], ...] = (
    ("QD-PACKAGE-CARD", "package_card", "tmall"),
    ("QD-SMS-RECALL", "sms_link", "tmall"),
    ("QD-AI-CALL", "ai_call", "tmall"),
    ("QD-SERVICE-CHAT", "service_chat", "tmall"),
    ("QD-XIAOHONGSHU", "article", "xiaohongshu"),
    ("QD-MOMENTS-AD", "moments_ad", "wechat"),
    ("QD-MENU", "official_account_menu", "wechat"),
    ("QD-LIVESTREAM", "livestream", "wechat"),
    (REFERRAL.channel_code, "invitation", "referral"),
    (LEAVING.channel_code, "street_event", "offline"),
    *((f"QD-STORE-{i:02d}", "store_stand", "store") for i in range(1, len(STORES) + 1)),
)
_CARD, _SMS, _AI_CALL, _SERVICE, _XIAOHONGSHU, _ADS, _MENU, _LIVE, _REFERRED, _GIFT, _STAND = range(
    11
)

_ORDER_JOINS = 0.24
"""Chance that a Tmall parcel with a card brings its buyer in, once cards are in every parcel."""
_RECALLED = 0.38
"""Share of the others that a text message or a call brings in."""
_STORE_JOINS = 0.75
_LEAVES_EARLY = 0.04
_WELCOME_AFTER = DAY


@dataclass(frozen=True)
class Pool:
    """By person: `joined` and `left` (NEVER: not), `code`; `scanned` for those who only scan."""

    joined: NDArray[np.int64]
    left: NDArray[np.int64]
    code: NDArray[np.int64]


@dataclass(frozen=True)
class Messages:
    """Sent by guides, in order of person and time: `person`, `at`, `ordinal` for the person."""

    person: NDArray[np.int64]
    at: NDArray[np.int64]
    ordinal: NDArray[np.int64]


def join_pool(seed: int, people: People, orders: Orders, trial: CardTrial) -> Pool:
    """Who joins when and through which code, before anybody leaves."""
    draw = stream(seed, "joining")
    joined = np.full(len(people), NEVER)
    code = np.full(len(people), -1, np.int64)
    _tmall_joins(draw, people, orders, trial, joined, code)
    stores = people.of(Origin.STORE)
    inside = stores[draw.random(len(stores)) < _STORE_JOINS]
    late = (draw.random(len(inside)) < 0.4) * draw.exponential(45 * DAY, len(inside))
    joined[inside] = people.arrives[inside] + (late + 300).astype(np.int64)
    code[inside] = _STAND + people.store[inside]
    private = people.of(Origin.PRIVATE)
    joined[private] = people.arrives[private]
    code[private] = draw.choice(
        np.array([_XIAOHONGSHU, _ADS, _MENU, _LIVE]), len(private), p=[0.4, 0.25, 0.2, 0.15]
    )
    for origin, number in ((Origin.REFERRED, _REFERRED), (Origin.LEAVING, _GIFT)):
        joined[people.of(origin)] = people.arrives[people.of(origin)]
        code[people.of(origin)] = number
    joined[joined >= END - HOUR] = NEVER
    code[joined == NEVER] = -1
    scanners = people.of(Origin.SCANNED)
    code[scanners] = draw.choice(np.array([_XIAOHONGSHU, _ADS, _LIVE, _STAND]), len(scanners))
    return Pool(joined, np.full(len(people), NEVER), code)


def _tmall_joins(
    draw: np.random.Generator,
    people: People,
    orders: Orders,
    trial: CardTrial,
    joined: NDArray[np.int64],
    code: NDArray[np.int64],
) -> None:
    """Joiners of the trial; then, once a recipient's window has closed (so that the trial stays
    clean) or the trial is over, every parcel carries a card and the silent ones are recalled."""
    tmall = people.of(Origin.TMALL)
    open_from = np.full(len(people), NEVER)
    open_from[tmall] = max(int(trial.order_at.max()), START) + DAY
    open_from[trial.person] = trial.sent_at + WINDOW
    tries = orders.at >= open_from[orders.person]
    tries &= draw.random(len(orders)) < _ORDER_JOINS
    parcel = np.full(len(people), NEVER)
    np.minimum.at(parcel, orders.person[tries], orders.at[tries])
    delay = draw.uniform(2.5 * DAY, 12 * DAY, len(people)).astype(np.int64)
    by_card = (parcel != NEVER) & (people.origin == Origin.TMALL)
    joined[by_card] = (parcel + delay)[by_card]
    code[by_card] = np.where(draw.random(by_card.sum()) < 0.75, _CARD, _SERVICE)
    silent = (people.origin == Origin.TMALL) & ~by_card
    recalled = silent & (draw.random(len(people)) < _RECALLED)
    wait = np.maximum(people.arrives, open_from) + draw.exponential(35 * DAY, len(people))
    joined[recalled] = wait[recalled].astype(np.int64)
    code[recalled] = np.where(draw.random(recalled.sum()) < 0.6, _SMS, _AI_CALL)
    took = trial.joined_at != NEVER
    joined[trial.person[took]] = trial.joined_at[took]
    code[trial.person[took]] = _CARD


def leave_pool(seed: int, people: People, pool: Pool) -> tuple[Pool, Messages]:
    """The messages guides send, and who deletes his guide: after a gift, early, or fed up."""
    draw = stream(seed, "leaving")
    left = np.full(len(people), NEVER)
    members = np.flatnonzero(pool.joined != NEVER)
    early = members[draw.random(len(members)) < _LEAVES_EARLY]
    left[early] = pool.joined[early] + draw.uniform(HOUR, 30 * DAY, len(early)).astype(np.int64)
    gift = np.flatnonzero(pool.code == _GIFT)
    gift = gift[pool.joined[gift] != NEVER]
    gone = draw.permutation(gift)[: round(LEAVING.left_within_week_rate * len(gift))]
    left[gift] = NEVER
    left[gone] = pool.joined[gone] + draw.uniform(2 * HOUR, 6.9 * DAY, len(gone)).astype(np.int64)
    messages, over_sent = _send_messages(draw, people, pool, members)
    rate = np.where(over_sent, GUIDE.delete_rate, GUIDE.usual_delete_rate)
    last_straw = draw.random(len(messages.at)) < rate
    reaction = draw.exponential(8 * HOUR, len(messages.at)).astype(np.int64) + 60
    np.minimum.at(left, messages.person[last_straw], (messages.at + reaction)[last_straw])
    left[left >= END] = NEVER
    still_there = messages.at < left[messages.person]
    kept = Messages(*(c[still_there] for c in (messages.person, messages.at, messages.ordinal)))
    return Pool(pool.joined, left, pool.code), kept


def _send_messages(
    draw: np.random.Generator, people: People, pool: Pool, members: NDArray[np.int64]
) -> tuple[Messages, NDArray[np.bool_]]:
    """All messages as if nobody ever left, and which of them are the over-sender's."""
    usual = _spaced(
        draw, members, pool.joined[members], END, GUIDE.usual_days_between_messages * DAY
    )
    from_, to = midnight(GUIDE.starts_on), midnight(GUIDE.ends_on) + DAY
    his = members[people.guide[members] == GUIDES.index(GUIDE.guide)]
    extra = _spaced(
        draw, his, np.maximum(pool.joined[his], from_), to, GUIDE.days_between_messages * DAY
    )
    own = people.guide[usual[0]] == GUIDES.index(GUIDE.guide)
    usual_kept = ~(own & (usual[1] >= from_) & (usual[1] < to))
    person = np.concatenate([usual[0][usual_kept], extra[0]])
    at = np.concatenate([usual[1][usual_kept], extra[1]])
    over = np.r_[np.zeros(usual_kept.sum(), np.bool_), np.ones(len(extra[0]), np.bool_)]
    order = np.lexsort((at, person))
    person, at, over = person[order], at[order], over[order]
    first = np.searchsorted(person, person, side="left")
    return Messages(person, at, np.arange(len(person)) - first), over


def _spaced(
    draw: np.random.Generator,
    members: NDArray[np.int64],
    from_: NDArray[np.int64],
    to: int,
    every: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Person and time of messages about `every` seconds apart, in working hours."""
    count = np.maximum((to - from_ - _WELCOME_AFTER) / every, 0).astype(np.int64)
    person = np.repeat(members, count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    since = ((step + draw.random(len(step))) * every).astype(np.int64)
    day = day_start(np.repeat(from_ + _WELCOME_AFTER, count) + since)
    working = (draw.beta(2, 2, len(step)) * 12 * HOUR).astype(np.int64) + 9 * HOUR
    welcome = np.repeat(from_, count) + HOUR
    return person, np.clip(day + working, welcome, to - 1)
