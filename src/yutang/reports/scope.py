"""The days and the filter that stand over those of every card of a dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from yutang.errors import BadInput
from yutang.reports.ranges import RANGE, resolved, span_of

# What is asked in SQL says its own days and conditions.
SQL = "sql"


@dataclass(frozen=True)
class Scope:
    """`range`: a name of RANGES, "custom" with `first` and `last`, or "" where every card keeps its
    own days. `filter`: JSON as the models take it, added to what the card asks."""

    range: str = ""
    first: str = ""
    last: str = ""
    filter: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        parts = {"range": self.range, "from": self.first, "to": self.last, "filter": self.filter}
        return {key: value for key, value in parts.items() if value}


def scope_of(settings: Mapping[str, Any], today: date) -> Scope:
    """A scope as a dashboard keeps it or a program sends it. Raises BadInput where it says nothing
    that a card could be asked."""
    name, first, last = (str(settings.get(key) or "") for key in (RANGE, "from", "to"))
    where = settings.get("filter") or None
    if where is not None and not isinstance(where, Mapping):
        raise BadInput("The filter is a JSON object.")
    if first or last:
        name = "custom"
    if name == "custom":
        if _day(first) > _day(last):
            raise BadInput("The last day is before the first.", hint="Swap the two days.")
        return Scope(name, first, last, where)
    if name:
        span_of(name, today)
    return Scope(name, "", "", where)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("“%(place)s” is no date. Write it like 2026-11-22.", place=text) from None


def scoped(params: Mapping[str, Any], scope: Scope, today: date) -> dict[str, Any]:
    """The parameters of a card's report under the scope, with days instead of names of ranges."""
    asked = dict(params)
    if scope.range == "custom":
        asked.pop(RANGE, None)
        asked |= {"from": scope.first, "to": scope.last}
    elif scope.range:
        asked[RANGE] = scope.range
        if scope.range == "all":
            asked.pop("compare", None)  # there is nothing before all days
    own = asked.get("filter")
    if scope.filter:
        asked["filter"] = {"and": [own, scope.filter]} if own else dict(scope.filter)
    return resolved(asked, today)
