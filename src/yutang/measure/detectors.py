"""What needs somebody today. Each detector is a small pure object that looks at a situation.

To add one: write a class with an `id` and `look(situation)`, and put an instance into DETECTORS,
at the place of its importance: the page shows the first MOST_FINDINGS findings in that order. A
finding names its reason in numbers and leads to the people or the page where it can be mended.
An `effect` stands only where it was really computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from yutang.customers import Snapshot
from yutang.kit import clock
from yutang.measure.period import Period

MOST_FINDINGS = 5
Words = tuple[str, str]


@dataclass(frozen=True)
class ShopState:
    """What a detector needs to know of a shop."""

    platform: str
    shop: str
    confirmed: bool


@dataclass(frozen=True)
class RedGroup:
    """A group that needs somebody, and its worst check."""

    key: str
    title: str
    worst: Words


@dataclass(frozen=True)
class Situation:
    """The brand as a detector sees it. Day numbers in the brand's zone: `tie_day` of each relation
    event, `pool_day` of each entry and exit, `today` of the newest fact."""

    snapshot: Snapshot
    period: Period
    tie_day: NDArray[np.int32]
    pool_day: NDArray[np.int32]
    today: int
    now: int
    shops: Sequence[ShopState]
    red_groups: Sequence[RedGroup] = ()


@dataclass(frozen=True)
class Finding:
    """`id` is detector:key; `page` customers | import | shops | groups, `params` of its address."""

    id: str
    title: Words
    reason: Words
    action: Words
    page: str
    params: Mapping[str, str] = field(default_factory=dict)
    people: BitMap = field(default_factory=BitMap)
    effect_fen: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        return len(self.people)


class Detector(Protocol):
    id: str

    def look(self, situation: Situation) -> Iterable[Finding]: ...


SEE_PEOPLE = ("看这些人", "See these people")


def _people(detector: str, key: str) -> dict[str, str]:
    """The address of the customers behind a finding (Measure.people understands the metric)."""
    return {"metric": f"finding:{detector}:{key}"}


def _percent(value: float) -> str:
    return f"{value * 100:.0f}%"


class StaleData:
    """The newest fact is older than a weekend: the numbers are about the past."""

    id = "stale_data"
    after_days = 3

    def look(self, situation: Situation) -> Iterator[Finding]:
        as_of = situation.snapshot.as_of
        days = (situation.now - as_of) // clock.DAY_MS
        if not as_of or days <= self.after_days:
            return
        day = clock.iso_of_day_number(situation.today)
        yield Finding(
            self.id,
            (
                f"数据停在 {day}，已经 {days:,} 天没有新数据",
                f"The data end on {day}, {days:,} days ago",
            ),
            (
                "页面上的“今天”指最后一条数据的日期；导入新订单或事件后会跟着更新",
                "“today” on these pages is the day of the newest fact; new files move it on",
            ),
            ("去导入", "Import"),
            "import",
        )


class UnconfirmedShops:
    """Nobody has said whether a shop is private, public or a store: shares rest on guesses."""

    id = "unconfirmed_shops"

    def look(self, situation: Situation) -> Iterator[Finding]:
        open_ = [shop for shop in situation.shops if not shop.confirmed]
        if not open_:
            return
        names = "、".join(shop.shop for shop in open_[:3])
        more = len(open_) > 3
        yield Finding(
            self.id,
            (
                f"{len(open_)} 家店铺还没确认是私域、公域还是门店",
                f"{len(open_)} shops are not confirmed as private, public or store",
            ),
            (
                f"{names}{' 等' if more else ''}现在按平台的默认归类，私域占比和复购比都取决于它",
                f"{names.replace('、', ', ')}{', …' if more else ''}: taken by their platform's "
                "default, on which private share and repurchase ratio depend",
            ),
            ("去确认", "Confirm"),
            "shops",
        )


class FastLeavers:
    """A channel code whose contacts leave within a week far more often than the others'."""

    id = "fast_leavers"
    within_ms = 7 * clock.DAY_MS
    least_adds = 50
    least_rate = 0.30
    times_others = 3.0

    def look(self, situation: Situation) -> Iterator[Finding]:
        codes, customer, left = self._adds(situation)
        if not len(codes):
            return
        names = situation.snapshot.words["channel_code"]
        adds = np.bincount(codes, minlength=len(names))
        gone = np.bincount(codes[left], minlength=len(names))
        found = []
        for code in np.flatnonzero(adds >= self.least_adds):
            rate = gone[code] / adds[code]
            others = adds.sum() - adds[code]
            usual = (gone.sum() - gone[code]) / others if others else None
            if rate < self.least_rate or (usual is not None and rate < usual * self.times_others):
                continue
            people = BitMap(customer[left & (codes == code)])
            found.append(self._finding(names[code], int(adds[code]), rate, usual, people))
        yield from sorted(found, key=lambda one: (-one.count, one.id))

    def _adds(
        self, situation: Situation
    ) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.bool_]]:
        """Code, customer and "left within 7 days" of the adds in the period that are 7 days old."""
        ties = situation.snapshot.ties
        first, last = situation.period.span
        rows = np.flatnonzero(
            ~ties.is_end
            & (ties.kind == 0)
            & (ties.channel_code >= 0)
            & (situation.tie_day >= first)
            & (situation.tie_day <= last)
            & (ties.time + self.within_ms <= situation.snapshot.as_of)
        )
        end = ties.end[rows]
        closed = end < len(ties)
        until = ties.time[np.minimum(end, len(ties) - 1)]
        left = closed & (until - ties.time[rows] <= self.within_ms)
        return ties.channel_code[rows].astype(np.int64), ties.customer[rows], left

    def _finding(
        self, code: str, adds: int, rate: float, usual: float | None, people: BitMap
    ) -> Finding:
        zh = f"加粉 {adds:,} 人次，{len(people):,} 人在 7 天内删除"
        en = f"{adds:,} added, {len(people):,} deleted us within 7 days"
        if usual is not None:
            zh += f"；别的活码合计 {_percent(usual)}"
            en += f"; all other codes together {_percent(usual)}"
        return Finding(
            f"{self.id}:{code}",
            (
                f"活码“{code}”进来的人一周内流失 {_percent(rate)}",
                f"{_percent(rate)} of those who came through “{code}” left within a week",
            ),
            (f"{zh}。多半冲着奖品来：看看奖品和落地页", f"{en}. Look at the gift and the page"),
            SEE_PEOPLE,
            "customers",
            _people(self.id, code),
            people,
        )


