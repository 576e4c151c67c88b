"""What an import's page says about its progress and its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yutang.console.language import mark

FINISHED = ("done", "failed", "undone")
STEPS = {
    "reading": mark("Reading the file"),
    "storing": mark("Storing rows"),
    "compacting": mark("Tidying the days it touched"),
    "undoing": mark("Removing its rows"),
    "replaying": mark("Bringing back what other files also hold"),
    "": mark("Waiting for its turn"),
}
RESULTS = (
    ("lines", mark("Order lines"), "count"),
    ("orders", mark("Orders"), "count"),
    ("orders_paid", mark("Paid orders"), "count"),
    ("events", mark("Events"), "count"),
    ("customers", mark("Customers"), "count"),
    ("paid_fen", mark("Paid"), "money"),
    ("refund_fen", mark("Refunded"), "money"),
    ("duplicates", mark("Known before, dropped"), "count"),
    ("quarantined", mark("Set aside"), "count"),
    ("refused", mark("Refused (erased persons)"), "count"),
)
# Below this share the remaining time is a guess that jumps; we show none.
SHARE_FOR_A_FORECAST = 0.03


@dataclass(frozen=True)
class ProgressView:
    """`share` is 0 to 1, or None while the total is unknown; `seconds_left` may be None."""

    step: str
    done: int
    total: int
    share: float | None
    seconds_left: float | None


def progress_of(one: Any, now: int) -> ProgressView:
    step = STEPS.get(one.step, STEPS["storing"])
    if not one.total_rows:
        return ProgressView(step, one.done_rows, 0, None, None)
    share = min(1.0, one.done_rows / one.total_rows)
    left = None
    if one.started_at and SHARE_FOR_A_FORECAST < share < 1:
        left = (now - one.started_at) / 1000 * (1 - share) / share
    return ProgressView(step, one.done_rows, one.total_rows, share, left)


def result_rows(one: Any) -> list[tuple[str, Any, str]]:
    """(title message, value, kind) of what the import brought; zero refusals are not shown."""
    result = one.result or {}
    return [
        (title, result[key], kind)
        for key, title, kind in RESULTS
        if key in result and not (key == "refused" and not result[key])
    ]
