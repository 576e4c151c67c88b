"""What all oracles say in the same words: matching, periods, groups. Plain Python over dicts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from tests.analysis.histories import ATTRIBUTES, ZONE, by_customer
from yutang.sequence.calendar import local_time
from yutang.sequence.matching import mix

FILTERS = (
    None,
    {"property": "amount", "op": ">", "value": 0},
    {"not": {"property": "place", "value": "京"}},
    {"property": "customer.city", "op": "is_set"},
)


def passes(row, spec):
    """FILTERS by hand."""
    if spec is None:
        return True
    if spec == FILTERS[1]:
        return row.get("amount") is not None and row["amount"] > 0
    if spec == FILTERS[2]:
        return row.get("place") != "京"
    return row["customer"] in ATTRIBUTES["city"]


def meets(row, one, params):
    """Whether a fact is one of an `Events`' under the global filter."""
    names = [one["event"]] if isinstance(one["event"], str) else one["event"]
    return (
        (names == ["*"] or row["event"] in names)
        and passes(row, one.get("filter"))
        and passes(row, params.get("filter"))
    )


def day_of(row):
    return local_time(row["time"], ZONE).date()


def in_range(row, params):
    return params.get("from", "0000") <= day_of(row).isoformat() <= params.get("to", "9999")


def period_number(day, unit):
    """A whole number that rises by one from period to period."""
    if unit == "day":
        return day.toordinal()
    if unit == "week":
        return (day.toordinal() - 1) // 7  # day 1 was a Monday
    months = day.year * 12 + day.month - 1
    return {"month": months, "quarter": months // 3, "year": day.year}[unit]


def period_label(day, unit):
    if unit == "week":
        return (day - timedelta(days=day.weekday())).isoformat()
    if unit == "month":
        return day.strftime("%Y-%m")
    if unit == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    if unit == "year":
        return str(day.year)
    return day.isoformat()


def all_days(first, last):
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def asked_days(facts, params):
    """The range; where it is open, from the first to the last fact."""
    days = [day_of(row) for row in facts.rows] or [date(1970, 1, 1)]
    first = date.fromisoformat(params["from"]) if params.get("from") else min(days)
    last = date.fromisoformat(params["to"]) if params.get("to") else max(days)
    return first, max(first, last)


def histories_of(facts, params):
    """{customer: facts in order}; as sampled."""
    return {
        customer: rows
        for customer, rows in by_customer(facts).items()
        if int(mix(np.array([customer], np.uint32))[0]) % params.get("sample", 1) == 0
    }


def labels_of(row, names, values):
    """The groups a fact is in."""
    combos = [()]
    for name in names:
        if name.startswith("customer."):
            found = ATTRIBUTES[name.removeprefix("customer.")].get(row["customer"])
        else:
            found = row.get(name)
        if isinstance(found, list):
            found = found[:1] if values == "single" else sorted(set(found))
            several = found or ["(none)"]
        else:
            several = ["(none)" if found is None else found]
        combos = [(*c, v) for c in combos for v in several]
    return combos


def kept_groups(pairs, names, top):
    """(labels kept, how to fold a label): the largest by distinct people, the rest are other."""
    people = {}
    for label, customer in pairs:
        people.setdefault(label, set()).add(customer)
    ranked = sorted(people, key=lambda c: (-len(people[c]), [str(x) for x in c]))
    kept = ranked[:top]
    other = ("(other)",) * len(names)
    shown = kept + ([other] if len(ranked) > top else [])
    return shown, lambda label: label if label in kept else other


def rate(part, whole):
    return part / whole if whole else None
