"""Health of a group as a list of checks: each with its number, its limit, and what to do. Pure.

Score = 100 × Σ weight × (green 1, amber ½, red 0) / Σ weight, over the checks that can be judged.
A group with a red check is never green.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from yutang.groups.figures import Figures, Floats
from yutang.groups.settings import BY_ID, CHECKS, Limit, Settings

Level = Literal["green", "amber", "red", "unknown"]
Words = tuple[str, str]
LEVELS: dict[Level, Words] = {
    "red": ("需要处理", "needs you"),
    "amber": ("留意", "watch"),
    "green": ("健康", "healthy"),
    "unknown": ("看不到", "cannot be told"),
}
WORTH = {"green": 1.0, "amber": 0.5, "red": 0.0}
SERVICE, FLASH = "service", "flash"

# Check → (what to do when it is not green, the button's words, whom or where it leads to).
ADVICE: dict[str, tuple[Words, Words, str]] = {
    "active": (
        ("每天抛一个好回答的问题（二选一、晒单、投票），先让人开口，再发产品",
         "Ask one easy question a day (this or that, show yours, a vote): first people speak, "
         "then come products"),
        ("看沉默成员", "See the silent members"), "silent",
    ),
    "leaving": (
        ("看退群的人进群多久、从哪来：进群即退查入口和奖品，待久才退查内容和频次",
         "See how long they stayed: those who leave at once point to the gift and the code, "
         "those who leave late to content and frequency"),
        ("看退群的人", "See who left"), "left",
    ),
    "unanswered": (
        ("给群配第二位客服或换群主；售前问题转专家，答不完先用快捷回复接住",
         "Give the group a second person or another owner; buying questions go to the expert, "
         "and a quick reply holds the line"),
        ("看没人回复的人", "See who waits"), "waiting",
    ),
    "response": (
        ("换一位在线时间更长的群主，或排班；高峰时段（午间、晚八点）要有人",
         "Choose an owner who is there longer, or make a rota: noon and eight in the evening "
         "need somebody"),
        ("看提问的人", "See who asked"), "asked",
    ),
    "complaints": (
        ("把售后请出群：一对一接走抱怨的人，转售后服务，群里只公布结果",
         "Take after-sales out of the group: talk to those who complain one to one, hand them "
         "to service, and tell the group the outcome only"),
        ("看投诉的人", "See who complains"), "complained",
    ),
    "products": (
        ("换内容：三条种草、互动或服务，配一条产品",
         "Change the mix: three posts of seeding, interaction or service to one of products"),
        ("看内容配比", "See the mix"), "",
    ),
    "one_way": (
        ("我们在自说自话：减少广播，多提问、多点名、让老客晒单",
         "We talk to ourselves: broadcast less, ask more, name people, let old customers show"),
        ("看沉默成员", "See the silent members"), "silent",
    ),
    "full": (
        ("群码已经或快要进不来人：开新群，把群活码指向它",
         "The code lets nobody in any more, or soon: open the next group and point the code to it"),
        ("看成员", "See the members"), "members",
    ),
    "flash": (
        ("闪群到期：先公布承接群，三天内解散，把人带过去",
         "The flash group is over: name the group that takes over, dissolve it within three "
         "days and carry the members along"),
        ("看要带走的人", "See whom to carry over"), "members",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One judged check. value: None where it cannot be told, then `why` says why not."""

    id: str
    level: Level
    value: float | None
    limit: Limit
    why: Words = ("", "")

    @property
    def title(self) -> Words:
        return BY_ID[self.id].title

    @property
    def unit(self) -> str:
        return BY_ID[self.id].unit

    @property
    def more_is_better(self) -> bool:
        return BY_ID[self.id].more_is_better

    @property
    def advice(self) -> Words:
        return ADVICE[self.id][0]

    @property
    def action(self) -> Words:
        return ADVICE[self.id][1]

    @property
    def people(self) -> str:
        """Whose list belongs to it (`people.WHO`), "" for none."""
        return ADVICE[self.id][2]


