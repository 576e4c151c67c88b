"""Who the 60,000 are: where each came from, when, how loyal, what he restocks, and his ids.

There are no names and no phone numbers: customers are known by opaque ids only. One person is
one customer once his ids are linked as the events tell; a wrong count means faulty stitching.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from yutang.demo.assortment import FAST, PER_CATEGORY, SLOW
from yutang.demo.clock import DAY, END, HOUR, START, midnight
from yutang.demo.referral import Cascade
from yutang.demo.streams import scramble, stream
from yutang.demo.truths import INTERVALS, LEAVING, scaled

STORES = ("杭州湖滨店", "上海徐汇店", "南京新街口店", "成都太古里店", "武汉江汉路店")
GUIDES = tuple(f"G{i:02d}" for i in range(1, 25))

_STORE_BUYERS, _PRIVATE_BUYERS, _SCANNERS = 6_000, 3_000, 1_200
_ARRIVAL_MONTHS = 5.5
"""Mean of the arrival time of Tmall buyers: most are customers already when the data begin, and
show up one by one with their next order."""


class Origin(IntEnum):
    """Where a person first met the brand."""

    TMALL = 0
    STORE = 1
    PRIVATE = 2
    REFERRED = 3
    LEAVING = 4
    SCANNED = 5


@dataclass(frozen=True)
class People:
    """Arrays by person (0-based). `arrives`: first possible order, or the scan of those who only
    scan. `mean_gap` seconds between orders, `stays`: chance of another order after each, `staple`:
    item restocked or -1, `store`, `guide`, `city`: positions in their lists."""

    origin: NDArray[np.int8]
    arrives: NDArray[np.int64]
    loyalty: NDArray[np.float64]
    mean_gap: NDArray[np.float64]
    stays: NDArray[np.float64]
    staple: NDArray[np.int64]
    store: NDArray[np.int64]
    guide: NDArray[np.int64]
    city: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.origin)

    def of(self, origin: Origin) -> NDArray[np.int64]:
        """The people of one origin."""
        return np.flatnonzero(self.origin == origin)


def populate(seed: int, customers: int, cascade: Cascade) -> People:
    """`customers` people; the referred ones are exactly those of the cascade."""
    draw = stream(seed, "people")
    counts = {
        Origin.STORE: scaled(_STORE_BUYERS, customers),
        Origin.PRIVATE: scaled(_PRIVATE_BUYERS, customers),
        Origin.REFERRED: cascade.referred,
        Origin.LEAVING: scaled(LEAVING.people, customers),
        Origin.SCANNED: scaled(_SCANNERS, customers),
    }
    counts[Origin.TMALL] = customers - sum(counts.values())
    origin = np.repeat(np.array(sorted(counts), np.int8), [counts[key] for key in sorted(counts)])
    loyalty = draw.standard_normal(customers)
    # Loyal people come back sooner and stay longer; both also make them join and read.
    mean_gap = 100 * DAY * draw.gamma(4, 0.25, customers) * np.exp(-0.25 * loyalty)
    stays = np.clip(0.90 + 0.04 * loyalty, 0.5, 0.97)
    return People(
        origin=origin,
        arrives=_arrivals(draw, origin, cascade),
        loyalty=loyalty,
        mean_gap=mean_gap,
        stays=stays,
        staple=_staples(draw, origin, customers),
        store=draw.integers(0, len(STORES), customers),
        guide=draw.integers(0, len(GUIDES), customers),
        city=(draw.power(0.5, customers) * len(CITIES)).astype(np.int64),
    )


def _arrivals(
    draw: np.random.Generator, origin: NDArray[np.int8], cascade: Cascade
) -> NDArray[np.int64]:
    """Tmall and store buyers show up along a decaying exponential; private ones grow in number;
    referred ones come with their invitation."""
    n, span = len(origin), END - START
    share = draw.random(n)
    months = 18 / _ARRIVAL_MONTHS
    decaying = -np.log1p(-share * -np.expm1(-months)) / months
    growing = np.sqrt(share)
    gift_from, gift_to = midnight(LEAVING.starts_on), midnight(LEAVING.ends_on) + DAY
    moment = START + 6 * HOUR + (np.where(origin <= Origin.STORE, decaying, growing) * (span - DAY))
    gift = origin == Origin.LEAVING
    moment[gift] = gift_from + 10 * HOUR + share[gift] * (gift_to - gift_from - 14 * HOUR)
    moment[origin == Origin.REFERRED] = cascade.joined_at[cascade.seeds :]
    return moment.astype(np.int64)


def _staples(
    draw: np.random.Generator, origin: NDArray[np.int8], customers: int
) -> NDArray[np.int64]:
    """Each restocks at most one item, so that the two clocks do not mix; what is baked fresh is
    bought in stores or from the private shop, never by parcel from Tmall."""
    slow = scaled(INTERVALS.slow_people, customers)
    fast = scaled(INTERVALS.fast_people, customers)
    near = draw.permutation(np.flatnonzero((origin > Origin.TMALL) & (origin <= Origin.PRIVATE)))
    others = np.concatenate([near[fast:], np.flatnonzero(origin == Origin.TMALL)])
    chosen = np.concatenate([draw.choice(others, slow, replace=False), near[:fast]])
    staple = np.full(customers, -1, np.int64)
    staple[chosen[:slow]] = SLOW * PER_CATEGORY + draw.integers(0, PER_CATEGORY, slow)
    staple[chosen[slow:]] = FAST * PER_CATEGORY + draw.integers(0, PER_CATEGORY, fast)
    return staple


CITIES: tuple[tuple[str, str], ...] = (
    ("浙江省", "杭州市"),
    ("上海", "上海市"),
    ("江苏省", "南京市"),
    ("四川省", "成都市"),
    ("湖北省", "武汉市"),
    ("广东省", "广州市"),
    ("广东省", "深圳市"),
    ("北京", "北京市"),
    ("浙江省", "宁波市"),
    ("江苏省", "苏州市"),
    ("山东省", "青岛市"),
    ("福建省", "厦门市"),
    ("湖南省", "长沙市"),
    ("陕西省", "西安市"),
    ("重庆", "重庆市"),
    ("河南省", "郑州市"),
    ("辽宁省", "大连市"),
    ("安徽省", "合肥市"),
)


@dataclass(frozen=True)
class Ids:
    """The opaque ids of each person, as text arrays by person."""

    member_no: NDArray[np.object_]
    unionid: NDArray[np.object_]
    external_userid: NDArray[np.object_]
    tmall_buyer: NDArray[np.object_]


def issue_ids(seed: int, customers: int) -> Ids:
    """Distinct ids; none can be told from another or from the person's place in the arrays."""
    people = np.arange(customers)
    number = stream(seed, "member numbers").permutation(customers) + 10_000_001

    def opaque(prefix: str, salt: int) -> NDArray[np.object_]:
        codes = scramble(people, seed * 8 + salt).tolist()
        return np.array([f"{prefix}{code:016x}" for code in codes], object)

    return Ids(
        member_no=np.array([f"M{n}" for n in number.tolist()], object),
        unionid=opaque("o6_", 1),
        external_userid=opaque("wm", 2),
        tmall_buyer=opaque("AAE", 3),
    )
