"""LTV by hand, one starter and one day at a time."""

from __future__ import annotations

from datetime import date


def starter(rows, *, starts, began, day_of):
    """(moment, day, the fact) of one customer's start, or None. starts: question to a fact."""
    if began is not None:
        return began, day_of(began), None
    for row in rows:
        if starts(row):
            return row["time"], day_of(row["time"]), row
    return None


def earned(rows, start, days, *, worth, day_of):
    """(sum, whether he paid) of the `days` business days from the start on.

    worth: fact -> list of (amount, factor) it counts as.
    """
    total, paid = 0.0, False
    for row in rows:
        within = (day_of(row["time"]) - start[1]).days < days
        if row["time"] >= start[0] and within:
            for amount, factor in worth(row):
                total += amount * factor
                paid = paid or factor > 0
    return total, paid


def has_ended(start, days, today: date):
    """Whether the last of the `days` has ended; `today` is the day of the last fact."""
    return (today - start[1]).days >= days
