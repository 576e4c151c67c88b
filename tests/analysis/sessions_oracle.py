"""Sessions by definition, over lists of dicts: what models.md says, with no cleverness."""

from __future__ import annotations

from tests.analysis.histories import ATTRIBUTES, ZONE, by_customer
from tests.analysis.plain import labels_of
from yutang.sequence.calendar import local_time

MINUTE = 60_000


def day(moment):
    return local_time(moment, ZONE).date().isoformat()


def passes(row, spec):
    """The two filters the tests ask for."""
    if spec is None:
        return True
    if spec["property"] == "amount":
        return (row.get("amount") or 0) > 0
    assert spec["property"] == "customer.city"
    return row["customer"] in ATTRIBUTES["city"]


def is_one(row, events):
    """Whether a fact is one of `{"event": name or names or "*", "filter"?: …}`."""
    if events is None:
        return False
    names = [events["event"]] if isinstance(events["event"], str) else events["event"]
    return ("*" in names or row["event"] in names) and passes(row, events.get("filter"))


def in_range(moment, params):
    return params.get("from", "0000") <= day(moment) <= params.get("to", "9999")


def sessions(facts, params, more=()):
    """All sessions that begin in the range, as lists of facts. more: further events that count."""
    idle = params.get("idle_minutes", 30) * MINUTE
    start, end = params.get("start"), params.get("end")
    counted = [params.get("events", {"event": "*"}), *more]
    out = []
    for rows in by_customer(facts).values():
        rows = [r for r in rows if passes(r, params.get("filter"))]
        rows = [r for r in rows if any(is_one(r, one) for one in counted)]
        runs = []
        for row in rows:
            before = runs[-1][-1] if runs else None
            if (
                before is None
                or row["time"] - before["time"] > idle
                or (params.get("split_days") and day(row["time"]) != day(before["time"]))
                or is_one(row, start)
                or is_one(before, end)
            ):
                runs.append([])
            runs[-1].append(row)
        out += [run for run in runs if in_range(run[0]["time"], params)]
    return out


def kept_groups(items, names, values, top):
    """The labels shown, largest first, OTHER last. items: the fact a counted thing is known by."""
    sizes = {}
    for row in items:
        for label in labels_of(row, names, values):
            sizes[label] = sizes.get(label, 0) + 1
    ranked = sorted(sizes, key=lambda c: (-sizes[c], [str(x) for x in c]))
    other = [("(other)",) * len(names)] if len(ranked) > top else []
    return ranked[:top] + other


def is_inside(row, label, shown, names, values):
    """Whether the thing known by `row` counts in the group of that label."""
    found = labels_of(row, names, values)
    other = ("(other)",) * len(names)
    return label in found or (label == other and any(f not in shown for f in found))
