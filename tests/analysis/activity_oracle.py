"""States of customers by definition, period by period, in plain Python."""

from __future__ import annotations

from tests.analysis.plain import (
    all_days,
    asked_days,
    day_of,
    histories_of,
    meets,
    period_label,
    period_number,
)
from tests.analysis.tally_oracle import by_group

STATES = ("outside", "new", "continuing", "returning", "paused", "dormant")


def state_in(active, now, absence):
    """active: numbers of the periods in which he was active."""
    before = [p for p in active if p < now]
    if now in active:
        if not before:
            return "new"
        return "continuing" if now - max(before) - 1 < absence else "returning"
    if not before:
        return "outside"
    return "dormant" if now - max(before) >= absence else "paused"


class Expected:
    """Everything the model says, period by period."""

    def __init__(self, facts, params):
        unit, self.params = params["unit"], params
        first, last = asked_days(facts, params)
        self.days = {period_number(d, unit): d for d in reversed(all_days(first, last))}
        self.periods = sorted(self.days)
        end = last.isoformat()
        rows_of = {
            customer: [
                row
                for row in rows
                if meets(row, params["event"], params) and day_of(row).isoformat() <= end
            ]
            for customer, rows in histories_of(facts, params).items()
        }
        self.shown, cells = by_group(rows_of, params, None)
        self.active = {
            label: {customer: self._active(rows) for (customer, _), rows in mine.items()}
            for label, mine in cells.items()
        }
        # A period ends on its last day, the last one at `to`.
        self.ends = {period_number(d, unit): d for d in all_days(first, last)}
        self.latest = max((day_of(row) for row in facts.rows), default=None)

    def _active(self, rows):
        numbers = [period_number(day_of(row), self.params["unit"]) for row in rows]
        return {p for p in numbers if numbers.count(p) >= self.params["times"]}

    def state(self, label, customer, now):
        return state_in(self.active[label][customer], now, self.params["absence"])

    def people(self, label, now, *states):
        return {c for c in self.active[label] if self.state(label, c, now) in states}

    def flow(self, label, now, source, target):
        return self.people(label, now - 1, source) & self.people(label, now, target)

    def lost(self, label, now):
        return self.people(label, now, "dormant") - self.people(label, now - 1, "dormant")

    def row(self, label, now):
        count = {state: len(self.people(label, now, state)) for state in STATES[1:]}
        active = count["new"] + count["continuing"] + count["returning"]
        inflow, outflow = count["new"] + count["returning"], len(self.lost(label, now))
        sample = self.params["sample"]
        numbers = {
            **count, "active": active, "stock": active + count["paused"], "inflow": inflow,
            "outflow": outflow, "net": inflow - outflow,
        }  # fmt: skip
        return {
            "period": self.name(now),
            **{f"group_{i}": value for i, value in enumerate(label, 1)},
            **{key: value * sample for key, value in numbers.items()},
            "open": self.is_open(now),
        }

    def is_open(self, now):
        return self.latest is None or self.ends[now] >= self.latest

    def name(self, now):
        return period_label(self.days[now], self.params["unit"])

    def over_range(self, label):
        wanted = {"active": STATES[1:4], "new": ("new",), "returning": ("returning",)}
        found = {
            key: set().union(*(self.people(label, p, *states) for p in self.periods))
            for key, states in wanted.items()
        }
        found["lost"] = set().union(*(self.lost(label, p) for p in self.periods))
        return found

    def flows(self):
        return [
            {
                "period": self.name(p),
                "source": source,
                "target": target,
                "people": len(self.flow((), p, source, target)) * self.params["sample"],
            }
            for p in self.periods
            for source in STATES
            for target in STATES[1:]
            if self.flow((), p, source, target)
        ]
