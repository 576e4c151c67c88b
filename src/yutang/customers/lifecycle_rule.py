"""The brand's rule of the two axes and their views: what it may say, its defaults, its versions.

The versions are one JSON value of `meta`: the newest is in force, and going back makes a new one,
so that it stays known by which rule a published number was made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete

from yutang.errors import BadInput, NotFound
from yutang.ingest import get_meta, note_due, set_meta
from yutang.state.brand import meta

Mode = Literal["data", "fixed"]
ValueUntil = Literal["today", "last_purchase"]
VERSIONS = "lifecycle_rules"  # in `meta`: all versions
CHANGED = "lifecycle_rule_changed"  # in `meta`: the version that the arrays are not yet made by
MOST_VERSIONS = 200
MOST_CATEGORIES = 500
MOST_DAYS = 3_650
NOTE_LENGTH = 300


@dataclass(frozen=True)
class LifecycleRule:
    """How stages, NES, AIPL, 5A, value and fatigue are told. All lengths are days.

    mode data: a buyer is dormant after `quantile` of the returns of his category have come back,
    lost after `lost_times` as long; never before `shortest_days`, never later than `longest_days`.
    own: who bought on three days or more has his own rhythm. least_gaps: fewer returns say nothing
    (a category falls back to the brand, the brand to dormant_days and lost_days). mode fixed:
    dormant_days and lost_days for all. categories: dormant after so many days, set by hand.

    interest_days, buyer_days, loyal_days: windows of AIPL and 5A. value_high, value_middle: shares
    of the buyers; value_until: the 365 days end today, or with his last purchase. fatigue_light,
    _medium, _heavy: from so many messages in 30 days.
    """

    mode: Mode = "data"
    dormant_days: int = 180
    lost_days: int = 365
    quantile: float = 0.9
    lost_times: float = 2.0
    shortest_days: int = 30
    longest_days: int = 365
    least_gaps: int = 100
    own: bool = True
    categories: Mapping[str, int] = field(default_factory=dict)
    interest_days: int = 30
    buyer_days: int = 730
    loyal_days: int = 365
    value_high: float = 0.2
    value_middle: float = 0.3
    value_until: ValueUntil = "today"
    fatigue_light: int = 1
    fatigue_medium: int = 5
    fatigue_heavy: int = 9

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "categories": dict(self.categories)}


@dataclass(frozen=True)
class RuleVersion:
    """One version: number (0 = the defaults, never saved), when (UTC ms), by whom, why."""

    version: int
    at: int
    by: str
    note: str
    rule: LifecycleRule


DEFAULT = RuleVersion(0, 0, "", "", LifecycleRule())


def rule_of(stored: Mapping[str, Any]) -> LifecycleRule:
    """A stored rule; what it does not name has its default."""
    known = {one.name for one in fields(LifecycleRule)}
    return LifecycleRule(**{name: value for name, value in stored.items() if name in known})


def changed(rule: LifecycleRule, values: Mapping[str, Any]) -> LifecycleRule:
    """`rule` with what is given, checked. Raises BadInput, also for an unknown name."""
    known = {one.name for one in fields(LifecycleRule)}
    for name in values:
        if name not in known:
            raise BadInput("The rule of stages has no “%(name)s”.", name=name[:40])
    new = replace(rule, **values)
    check(new)
    return new


def check(rule: LifecycleRule) -> None:
    """Raises BadInput for the first thing that makes no sense."""
    if rule.mode not in get_args(Mode):
        raise BadInput("Stages are told by “data” or by “fixed” days.")
    if rule.value_until not in get_args(ValueUntil):
        raise BadInput("Value is counted until “today” or until the “last_purchase”.")
    _whole(rule)
    if not 0 < rule.dormant_days < rule.lost_days:
        raise BadInput("A customer is dormant before he is lost: give fewer days for dormant.")
    if not 0.5 <= _number(rule.quantile) <= 0.99:
        raise BadInput("The share of those who came back lies between 50 and 99 percent.")
    if not 1 < _number(rule.lost_times) <= 10:
        raise BadInput("Lost is more than 1 and at most 10 times the days of dormant.")
    if rule.shortest_days > rule.longest_days:
        raise BadInput("The shortest time until dormant is longer than the longest.")
    if _number(rule.value_high) <= 0 or _number(rule.value_middle) < 0:
        raise BadInput("Shares of buyers lie between 0 and 100 percent.")
    if rule.value_high + rule.value_middle >= 1:
        raise BadInput("High and middle value together are less than all buyers.")
    if not rule.fatigue_light < rule.fatigue_medium < rule.fatigue_heavy:
        raise BadInput("Messages of light, medium and heavy fatigue rise from step to step.")
    _check_categories(rule.categories)


def _whole(rule: LifecycleRule) -> None:
    names = [one.name for one in fields(LifecycleRule) if one.type == "int"]
    for name in names:
        value = getattr(rule, name)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
            raise BadInput(
                "“%(name)s” is a whole number from 1 to %(most)d.", name=name, most=MOST_DAYS
            )


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput("Shares and multiples are numbers.")
    return float(value)


def _check_categories(days: object) -> None:
    if not isinstance(days, Mapping) or len(days) > MOST_CATEGORIES:
        raise BadInput("At most %(n)d categories have days of their own.", n=MOST_CATEGORIES)
    for name, value in days.items():
        right = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_DAYS
        if not isinstance(name, str) or not 0 < len(name) <= 200 or not right:
            raise BadInput(
                "The days of the category “%(name)s” are a whole number from 1 to %(most)d.",
                name=str(name)[:40], most=MOST_DAYS,
            )  # fmt: skip


# --- versions ----------------------------------------------------------------------------------
def versions(connection: Connection) -> list[RuleVersion]:
    """All versions, newest first; the defaults where none was ever saved."""
    stored = json.loads(get_meta(connection, VERSIONS) or "[]")
    found = [
        RuleVersion(one["version"], one["at"], one["by"], one["note"], rule_of(one["rule"]))
        for one in stored
    ]
    return found or [DEFAULT]


def in_force(connection: Connection) -> RuleVersion:
    """The newest version."""
    return versions(connection)[0]


def add_version(
    connection: Connection, rule: LifecycleRule, *, by: str, at: int, note: str = ""
) -> RuleVersion:
    """Put a rule in force. The same rule again makes no version. Raises BadInput."""
    check(rule)
    if len(note) > NOTE_LENGTH:
        raise BadInput("A note has at most %(n)d characters.", n=NOTE_LENGTH)
    known = versions(connection)
    if known[0].rule == rule:
        return known[0]
    made = RuleVersion(known[0].version + 1, at, by, note.strip(), rule)
    kept = [made, *(one for one in known if one.version)][:MOST_VERSIONS]
    rows = [{**asdict(one), "rule": one.rule.to_json()} for one in kept]
    set_meta(connection, VERSIONS, json.dumps(rows, ensure_ascii=False))
    set_meta(connection, CHANGED, str(made.version))
    note_due(connection)  # segments that ask about stages
    return made


def note_made(connection: Connection, made: RuleVersion) -> None:
    """The arrays stand by this version; a newer one meanwhile stays noted for the worker."""
    connection.execute(delete(meta).where(meta.c.key == CHANGED, meta.c.value == str(made.version)))


def version_of(connection: Connection, number: int) -> RuleVersion:
    """One version; 0 = the defaults. Raises NotFound."""
    for one in [*versions(connection), DEFAULT]:
        if one.version == number:
            return one
    raise NotFound("There is no version %(n)d of this rule.", n=number)
