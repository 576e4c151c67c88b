"""Are the facts that a number is made of all there, or are they late?

A period whose facts stop before its end says nothing: orders that were not imported yet look like
orders that were not placed. What counts as "stopped early" is learnt from the earlier days: how
long before the same time of day the last fact lay. A quiet shop's nights do not make it late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from yutang.alerts.asking import Ask
from yutang.alerts.periods import HOUR_MS, Period
from yutang.kit.clock import DAY_MS
from yutang.sequence.calendar import day_of, period_edges

DAYS = 28  # of history
USUAL_SHARE = 0.9  # the longest tenth of the earlier gaps is forgotten: it may have been an outage
SLACK = 2  # times the usual gap
LEAST_GAP_MS = 2 * HOUR_MS


@dataclass(frozen=True)
class Freshness:
    """newest_at: about when the newest fact happened (UTC ms, to the hour); None without any."""

    is_late: bool
    newest_at: int | None


def events_in(params: Any) -> set[str]:
    """Names of the events that a report's parameters speak of."""
    found: set[str] = set()
    if isinstance(params, Mapping):
        for key, value in params.items():
            if key in ("event", "events") or str(key).endswith("_event"):
                found |= {one for one in _several(value) if isinstance(one, str)}
            found |= events_in(value)
    elif isinstance(params, list | tuple):
        for one in params:
            found |= events_in(one)
    return found


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def look(ask: Ask, params: Any, period: Period, now: int, zone: str) -> Freshness:
    """How fresh the events of `params` are, seen from the end of a period."""
    names = sorted(events_in(params)) or ["*"]
    first = day_of(period.end, zone) - timedelta(days=DAYS + 1)
    last = day_of(now, zone)
    hours = _hours(ask, names, first, last, zone)
    return judge([at for at, n in hours if n], period.end)


def judge(hours: Sequence[int], end: int) -> Freshness:
    """hours: starts of the hours that have facts (UTC ms, sorted); end: of the period. Pure."""
    if not hours:
        return Freshness(False, None)  # they never happened: there is nothing to wait for
    newest = hours[-1] + HOUR_MS
    if newest > end:
        return Freshness(False, hours[-1])
    gaps = sorted(_gaps(hours, end))
    usual = gaps[min(int(USUAL_SHARE * len(gaps)), len(gaps) - 1)] if gaps else 0
    allowed = max(LEAST_GAP_MS, SLACK * usual)
    return Freshness(end - newest > allowed, hours[-1])


def _gaps(hours: Sequence[int], end: int) -> list[int]:
    """How long before the same time of earlier days the last fact lay."""
    found = []
    at = len(hours) - 1
    for back in range(1, DAYS + 1):
        moment = end - back * DAY_MS
        while at >= 0 and hours[at] >= moment:
            at -= 1
        if at < 0:
            break
        found.append(max(0, moment - (hours[at] + HOUR_MS)))
    return found


def _hours(
    ask: Ask, names: list[str], first: date, last: date, zone: str
) -> list[tuple[int, float]]:
    params = {
        "measures": [{"event": names, "measure": "times"}],
        "unit": "hour",
        "from": first.isoformat(),
        "to": last.isoformat(),
    }
    rows = ask("event", params, last).rows
    edges, labels = period_edges(first, last, "hour", zone)
    starts = {label: int(edges[i]) for i, label in enumerate(labels)}
    return sorted((starts[str(row["bucket"])], float(row["A"] or 0)) for row in rows)
