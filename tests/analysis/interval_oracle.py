"""The interval model's rules, by hand: each beginning looks through all later events."""

from __future__ import annotations


def pairs(events, *, lo, hi, last, until, nearest, hold):
    """[(place of the beginning, wait)] of one customer's events.

    events: dicts with time, begins, ends, hold, in stored order; until: a beginning's last moment.
    """
    if hold:
        found = []
        for value in {e["hold"] for e in events if e["hold"] is not None}:
            mine = [i for i, e in enumerate(events) if e["hold"] == value]
            of_value = pairs(
                [events[i] for i in mine],
                lo=lo, hi=hi, last=last, until=until, nearest=nearest, hold=False,
            )  # fmt: skip
            found += [(mine[i], wait) for i, wait in of_value]
        return sorted(found)
    order = sorted(
        (i for i, e in enumerate(events) if e["begins"] or e["ends"]),
        key=lambda i: (events[i]["time"], kind(events[i]), i),
    )
    found = []
    for place, i in enumerate(order):
        if not events[i]["begins"]:
            continue
        at = events[i]["time"]
        for j in order[place + 1 :]:
            if events[j]["ends"]:
                end = events[j]["time"]
                if end <= until(at) and end <= last and lo <= at <= hi:
                    found.append((i, end - at))
                break
            if nearest and events[j]["begins"]:
                break
    return sorted(found)


def kind(event):
    """Of one instant: what only begins, what does both, what only ends."""
    return 1 if event["begins"] and event["ends"] else 0 if event["begins"] else 2
