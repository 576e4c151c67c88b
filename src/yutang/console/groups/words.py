"""How groups are shown: links to people, values of checks, tabs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from yutang.console import formats
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.console.people import reference
from yutang.console.period import PeriodChoice
from yutang.groups import Check

TABS = (("", mark("All groups")), ("/owners", mark("By owner")))
SETTINGS_TAB = ("/settings", mark("Limits and words"))
TONES = {"red": "b", "amber": "w", "green": "", "unknown": "g"}
# Event → what the history of a group calls it.
HAPPENED = {
    "group_created": mark("The group was made"),
    "group_renamed": mark("Renamed: %(text)s"),
    "group_owner_changed": mark("The owner is now %(text)s"),
    "group_dissolved": mark("The group was dissolved"),
}
SEEN = {
    2: (mark("messages seen"), mark("The session archive shows messages: everything is counted.")),
    1: (
        mark("statistics only"),
        mark("Daily statistics tell how many spoke; who spoke and what was said cannot be seen."),
    ),
    0: (
        mark("joins and leaves only"),
        mark("Neither messages nor statistics came in: only who is in the group is known."),
    ),
}


def tabs_of(session: Session) -> tuple[tuple[str, str], ...]:
    return (*TABS, SETTINGS_TAB) if session.may("settings") else TABS


def address(session: Session, key: str, ending: str = "") -> str:
    """The page of a group; `key` may hold anything, slashes too."""
    return f"{session.base}/groups/of/{quote(key, safe='')}{ending}"


@dataclass(frozen=True)
class PeopleLinks:
    """Addresses of lists of people of groups in a period."""

    session: Session
    choice: PeriodChoice

    def __call__(self, key: str, who: str) -> str:
        period = self.choice.period
        return f"{self.session.base}/customers?people=" + reference(
            "group", group=key, who=who, period=period.preset,
            first=period.first.isoformat(), last=period.last.isoformat(),
        )  # fmt: skip


def shown(session: Session, unit: str, value: float | None) -> str:
    """A number of a check, or a limit, in its unit."""
    if value is None:
        return formats.NOTHING
    if unit == "rate":
        return formats.rate(value)
    if unit == "hours":
        return formats.duration_of(value * 3600, session.text)
    if unit == "days":
        return session.text("%(n)s days", n=formats.count(value))
    return formats.count(value)


def bounds(session: Session, check: Check) -> str:
    """The limits of a check in words."""
    amber, red = (shown(session, check.unit, v) for v in (check.limit.amber, check.limit.red))
    if check.more_is_better:
        return session.text("amber below %(amber)s, red below %(red)s", amber=amber, red=red)
    return session.text("amber above %(amber)s, red above %(red)s", amber=amber, red=red)


def happened(session: Session, event: str, text: str) -> str:
    said: Mapping[str, Any] = {"text": text or formats.NOTHING}
    return session.text(HAPPENED.get(event, event), **said)
