"""Retention by definition, in plain Python over lists of dicts."""

from __future__ import annotations

from tests.analysis.plain import (
    all_days,
    asked_days,
    day_of,
    histories_of,
    in_range,
    kept_groups,
    labels_of,
    meets,
    period_label,
    period_number,
    rate,
)


def number(row, params):
    return period_number(day_of(row), params["unit"])


def members_of(facts, params):
    """[{"customer", "cohort" number, "row": the start that counts, "rows": his facts}]."""
    members = []
    for customer, rows in histories_of(facts, params).items():
        seen = set()
        for row in rows:
            if not (meets(row, params["start"], params) and in_range(row, params)):
                continue
            cohort = number(row, params)
            if cohort in seen or (seen and params["cohorts"] == "first"):
                continue
            seen.add(cohort)
            members.append({"customer": customer, "cohort": cohort, "row": row, "rows": rows})
    return members


def came_back_in(member, n, params):
    """Whether a return other than the start, not before it, lies n periods later."""
    start = member["row"]
    inside = [
        row
        for row in member["rows"]
        if meets(row, params["return"], params)
        and row["time"] >= start["time"]
        and number(row, params) == member["cohort"] + n
    ]
    if n:
        return bool(inside)
    starts = [
        row
        for row in member["rows"]
        if row["time"] == start["time"] and meets(row, params["start"], params)
    ]
    return any(one is not other for one in starts for other in inside)


def counts(member, low, high, params):
    """Whether the member counts in the cell of periods low to high."""
    mode = params["mode"]
    if mode == "later":
        last = max(number(row, params) for row in member["rows"]) - member["cohort"]
        return any(came_back_in(member, n, params) for n in range(low, last + 1))
    if mode in ("exact", "range"):
        return any(came_back_in(member, n, params) for n in range(low, high + 1))
    first = 0 if params["day_zero"] else 1
    before = all(came_back_in(member, n, params) for n in range(first, low))
    return before and came_back_in(member, low, params) == (mode == "continuous")


def worth(member, low, high, params):
    """The measure of the member's events in the cell."""
    measure, total = params["measure"], 0.0
    for row in member["rows"]:
        gap = number(row, params) - member["cohort"]
        if row["time"] < member["row"]["time"] or gap < low:
            continue
        if params["mode"] != "later" and gap > high:
            continue
        if meets(row, measure, params):
            total += 1 if measure["measure"] == "times" else row.get("amount") or 0
    return total


def cells_of(params):
    if params.get("ranges"):
        return params["ranges"]
    return [(n, n) for n in range(0 if params["day_zero"] else 1, params["periods"] + 1)]


class Expected:
    """Every cell and summary, counted one by one."""

    def __init__(self, facts, params):
        self.params, self.cells = params, cells_of(params)
        self.names = params["group"]
        members = members_of(facts, params)
        pairs = [
            (label, m)
            for m in members
            for label in labels_of(m["row"], self.names, params["values"])
        ]
        self.shown, fold = kept_groups(
            [(label, m["customer"]) for label, m in pairs], self.names, params["top"]
        )
        self.groups = {label: [] for label in self.shown}
        for label, member in pairs:
            if member not in self.groups[fold(label)]:
                self.groups[fold(label)].append(member)
        self.everybody = members
        unit = params["unit"]
        self.first, self.last = (period_number(d, unit) for d in asked_days(facts, params))
        # The period of the last fact is the one that has begun and not ended.
        # The first begins at `from`, even if that is not the first day of its week or month.
        begin, _ = asked_days(facts, params)
        begun = [number(row, params) for row in facts.rows if day_of(row) >= begin]
        self.now = max(begun, default=self.first - 1)
        self.days = {period_number(d, unit): d for d in _days(facts, params)}

    def matrix(self, members_by_label):
        rows = []
        for cohort in range(self.first, self.last + 1):
            for label, members in members_by_label.items():
                mine = [m for m in members if m["cohort"] == cohort]
                for low, high in self.cells:
                    if cohort + low > self.now:
                        continue
                    rows.append(self._row(cohort, label, mine, low, high))
        return rows

    def _row(self, cohort, label, mine, low, high):
        people = [m for m in mine if counts(m, low, high, self.params)]
        row = {"cohort": period_label(self.days[cohort], self.params["unit"])}
        row |= {f"group_{i}": value for i, value in enumerate(label, 1)}
        row |= {"size": len(mine), "n": low}
        if self.params["mode"] == "range":
            row["n_to"] = high
        row |= {"people": len(people), "rate": rate(len(people), len(mine))}
        if self.params.get("measure"):
            row["value"] = sum(worth(m, low, high, self.params) for m in mine)
            row["value_per_person"] = rate(row["value"], len(mine))
        row["open"] = self.params["mode"] == "later" or cohort + high >= self.now
        return row

    def summary(self, members_by_label):
        rows = []
        for label, members in members_by_label.items():
            for low, high in self.cells:
                mine = [m for m in members if m["cohort"] + high < self.now]
                back = [m for m in mine if counts(m, low, high, self.params)]
                own = self._first_only(members, mine, label)
                own_back = self._first_only(members, back, label)
                row = {f"group_{i}": value for i, value in enumerate(label, 1)} | {"n": low}
                if self.params["mode"] == "range":
                    row["n_to"] = high
                row |= {"size": len(own), "people": len(own_back)}
                row |= {"rate": rate(len(own_back), len(own)), "size_weighted": len(mine)}
                row |= {"people_weighted": len(back), "rate_weighted": rate(len(back), len(mine))}
                if self.params.get("measure"):
                    row["value"] = sum(worth(m, low, high, self.params) for m in mine)
                    row["value_per_person"] = rate(row["value"], len(mine))
                ended = min(max(self.now - high - self.first, 0), self.last - self.first + 1)
                rows.append({**row, "cohorts": ended, "open": self.params["mode"] == "later"})
        return rows

    def _first_only(self, members, chosen, label):
        """Distinct customers; with `single`, those whose first start is in this group."""
        people = {m["customer"] for m in chosen}
        if self.params["values"] == "multi" or not self.names:
            return people
        kept = set()
        for customer in people:
            first = min(m["cohort"] for m in self.everybody if m["customer"] == customer)
            if any(m["customer"] == customer and m["cohort"] == first for m in members):
                kept.add(customer)
        return kept

    def behind(self, *, members, label, cohort, cell, state):
        """Customers of people()."""
        low, high = cell or (None, None)
        if cohort is not None:
            mine = [m for m in members if m["cohort"] == cohort]
        elif cell:
            mine = [m for m in members if m["cohort"] + high < self.now]
        else:
            mine = members
        back = [m for m in mine if cell is None or counts(m, low, high, self.params)]
        if cohort is None:
            mine_people = self._first_only(members, mine, label)
            back_people = self._first_only(members, back, label)
        else:
            mine_people = {m["customer"] for m in mine}
            back_people = {m["customer"] for m in back}
        return back_people if state == "returned" else mine_people - back_people


def _days(facts, params):
    """A day of every period there can be, the earliest last so that it names the period."""
    first, last = asked_days(facts, params)
    return reversed(all_days(first, last))
