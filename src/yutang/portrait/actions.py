"""The next best action: rules that a shop guide would agree with (pure).

Each rule looks at what is known and proposes one act with its reason; the most urgent comes first.
Where somebody is to be left alone, everything that would be a message is taken out. The order is
plain data: what protects the customer, then what he waits for, then what sells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

Label = tuple[str, str]
# code → (zh, en), the most urgent first
ACTIONS: dict[str, Label] = {
    "leave": ("先不打扰", "leave alone"),
    "service": ("先解决问题", "solve the problem first"),
    "birthday": ("送生日祝福", "wish a happy birthday"),
    "restock": ("提醒补货", "remind of a restock"),
    "coupon_open": ("提醒用券", "remind of the coupon"),
    "thank": ("致谢并教用法", "thank, and show how to use it"),
    "second": ("促第二单", "bring about the second order"),
    "first": ("促首单", "bring about the first order"),
    "invite": ("邀请加企微", "invite to add a guide"),
    "win_back": ("唤回", "win back"),
    "coupon": ("发券", "give a coupon"),
    "task": ("派任务", "give a task"),
    "seeding": ("种草", "seed content"),
}
_OF_MATRIX = {"coupon": "coupon", "task": "task", "seeding": "seeding", "leave": "leave"}
_QUIET = ("leave", "service")  # what may be done with somebody who is to be left alone
COMPLAINT_DAYS = 14
BIRTHDAY_DAYS = 7
THANK_DAYS = 7
COUPON_DAYS = 30


@dataclass(frozen=True)
class Known:
    """What the rules look at. Days count from the newest fact; None = not known.

    stage, role, value, fatigue: codes; in_pool: can be reached; since_last, interval: days;
    complained: days since the last complaint; birthday: days until it; open_coupon: its name and
    days since it was granted; restock: (what, expected on, days until then, overdue < 0); matrix:
    the strategy matrix's action and its reason.
    """

    stage: str
    role: str
    fatigue: str
    in_pool: bool
    received: int = 0
    refuses_marketing: bool = False
    since_last: int | None = None
    interval: float | None = None
    complained: int | None = None
    birthday: int | None = None
    open_coupon: tuple[str, int] | None = None
    restock: tuple[str, date, int] | None = None
    matrix: tuple[str, Label] | None = None


@dataclass(frozen=True)
class Action:
    """One thing to do: code, what it is called, and why."""

    code: str
    label: Label
    reason: Label


def next_actions(known: Known) -> list[Action]:
    """What to do, the most urgent first; at least one."""
    found = {code: reason for code, rule in RULES for reason in [rule(known)] if reason}
    if known.matrix is not None:
        code = _OF_MATRIX.get(known.matrix[0])
        if code is not None and code not in found:
            found[code] = known.matrix[1]
    if "leave" in found:
        found = {code: reason for code, reason in found.items() if code in _QUIET}
    if not found:
        found["seeding"] = (
            "眼下没有更急的事，发点有用的内容保持联系",
            "nothing is more urgent: keep in touch with something useful",
        )
    return [Action(code, ACTIONS[code], found[code]) for code in ACTIONS if code in found]


def _leave(known: Known) -> Label | None:
    if known.refuses_marketing:
        return ("已撤回营销授权", "has withdrawn the consent to marketing")
    if known.fatigue == "heavy":
        n = known.received
        return (f"30 天内已收到 {n} 条消息", f"was sent {n} messages in 30 days")
    return None


def _service(known: Known) -> Label | None:
    if known.complained is None or known.complained > COMPLAINT_DAYS:
        return None
    n = known.complained
    return (f"{n} 天前投诉过，先跟进处理结果", f"complained {n} days ago: see it through first")


def _birthday(known: Known) -> Label | None:
    if known.birthday is None or not 0 <= known.birthday <= BIRTHDAY_DAYS:
        return None
    if known.birthday == 0:
        return ("今天生日", "has a birthday today")
    return (f"{known.birthday} 天后生日", f"has a birthday in {known.birthday} days")


def _restock(known: Known) -> Label | None:
    if known.restock is None:
        return None
    what, on, days = known.restock
    if days < 0:
        return (
            f"“{what}”预计 {on} 该补，已过 {-days} 天",
            f"“{what}” was expected on {on}, {-days} days ago",
        )
    return (f"“{what}”预计 {on} 该补", f"“{what}” is expected to run out by {on}")


def _coupon_open(known: Known) -> Label | None:
    if known.open_coupon is None or known.open_coupon[1] > COUPON_DAYS:
        return None
    name, days = known.open_coupon
    return (
        f"{days} 天前领的券“{name}”还没用",
        f"the coupon “{name}” of {days} days ago is not used yet",
    )


def _thank(known: Known) -> Label | None:
    if known.stage != "first" or known.since_last is None or known.since_last > THANK_DAYS:
        return None
    return (
        f"{known.since_last} 天前首购",
        f"bought for the first time {known.since_last} days ago",
    )


def _second(known: Known) -> Label | None:
    since, interval = known.since_last, known.interval
    if known.stage != "first" or since is None or interval is None or since < 0.7 * interval:
        return None
    return (
        f"首购已 {since} 天，一般 {interval:.0f} 天左右会再买",
        f"{since} days since the first order; most come back after about {interval:.0f}",
    )


def _first(known: Known) -> Label | None:
    if known.stage != "never" or known.role not in ("fan", "koc"):
        return None
    return (
        "已经加了导购或进群，还没买过",
        "added a guide or joined a group, and has not bought yet",
    )


def _invite(known: Known) -> Label | None:
    if known.in_pool or known.stage not in ("first", "repeat"):
        return None
    return (
        "买过，但还没有加导购、进群或关注：下次包裹放张卡",
        "bought, but cannot be reached: put a card into the next parcel",
    )


def _win_back(known: Known) -> Label | None:
    if known.stage not in ("dormant", "lost") or known.since_last is None or not known.in_pool:
        return None
    return (f"已 {known.since_last} 天没买", f"has not bought for {known.since_last} days")


RULES: tuple[tuple[str, Callable[[Known], Label | None]], ...] = (
    ("leave", _leave),
    ("service", _service),
    ("birthday", _birthday),
    ("restock", _restock),
    ("coupon_open", _coupon_open),
    ("thank", _thank),
    ("second", _second),
    ("first", _first),
    ("invite", _invite),
    ("win_back", _win_back),
)
