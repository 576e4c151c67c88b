"""The session model by definition."""

from __future__ import annotations

from datetime import timedelta

from tests.analysis.histories import ZONE, exact_percentile
from yutang.sequence.calendar import local_time


def period(moment, unit):
    local = local_time(moment, ZONE)
    if unit == "week":
        return (local.date() - timedelta(days=local.weekday())).isoformat()
    if unit == "month":
        return local.strftime("%Y-%m")
    return "" if unit == "total" else local.date().isoformat()


def numbers(found, people=None):
    """A row over sessions; `people` where a person may count in another group only."""
    who = {one[0]["customer"] for one in found} if people is None else people
    n = len(found)
    return {
        "sessions": n,
        "people": len(who),
        "sessions_per_person": n / len(who) if who else None,
        "depth": sum(map(len, found)) / n if n else None,
        "bounce_rate": sum(len(one) == 1 for one in found) / n if n else None,
        "seconds": sum(map(length, found)) / (n * 1000) if n else None,
    }


def lengths(found):
    values = [length(one) for one in found]
    pair = [exact_percentile(values, p) for p in (50, 90)]
    return {
        "median_seconds": None if pair[0] is None else pair[0] / 1000,
        "p90_seconds": None if pair[1] is None else pair[1] / 1000,
    }


def length(one):
    return one[-1]["time"] - one[0]["time"]


def ends(found, place, name, page):
    """Entry (place 0) or exit (place -1) rows."""
    by = {}
    for one in found:
        label = one[place]["event"] if page is None else one[place].get(page)
        by.setdefault("(none)" if label is None else label, []).append(one)
    rows = [
        {
            name: label,
            "sessions": len(mine),
            "people": len({one[0]["customer"] for one in mine}),
            "rate": len(mine) / len(found),
            "bounces": sum(len(one) == 1 for one in mine),
        }
        for label, mine in by.items()
    ]
    return sorted(rows, key=lambda row: (-row["sessions"], str(row[name])))
