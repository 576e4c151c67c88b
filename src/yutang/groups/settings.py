"""What a brand may set: working hours, when a question counts as unanswered, limits of checks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from yutang.errors import BadInput

Words = tuple[str, str]


@dataclass(frozen=True)
class Limit:
    """amber, red: where a check turns; weight: its part of the score (0 = left out)."""

    amber: float
    red: float
    weight: int


@dataclass(frozen=True)
class CheckDef:
    """One check. unit: rate | hours | people; more_is_better: red lies below amber then.
    why: where the default comes from."""

    id: str
    title: Words
    unit: str
    limit: Limit
    why: Words
    more_is_better: bool = False


OWN = ("经验值：先用它，跑一个月后按自己的中位数改", "a rule of thumb: run it for a month, "
       "then set it by your own median")  # fmt: skip
CHECKS: tuple[CheckDef, ...] = (
    CheckDef(
        "active", ("每周活跃率", "weekly active share"), "rate", Limit(0.10, 0.03, 3), OWN,
        more_is_better=True,
    ),
    CheckDef("leaving", ("30 天退群率", "share that left in 30 days"), "rate",
             Limit(0.05, 0.10, 2), OWN),
    CheckDef(
        "unanswered", ("提问无人回复占比", "questions nobody answered"), "rate",
        Limit(0.10, 0.30, 3),
        ("十个提问允许漏一个；漏掉三成，群就成了没人管的群",
         "one question in ten may slip; at three in ten nobody runs the group"),
    ),
    CheckDef(
        "response", ("回复时长中位数（工作小时）", "median response time (working hours)"),
        "hours", Limit(1.0, 4.0, 2),
        ("一小时内回复还在决策里，超过半个工作日多半已去别处买",
         "within an hour he is still deciding; after a third of the working day he bought "
         "elsewhere"),
    ),
    CheckDef(
        "complaints", ("投诉占客户发言", "complaints of customers' messages"), "rate",
        Limit(0.05, 0.15, 3),
        ("群不能变成投诉台：一人抱怨会带动一群人",
         "a group must not become a complaints desk: one who complains takes others along"),
    ),
    CheckDef(
        "products", ("产品帖占我方发言", "product posts of our messages"), "rate",
        Limit(0.5, 0.8, 2),
        ("内容配比：产品帖不过半，其余给种草、互动和服务",
         "content mix: at most half product posts, the rest seeding, interaction, service"),
    ),
    CheckDef(
        "one_way", ("客户发言占比", "customers' share of messages"), "rate", Limit(0.2, 0.05, 2),
        ("我们发、没人说，是广播不是社群",
         "where we post and nobody speaks it is a broadcast, not a group"),
        more_is_better=True,
    ),
    CheckDef(
        "full", ("群人数", "members"), "people", Limit(180, 200, 1),
        ("企微群 200 人后扫码进不来，上限 500 人",
         "beyond 200 members nobody joins a WeCom group by its code; 500 is the most"),
    ),
    CheckDef(
        "flash", ("闪群解散（逾期天数）", "flash group's end (days overdue)"), "days",
        Limit(-1, 1, 2),
        ("闪群到期就解散并把人承接到长期群，否则变成死群",
         "a flash group ends on its day and carries its members over, else it becomes a dead one"),
    ),
)  # fmt: skip
BY_ID = {one.id: one for one in CHECKS}


@dataclass(frozen=True)
class Settings:
    """answer_hours: working hours after which a question counts as unanswered; opens, closes:
    working hours of each day; least_*: below these a share is not judged; red_below, amber_below:
    the score (0-100) at which a group is red or amber; limits by check."""

    answer_hours: float = 4.0
    opens: int = 9
    closes: int = 22
    least_members: int = 10
    least_messages: int = 20
    least_questions: int = 5
    red_below: int = 50
    amber_below: int = 75
    limits: Mapping[str, Limit] = field(
        default_factory=lambda: {one.id: one.limit for one in CHECKS}
    )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(text: str | None) -> Settings:
    """Settings as they were kept; checks that are newer than them have their defaults."""
    if not text:
        return Settings()
    kept = json.loads(text)
    limits = {name: Limit(**one) for name, one in kept.pop("limits").items() if name in BY_ID}
    usual = Settings()
    return replace(usual, **kept, limits={**usual.limits, **limits})


def changed(known: Settings, **values: Any) -> Settings:
    """`known` with these values; `limits`: check → {"amber", "red", "weight"}. Raises BadInput."""
    limits = dict(known.limits)
    for name, given in dict(values.pop("limits", None) or {}).items():
        if name not in BY_ID:
            raise BadInput("There is no check “%(name)s”.", name=str(name)[:40])
        limits[name] = replace(limits[name], **given)
    new = replace(known, **values, limits=limits)
    _check(new)
    return new


def _check(new: Settings) -> None:
    if not 0 <= new.opens < new.closes <= 24:
        raise BadInput(
            "Working hours begin before they end, between 0 and 24.", hint="For instance 9 to 22."
        )
    if not (_finite(new.answer_hours) and 0 < new.answer_hours <= 240):
        raise BadInput("A question waits for more than 0 and at most 240 working hours.")
    for value in (new.least_members, new.least_messages, new.least_questions):
        if not 1 <= value <= 100_000:
            raise BadInput("The least numbers lie between 1 and 100,000.")
    if not 0 <= new.red_below <= new.amber_below <= 100:
        raise BadInput("The score of red lies below that of amber, both between 0 and 100.")
    for name, limit in new.limits.items():
        check = BY_ID[name]
        if not (_finite(limit.amber) and _finite(limit.red)):
            raise BadInput("A limit is a number.")
        turned = limit.red > limit.amber if check.more_is_better else limit.red < limit.amber
        top = 1.0 if check.unit == "rate" else 100_000.0
        if turned or max(abs(limit.amber), abs(limit.red)) > top:
            raise BadInput(
                "The limits of “%(name)s” do not fit: amber comes before red.",
                hint="Shares lie between 0 and 1.",
                name=check.title[0],
            )
        if not 0 <= limit.weight <= 10:
            raise BadInput("A weight is a whole number from 0 to 10.")


def _finite(value: float) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
