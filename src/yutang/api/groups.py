"""Groups: their numbers and health in a period, what is set about them, limits and word lists."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, cursor_at, offset_of
from yutang.groups import Table, by_owner, check_who, hits, told, told_whole

ROUTES = APIRouter(tags=["groups"], responses=PROBLEMS)  # type: ignore[arg-type]
Level = Literal["red", "amber", "green", "unknown"]


class CheckOut(BaseModel):
    """One check; value null: it cannot be told, and `why` says why not."""

    id: str
    title: tuple[str, str]
    level: Level
    value: float | None
    unit: str
    amber: float
    red: float
    weight: int
    advice: tuple[str, str] | None
    why: tuple[str, str] | None


class GroupOut(BaseModel):
    """A group; `numbers` of the period, null where they cannot be seen; response times in working
    hours; `seen`: messages, statistics or joins (and leaves) only."""

    key: str
    name: str
    purpose: str
    owner: str
    active: bool
    dissolve_on: str
    carries_over_to: str
    note: str
    created_at: int
    dissolved_at: int
    seen: Literal["messages", "statistics", "joins"]
    health: Level
    score: int | None
    numbers: dict[str, float | None]


class GroupDetail(GroupOut):
    checks: list[CheckOut]
    joiners: dict[str, Any] | None
    overlaps: dict[str, int]
    history: list[tuple[int, str, str]]


class GroupSet(BaseModel):
    """What a group is for and who runs it; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    purpose: Literal["", "benefit", "activity", "flash", "expert", "service", "other"] | None = None
    owner: str | None = None
    status: Literal["active", "dissolved"] | None = None
    dissolve_on: str | None = Field(None, description="YYYY-MM-DD, or empty.")
    carries_over_to: str | None = None
    note: str | None = None


class LimitSet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amber: float | None = None
    red: float | None = None
    weight: int | None = None


class SettingsSet(BaseModel):
    """Shares are 0 to 1. Word lists are replaced whole; messages are then counted anew."""

    model_config = ConfigDict(extra="forbid")

    answer_hours: float | None = None
    opens: int | None = None
    closes: int | None = None
    least_members: int | None = None
    least_messages: int | None = None
    least_questions: int | None = None
    red_below: int | None = None
    amber_below: int | None = None
    limits: dict[str, LimitSet] = Field(default_factory=dict)
    question_words: list[str] | None = Field(None, max_length=5_000)
    complaint_words: list[str] | None = Field(None, max_length=5_000)


class Sentence(BaseModel):
    text: str = Field(max_length=500)


@ROUTES.get("/groups")
def list_groups(
    period: str = "last_30",
    first: date | None = None,
    last: date | None = None,
    health: Level | None = None,
    purpose: str = "",
    owner: str = "",
    dissolved: bool = False,
    limit: Limit = 100,
    cursor: Cursor = "",
    caller: Caller = needs("see"),
) -> Page[GroupOut]:
    """Groups by key; period: a preset, or `custom` with first and last."""
    table = _table(caller, period, first, last)
    found = [
        one for one in sorted(table.groups, key=lambda group: group.key)
        if one.active != dissolved and (not health or one.health.level == health)
        and (not purpose or one.purpose == purpose) and (not owner or one.owner == owner)
    ]  # fmt: skip
    start = offset_of(cursor)
    end = start + limit
    return Page(
        rows=[GroupOut(**told(table, one)) for one in found[start:end]],
        total=len(found),
        next_cursor=cursor_at(end) if end < len(found) else None,
    )


@ROUTES.get("/groups/settings")
def get_settings(caller: Caller = needs("see")) -> dict[str, Any]:
    """Working hours, least numbers, limits by check, and both word lists."""
    lists = caller.brand.groups.words()
    return {
        **caller.brand.groups.settings().to_json(),
        "question_words": lists.question,
        "complaint_words": lists.complaint,
        "recounting": caller.brand.groups.is_recounting(),
    }


@ROUTES.put("/groups/settings")
def put_settings(
    request: Request, new: SettingsSet, caller: Caller = needs("settings")
) -> dict[str, Any]:
    """Set some of them; what is left out stays."""
    groups = caller.brand.groups
    given = new.model_dump(exclude_none=True)
    words = {name: given.pop(f"{name}_words", None) for name in ("question", "complaint")}
    if given.get("limits") or len(given) > 1:
        groups.set_settings(**given)
        caller.record("group_limits_set", "limits", {"fields": sorted(given)})
    if any(one is not None for one in words.values()):
        groups.set_words(**words)
        caller.record("group_words_set", "words", {})
        request.app.state.nudge(caller.brand.row.slug)
    return get_settings(caller)


@ROUTES.post("/groups/settings/try")
def try_sentence(sentence: Sentence, caller: Caller = needs("see")) -> dict[str, list[str]]:
    """Words of both lists that a text holds. The text is not kept."""
    lists = caller.brand.groups.words()
    return {
        "question": hits(sentence.text, lists.question),
        "complaint": hits(sentence.text, lists.complaint),
    }


@ROUTES.get("/groups/owners")
def list_owners(
    period: str = "last_30",
    first: date | None = None,
    last: date | None = None,
    caller: Caller = needs("see"),
) -> list[dict[str, Any]]:
    """Owners of active groups beside each other."""
    table = _table(caller, period, first, last)
    lines = by_owner(table, caller.brand.groups.settings(), caller.brand.row.zone)
    return [vars(one) for one in lines]


@ROUTES.get("/groups/{key:path}/people")
def list_people(
    key: str,
    who: str = "members",
    period: str = "last_30",
    first: date | None = None,
    last: date | None = None,
    limit: Limit = 100,
    cursor: Cursor = "",
    caller: Caller = needs("analyse"),
) -> Page[int]:
    """Customer numbers of a list: members, silent, spoke, complained, asked, waiting, joined, left,
    removed, bought."""
    check_who(who)
    asked = _period(caller, period, first, last)
    found = caller.brand.groups.people(key, who, *asked)
    start = offset_of(cursor)
    end = start + limit
    return Page(
        rows=list(found[start:end]),
        total=len(found),
        next_cursor=cursor_at(end) if end < len(found) else None,
    )


@ROUTES.get("/groups/{key:path}")
def get_group(
    key: str,
    period: str = "last_30",
    first: date | None = None,
    last: date | None = None,
    caller: Caller = needs("see"),
) -> GroupDetail:
    """A group with its checks, what became of joiners, neighbours and history."""
    return _detail(caller, _table(caller, period, first, last), key)


@ROUTES.put("/groups/{key:path}")
def put_group(key: str, new: GroupSet, caller: Caller = needs("import")) -> GroupDetail:
    """Set what a group is for, who runs it, when it ends. A key nobody knows makes a group."""
    groups = caller.brand.groups
    made = groups.change(key, by=caller.name, **new.model_dump(exclude_none=True))
    if made:
        caller.record("group_set", key, made)
    return _detail(caller, groups.table(*groups.last_days()), key)


def _period(
    caller: Caller, period: str, first: date | None, last: date | None
) -> tuple[date, date]:
    preset = "custom" if first and last and period == "last_30" else period
    found = caller.brand.measure.period(preset, first=first, last=last)
    return found.first, found.last


def _table(caller: Caller, period: str, first: date | None, last: date | None) -> Table:
    found: Table = caller.brand.groups.table(*_period(caller, period, first, last))
    return found


def _detail(caller: Caller, table: Table, key: str) -> GroupDetail:
    groups = caller.brand.groups
    return GroupDetail(**told_whole(groups, table, groups.get(table, key)))