@dataclass(frozen=True)
class Health:
    """score 0-100, None where nothing can be judged."""

    level: Level
    score: int | None
    checks: tuple[Check, ...]

    @property
    def open(self) -> list[Check]:
        """Those that need something, the worst first."""
        found = [one for one in self.checks if one.level in ("red", "amber")]
        return sorted(found, key=lambda one: (one.level != "red", -one.limit.weight))


@dataclass(frozen=True)
class Facts:
    """What the checks need of a group besides its figures. overdue: days since a flash group's
    last day, negative before it, None without one."""

    purpose: str
    active: bool
    overdue: int | None


UNSEEN = ("看不到消息内容：没有会话存档", "messages cannot be seen: there is no session archive")
UNTOLD = ("看不到消息文字：存档没有给出内容",
          "what messages say cannot be seen")  # fmt: skip
FEW = ("样本太少，不判", "too few to judge")
NO_END = ("没有写解散日期", "no last day is set")
NOT_ASKED = ("售后群本来就收投诉，不判", "a service group is there for complaints: not judged")


def level_of(value: float, limit: Limit, *, more_is_better: bool) -> Level:
    """Green up to amber's limit, red from beyond red's; on a limit it is still the better one."""
    if more_is_better:
        value, limit = -value, Limit(-limit.amber, -limit.red, limit.weight)
    if value > limit.red:
        return "red"
    return "amber" if value > limit.amber else "green"


def judge(found: Figures, code: int, facts: Facts, settings: Settings) -> Health:
    """Health of one group in the period of the figures."""
    checks = tuple(
        _check(one.id, found, code, facts, settings)
        for one in CHECKS
        if facts.purpose == FLASH or one.id != "flash"
    )
    weights = [(one.limit.weight, WORTH[one.level]) for one in checks if one.level in WORTH]
    total = sum(weight for weight, _ in weights)
    if not total or not facts.active:
        return Health("unknown", None, checks)
    score = round(100 * sum(weight * worth for weight, worth in weights) / total)
    alarmed = any(one.level == "red" and one.limit.weight for one in checks)
    return Health(_light(score, settings, alarmed=alarmed), score, checks)


def _light(score: int, settings: Settings, *, alarmed: bool) -> Level:
    if score < settings.red_below:
        return "red"
    return "amber" if score < settings.amber_below or alarmed else "green"


def _check(id_: str, found: Figures, code: int, facts: Facts, settings: Settings) -> Check:
    limit = settings.limits[id_]
    value, why = _value(id_, found, code, facts, settings)
    if value is None or math.isnan(value):
        return Check(id_, "unknown", None, limit, why if why[0] else FEW)
    return Check(
        id_, level_of(value, limit, more_is_better=BY_ID[id_].more_is_better), value, limit
    )


def _value(
    id_: str, found: Figures, code: int, facts: Facts, settings: Settings
) -> tuple[float | None, Words]:
    """The number of a check, or why it cannot be told."""

    def of(values: Floats) -> float:
        return float(values[code])

    few: tuple[None, Words] = (None, FEW)
    if id_ == "full":
        return of(found.members), ("", "")
    if id_ == "flash":
        return (None, NO_END) if facts.overdue is None else (float(facts.overdue), ("", ""))
    if id_ == "leaving":
        base = of(found.start) + of(found.joined)
        return few if base < settings.least_members else (of(found.leave_30), FEW)
    if id_ == "complaints" and facts.purpose == SERVICE:
        return None, NOT_ASKED
    if found.seen[code] < 2:
        return None, UNSEEN
    if id_ == "active":
        many = of(found.members) >= settings.least_members
        return (of(found.active_week), FEW) if many else few
    if id_ in ("unanswered", "response"):
        if math.isnan(of(found.questions)):
            return None, UNTOLD
        many = of(found.judged) >= settings.least_questions
        values = found.unanswered_share if id_ == "unanswered" else found.response_p50
        return (of(values), FEW) if many else few
    if id_ == "complaints":
        if math.isnan(of(found.complaints)):
            return None, UNTOLD
        return (
            (of(found.complaint_share), FEW) if of(found.told) >= settings.least_messages else few
        )
    if id_ == "products":
        return (of(found.product_share), FEW) if of(found.our_messages) >= 5 else few
    many = of(found.messages) >= settings.least_messages
    return (of(found.customer_share), FEW) if many else few