class BlockedGuides:
    """A guide whose messages are answered by deletion three times as often as his peers'."""

    id = "blocked_guides"
    least_sends = 200
    least_deletions = 5
    times_peers = 3.0

    def look(self, situation: Situation) -> Iterator[Finding]:
        snapshot = situation.snapshot
        names, ties, sends = snapshot.words.get("guide", []), snapshot.ties, snapshot.sends
        first, last = situation.period.span
        mine = (sends.day >= first) & (sends.day <= last)
        sent = np.bincount(sends.guide[mine], sends.count[mine], minlength=len(names))
        gone = np.flatnonzero(
            ties.after_message & (situation.tie_day >= first) & (situation.tie_day <= last)
        )
        deleted = np.bincount(ties.key[gone], minlength=len(names))
        found = []
        for guide in np.flatnonzero((sent >= self.least_sends) & (deleted >= self.least_deletions)):
            peers_sent = sent.sum() - sent[guide]
            peers = (deleted.sum() - deleted[guide]) / peers_sent if peers_sent else 0.0
            rate = deleted[guide] / sent[guide]
            if not peers or rate < peers * self.times_peers:
                continue
            people = BitMap(ties.customer[gone[ties.key[gone] == guide]])
            found.append(self._finding(names[guide], int(sent[guide]), rate, peers, people))
        yield from sorted(found, key=lambda one: (-one.count, one.id))

    def _finding(self, guide: str, sent: int, rate: float, peers: float, people: BitMap) -> Finding:
        return Finding(
            f"{self.id}:{guide}",
            (
                f"导购 {guide} 被删除的比率是同事的 {rate / peers:.1f} 倍",
                f"Guide {guide} is deleted {rate / peers:.1f} times as often as the others",
            ),
            (
                f"发了 {sent:,} 条，每千条招来 {rate * 1000:.1f} 次删除（7 天内），"
                f"同事合计 {peers * 1000:.1f} 次",
                f"{sent:,} messages, {rate * 1000:.1f} deletions per thousand within 7 days; "
                f"the others together {peers * 1000:.1f}",
            ),
            SEE_PEOPLE,
            "customers",
            _people(self.id, guide),
            people,
        )


