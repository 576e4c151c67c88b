"""Views of the same facts: NES, AIPL, 5A, value tier, fatigue. Pure; one code a customer.

`CODES` of a view are in the order of its numbers; `DEFINITIONS` say in words what each means.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from yutang.customers.lifecycle_rule import LifecycleRule
from yutang.kit.clock import DAY_MS

VALUE_DAYS = 365
FATIGUE_DAYS = 30
Label = tuple[str, str]


class Nes(IntEnum):
    """NES 活跃分层 (Ohtsuki & Chen): new, existing, three steps of sleep."""

    NONE = 0
    N = 1
    E0 = 2
    S1 = 3
    S2 = 4
    S3 = 5


class Aipl(IntEnum):
    """Awareness, interest, purchase, loyalty (Alibaba's AIPL)."""

    NONE = 0
    AWARE = 1
    INTEREST = 2
    PURCHASE = 3
    LOYALTY = 4


class FiveA(IntEnum):
    """Aware, appeal, ask, act, advocate (Kotler, Marketing 4.0)."""

    NONE = 0
    AWARE = 1
    APPEAL = 2
    ASK = 3
    ACT = 4
    ADVOCATE = 5


class Tier(IntEnum):
    """Value among those who bought."""

    LOW = 0
    MIDDLE = 1
    HIGH = 2


class Fatigue(IntEnum):
    """How much he was sent of late."""

    NONE = 0
    LIGHT = 1
    MEDIUM = 2
    HEAVY = 3


NES: dict[str, Label] = {
    "none": ("未购", "never bought"),
    "n": ("N 新客", "N new"),
    "e0": ("E0 主力", "E0 core"),
    "s1": ("S1 瞌睡", "S1 drowsy"),
    "s2": ("S2 半睡", "S2 half asleep"),
    "s3": ("S3 沉睡", "S3 asleep"),
}
AIPL: dict[str, Label] = {
    "none": ("未入库", "not known yet"),
    "aware": ("A 认知", "A aware"),
    "interest": ("I 兴趣", "I interest"),
    "purchase": ("P 购买", "P purchase"),
    "loyalty": ("L 忠诚", "L loyalty"),
}
FIVE_A: dict[str, Label] = {
    "none": ("未入库", "not known yet"),
    "aware": ("A1 了解", "A1 aware"),
    "appeal": ("A2 吸引", "A2 appeal"),
    "ask": ("A3 问询", "A3 ask"),
    "act": ("A4 行动", "A4 act"),
    "advocate": ("A5 拥护", "A5 advocate"),
}
TIERS: dict[str, Label] = {
    "low": ("低价值", "low value"),
    "middle": ("中价值", "middle value"),
    "high": ("高价值", "high value"),
}
FATIGUES: dict[str, Label] = {
    "none": ("无触达", "not reached"),
    "light": ("轻度", "light"),
    "medium": ("中度", "medium"),
    "heavy": ("重度", "heavy"),
}

# What is said of each step; %(…)s are settings of the rule. c is the usual interval, r the days
# since the last purchase.
DEFINITIONS: dict[str, dict[str, Label]] = {
    "nes": {
        "none": ("还没有支付过订单", "no paid order yet"),
        "n": ("只在一天买过，且 r ≤ c", "bought on one day, r ≤ c"),
        "e0": ("在两天及以上买过，且 r ≤ c", "bought on two days or more, r ≤ c"),
        "s1": ("c < r ≤ 2c", "c < r ≤ 2c"),
        "s2": ("2c < r ≤ 3c", "2c < r ≤ 3c"),
        "s3": ("r > 3c", "r > 3c"),
    },
    "aipl": {
        "none": ("还不认识这个人", "nobody knows him yet"),
        "aware": ("品牌认识他，但不属于以下任何一层", "the brand knows him, and no more than that"),
        "interest": (
            "最近 %(interest_days)s 天有过自己的行为（浏览、阅读、点击、扫码、加粉、进群……）",
            "an act of his own in the last %(interest_days)s days (view, read, click, scan, add …)",
        ),
        "purchase": (
            "最近 %(buyer_days)s 天买过",
            "bought in the last %(buyer_days)s days",
        ),
        "loyalty": (
            "最近 %(loyal_days)s 天在两天及以上买过",
            "bought on two days or more in the last %(loyal_days)s days",
        ),
    },
    "five_a": {
        "none": ("还不认识这个人", "nobody knows him yet"),
        "aware": ("品牌认识他，但不属于以下任何一层", "the brand knows him, and no more than that"),
        "appeal": (
            "最近 %(interest_days)s 天有过自己的行为",
            "an act of his own in the last %(interest_days)s days",
        ),
        "ask": (
            "最近 %(interest_days)s 天加购、提交表单、加粉、进群或绑定会员",
            "put into the cart, sent a form, added a guide, joined a group or bound a membership "
            "in the last %(interest_days)s days",
        ),
        "act": ("最近 %(buyer_days)s 天买过", "bought in the last %(buyer_days)s days"),
        "advocate": (
            "最近 %(buyer_days)s 天买过，且最近 %(loyal_days)s 天邀请过别人或领取过任务",
            "bought in the last %(buyer_days)s days, and invited somebody or claimed a task in the "
            "last %(loyal_days)s",
        ),
    },
}


def nes(
    purchase_days: NDArray[np.int32],
    last_order_at: NDArray[np.int64],
    interval: NDArray[np.float32],
    moment: int,
) -> NDArray[np.uint8]:
    """NES of each customer (uint8, Nes); interval: usual days between purchases."""
    since = (moment - last_order_at) / DAY_MS
    usual = interval.astype(np.float64)
    out = np.where(purchase_days >= 2, np.uint8(Nes.E0), np.uint8(Nes.N))
    for times, step in ((1, Nes.S1), (2, Nes.S2), (3, Nes.S3)):
        out[since > times * usual] = step
    out[purchase_days == 0] = Nes.NONE
    return out.astype(np.uint8)


def aipl(
    known: NDArray[np.bool_],
    acted: NDArray[np.bool_],
    bought: NDArray[np.bool_],
    loyal: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """AIPL of each customer (uint8, Aipl); the furthest step counts. All bool by customer: known to
    the brand, an act in the window of interest, bought in that of buyers, twice in that of loyal
    ones."""
    return _furthest(known, (acted, Aipl.INTEREST), (bought, Aipl.PURCHASE), (loyal, Aipl.LOYALTY))


def five_a(
    known: NDArray[np.bool_],
    acted: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    bought: NDArray[np.bool_],
    recommended: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """5A of each customer (uint8, FiveA); the furthest step counts, and only who bought is an
    advocate."""
    return _furthest(
        known,
        (acted, FiveA.APPEAL),
        (asked, FiveA.ASK),
        (bought, FiveA.ACT),
        (bought & recommended, FiveA.ADVOCATE),
    )


def _furthest(
    known: NDArray[np.bool_], *steps: tuple[NDArray[np.bool_], IntEnum]
) -> NDArray[np.uint8]:
    out = known.astype(np.uint8)  # 1: aware
    for reached, step in steps:
        out[reached & known] = step
    return out


def value_edges(net_fen: NDArray[np.int64], rule: LifecycleRule) -> tuple[int, int]:
    """The least net fen of high and of middle value: the top shares of those who paid anything.
    Equal sums go up together; (0, 0) without buyers."""
    paid = net_fen[net_fen > 0]
    if not len(paid):
        return 0, 0
    shares = (rule.value_high, rule.value_high + rule.value_middle)
    # The k-th greatest, k = share of the buyers, at least one.
    places = [len(paid) - max(1, round(share * len(paid))) for share in shares]
    high, middle = np.partition(paid, places)[places].tolist()
    return int(high), int(middle)


def value_tiers(net_fen: NDArray[np.int64], rule: LifecycleRule) -> NDArray[np.uint8]:
    """Value tier of each customer (uint8, Tier); who paid nothing is low."""
    high, middle = value_edges(net_fen, rule)
    out = np.zeros(len(net_fen), np.uint8)
    paid = net_fen > 0
    out[paid & (net_fen >= middle)] = Tier.MIDDLE
    out[paid & (net_fen >= high)] = Tier.HIGH
    return out


def fatigues(received: NDArray[np.integer], rule: LifecycleRule) -> NDArray[np.uint8]:
    """Fatigue of each customer (uint8, Fatigue) from the messages of FATIGUE_DAYS."""
    limits = (rule.fatigue_light, rule.fatigue_medium, rule.fatigue_heavy)
    return np.searchsorted(limits, received, side="right").astype(np.uint8)
