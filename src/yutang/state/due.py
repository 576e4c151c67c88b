"""Which rows are due: conditions that the worker's cheap look and the features share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_

from yutang.state.brand import alerts, schedules, webhook_posts

# Facts come in all the time; the numbers of periods that ended change seldom.
LOOK_AGAIN_MS = 600_000


def alerts_due(now: int, facts_version: Any) -> Any:
    """Alerts to look at: never looked at, a period has ended, or facts came in (their version is
    a number or a query) and the last look is ten minutes old."""
    behind = alerts.c.seen["facts_version"].as_integer() < facts_version
    return (alerts.c.status == "on") & or_(
        alerts.c.next_at.is_(None),
        alerts.c.next_at <= now,
        behind & (alerts.c.checked_at <= now - LOOK_AGAIN_MS),
    )


def schedules_due(now: int) -> Any:
    """Schedules to run."""
    return (schedules.c.status == "on") & (schedules.c.next_at <= now)


def posts_due(now: int) -> Any:
    """Posts to try."""
    return (webhook_posts.c.status == "waiting") & (webhook_posts.c.next_at <= now)