class ShrinkingPool:
    """More leave the pool than enter it: a pond without inflow dies."""

    id = "shrinking_pool"
    least_exits = 20

    def look(self, situation: Situation) -> Iterator[Finding]:
        pool = situation.snapshot.pool
        first, last = situation.period.span
        rows = np.flatnonzero((situation.pool_day >= first) & (situation.pool_day <= last))
        step = pool.step[rows]
        entries, exits = int((step > 0).sum()), int((step < 0).sum())
        if exits < self.least_exits or exits <= entries:
            return
        yield Finding(
            self.id,
            (
                f"出塘 {exits:,} 人次，多于入塘 {entries:,} 人次",
                f"{exits:,} left the pool, only {entries:,} entered",
            ),
            (
                "看看他们为什么走，再看哪个触点停了",
                "See why they left, and which touchpoint stopped",
            ),
            SEE_PEOPLE,
            "customers",
            {"metric": "pool_outflow"},
            BitMap(pool.customer[rows[step < 0]]),
        )


class RedGroups:
    """Groups whose health of the last 30 days is red."""

    id = "red_groups"

    def look(self, situation: Situation) -> Iterator[Finding]:
        found = situation.red_groups
        if not found:
            return
        worst = found[0]
        yield Finding(
            self.id,
            (f"{len(found):,} 个群需要处理", f"Groups that need you: {len(found):,}"),
            (
                f"最差的是“{worst.title}”：{worst.worst[0]}亮红灯（近 30 天）",
                f"the worst is “{worst.title}”: {worst.worst[1]} is red (last 30 days)",
            ),
            ("看这些群", "See these groups"),
            "groups",
        )


class RestockDue:
    """Customers for whom a category they buy on a rhythm is due again."""

    id = "restock_due"
    least_people = 20
    most_categories = 2

    def look(self, situation: Situation) -> Iterator[Finding]:
        restocks = situation.snapshot.restocks
        words = situation.snapshot.words.get("category", [])
        since = situation.today - restocks.day
        found = []
        for category, low, middle, high in zip(
            restocks.rhythm_category, restocks.low, restocks.middle, restocks.high, strict=True
        ):
            due = (restocks.category == category) & (since >= low) & (since <= high)
            people = BitMap(restocks.customer[due])
            if len(people) >= self.least_people:
                found.append(self._finding(words[category], low, middle, high, people))
        yield from sorted(found, key=lambda one: (-one.count, one.id))[: self.most_categories]

    def _finding(
        self, category: str, low: float, middle: float, high: float, people: BitMap
    ) -> Finding:
        return Finding(
            f"{self.id}:{category}",
            (
                f"{len(people):,} 位客户到了“{category}”的复购窗口（第 {low:.0f}–{high:.0f} 天）",
                f"{len(people):,} customers are due for “{category}” (day {low:.0f} to {high:.0f})",
            ),
            (
                f"买过的人通常隔 {middle:.0f} 天再买，中间一半的间隔落在这个窗口里；他们还没有再买",
                f"it is usually bought again after {middle:.0f} days, half of all gaps fall into "
                "this window; these have not bought again yet",
            ),
            SEE_PEOPLE,
            "customers",
            _people(self.id, category),
            people,
        )


DETECTORS: tuple[Detector, ...] = (
    StaleData(),
    FastLeavers(),
    BlockedGuides(),
    RedGroups(),
    RestockDue(),
    ShrinkingPool(),
    UnconfirmedShops(),
)


def look_around(situation: Situation) -> tuple[Finding, ...]:
    """The findings of all detectors, most important first, at most MOST_FINDINGS."""
    found = [finding for detector in DETECTORS for finding in detector.look(situation)]
    return tuple(found[:MOST_FINDINGS])


def finding_of(situation: Situation, id_: str) -> Finding | None:
    """One finding by its id, even if the page does not show it."""
    name = id_.partition(":")[0]
    for detector in DETECTORS:
        if detector.id == name:
            return next((one for one in detector.look(situation) if one.id == id_), None)
    return None
