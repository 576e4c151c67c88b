"""Who did it in which period and group: the plain lists the oracles of habits start from."""

from __future__ import annotations

from tests.analysis.plain import (
    day_of,
    histories_of,
    in_range,
    kept_groups,
    labels_of,
    meets,
    period_number,
)


def done(facts, params):
    """{customer: his facts that count}, in the range."""
    out = {}
    for customer, rows in histories_of(facts, params).items():
        mine = [r for r in rows if meets(r, params["event"], params) and in_range(r, params)]
        if mine:
            out[customer] = mine
    return out


def by_group(rows_of, params, unit):
    """(labels shown, {label: {(customer, period number): facts}}); () is everybody.

    With `single` a customer is in the group of his first fact of the period, or, where `unit` is
    None, of all.
    """
    names, values = params["group"], params["values"]
    pairs = [
        (label, customer)
        for customer, rows in rows_of.items()
        for row in rows
        for label in labels_of(row, names, values)
    ]
    shown, fold = kept_groups(pairs, names, params["top"])
    cells = {label: {} for label in [(), *shown]}
    for customer, rows in rows_of.items():
        firsts = {}
        for row in rows:
            number = period_number(day_of(row), unit) if unit else 0
            cells[()].setdefault((customer, number), []).append(row)
            if not names:
                continue
            first = firsts.setdefault(number, row)
            source = first if values == "single" else row
            for label in sorted({fold(x) for x in labels_of(source, names, values)}, key=str):
                cells[label].setdefault((customer, number), []).append(row)
    return shown, cells
