"""Groups as plain data, for the API and the command line."""

from __future__ import annotations

from typing import Any

from yutang.groups.checks import Check
from yutang.groups.service import Group, Groups, Table

NUMBERS = (
    "members", "start", "joined", "left", "removed", "dissolved", "leave_rate", "messages",
    "customer_messages", "our_messages", "customer_share", "products", "product_share",
    "complaints", "complaint_share", "active_day", "active_week", "spoke", "silent", "questions",
    "unanswered", "unanswered_share", "response_p50", "response_p90",
)  # fmt: skip
SEEN = {2: "messages", 1: "statistics", 0: "joins"}
_OWN = (
    "key", "name", "purpose", "owner", "active", "dissolve_on", "carries_over_to", "note",
    "created_at", "dissolved_at",
)  # fmt: skip


def told(table: Table, one: Group) -> dict[str, Any]:
    """A group with its numbers of the period; what cannot be told is None."""
    return {
        **{name: getattr(one, name) for name in _OWN},
        "seen": SEEN[table.seen(one)],
        "health": one.health.level,
        "score": one.health.score,
        "numbers": {name: table.value(name, one) for name in NUMBERS},
    }


def told_whole(groups: Groups, table: Table, one: Group) -> dict[str, Any]:
    """The same with checks, joiners, neighbours and history."""
    known = one.code >= 0
    return {
        **told(table, one),
        "checks": [_check(check) for check in one.health.checks],
        "joiners": groups.joiners(one.code, table.first, table.last).to_json() if known else None,
        "overlaps": dict(groups.overlaps(one.code)) if known else {},
        "history": groups.history(one.key),
    }


def _check(one: Check) -> dict[str, Any]:
    limit = one.limit
    return {
        "id": one.id, "title": one.title, "level": one.level, "value": one.value, "unit": one.unit,
        "amber": limit.amber, "red": limit.red, "weight": limit.weight,
        "advice": one.advice if one.level in ("red", "amber") else None,
        "why": one.why if one.level == "unknown" else None,
    }  # fmt: skip
