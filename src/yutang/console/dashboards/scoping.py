"""The scope of a dashboard between its address and its cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from yutang.console.analyse import form as fields
from yutang.console.analyse.conditions import filter_fields, filter_of
from yutang.console.analyse.words import Vocabulary
from yutang.console.guard import Session
from yutang.reports import RANGE, RANGES, Scope, scope_of, span_of

# In an address: every card keeps its own days, whatever the dashboard says.
OWN = "own"
CHOICES = {OWN: ("各卡片自己的时间", "each card's own days"), **RANGES}
_FILTER = ("where", "filter")


def read_scope(
    session: Session,
    asked: list[tuple[str, str]],
    settings: Mapping[str, Any],
    words: Vocabulary | None,
) -> Scope:
    """What the address asks for; where it says nothing of days or of a filter, what the dashboard
    was left with. Raises BadInput."""
    today = session.brand.measure.today()
    tree = fields.nest([one for one in asked if one[0] != "as"])
    found = dict(settings)
    if any(name in tree for name in (RANGE, "from", "to")):
        name = str(tree.get(RANGE, ""))
        found = {key: value for key, value in found.items() if key not in (RANGE, "from", "to")}
        if name in ("", "custom"):
            found |= {"from": tree.get("from", ""), "to": tree.get("to", "")}
        elif name != OWN:
            found[RANGE] = name
    if "filtered" in tree or any(name.split(".")[0] in _FILTER for name in tree):
        found["filter"] = filter_of(tree, words.types if words else {})
    return scope_of(found, today)


def query_of(scope: Scope) -> str:
    """The scope as an address has it; it says so where nothing is chosen, too."""
    parts = [(RANGE, scope.range or OWN)]
    if scope.range == "custom":
        parts += [("from", scope.first), ("to", scope.last)]
    return urlencode([*parts, ("filtered", "1"), *filter_fields(scope.filter, "")])


def span(session: Session, scope: Scope) -> dict[str, str]:
    """What the fields of the range show."""
    if scope.range == "custom":
        return {"name": "custom", "from": scope.first, "to": scope.last}
    if not scope.range:
        return {"name": OWN, "from": "", "to": ""}
    first, last = span_of(scope.range, session.brand.measure.today())
    return {"name": scope.range, "from": str(first or ""), "to": str(last or "")}
