"""What the worker does for those who watch: alerts, files on time, posts that wait.

Outside the writer lock: it reads the caches and writes rows of its own. A look whether anything
is due costs three queries and loads nothing heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from yutang.errors import NotFound
from yutang.kit.clock import DAY_MS
from yutang.state import open_brand
from yutang.state.brand import commits
from yutang.state.due import alerts_due, posts_due, schedules_due

if TYPE_CHECKING:
    from yutang.brand import Brand

SWEPT: dict[str, int] = {}  # brand → when what is old was removed by this process (UTC ms)


def has_work(root: Path, now: int) -> bool:
    """Is an alert, a schedule or a post of the brand in this folder due?"""
    newest = select(func.max(commits.c.id)).where(commits.c.status == "done").scalar_subquery()
    queries = (
        select(func.count()).where(alerts_due(now, newest)),
        select(func.count()).where(schedules_due(now)),
        select(func.count()).where(posts_due(now)),
    )
    database = open_brand(root / "state.db")
    try:
        with database.read() as connection:
            return any(connection.execute(query).scalar() for query in queries)
    finally:
        database.close()


def tell(brand: Brand) -> dict[str, int]:
    """Do all that is due: how many alerts, schedules and posts were dealt with."""
    try:
        version = brand.shards().facts_version
    except NotFound:
        version = 0  # no facts yet: alerts say so themselves
    done = {
        "alerts": brand.alerts.look_due(version),
        "schedules": brand.schedules.run_due(),
        "posts": brand.webhooks.send_due(),
    }
    now = brand.workspace.now()
    if now - SWEPT.get(brand.row.slug, 0) >= DAY_MS:
        SWEPT[brand.row.slug] = now
        for part in (brand.alerts, brand.schedules, brand.webhooks, brand.notices):
            part.sweep()
    return done
