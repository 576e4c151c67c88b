"""The funnel by definition: every possible attempt is written down and the best one is picked.

Plain Python over lists of dicts, no cleverness. An event: {"time", "steps": set of steps it can
serve (from 0), "bars": set of exclusions it meets, "hold": value}. Events are in stored order.
"""

from __future__ import annotations

from itertools import permutations


def chains(events, steps, order):
    """All sequences of distinct events, at non-falling times, that serve steps in order."""

    def grow(chain):
        yield chain
        if len(chain) == steps:
            return
        for i, event in enumerate(events):
            if i in chain or (chain and event["time"] < events[chain[-1]]["time"]):
                continue
            if order == "any" or len(chain) in event["steps"]:
                yield from grow((*chain, i))

    for chain in grow(()):
        if chain and (order != "any" or serves_distinct(events, chain, steps)):
            yield chain


def serves_distinct(events, chain, steps):
    return any(
        all(step in events[i]["steps"] for i, step in zip(chain, choice, strict=True))
        for choice in permutations(range(steps), len(chain))
    )


def is_allowed(events, chain, *, order, lo, hi, last, until, exclusions):
    times = [events[i]["time"] for i in chain]
    if not lo <= times[0] <= hi or times[-1] > last or times[-1] > until(times[0]):
        return False
    for number, (i, j) in enumerate(exclusions):
        if len(chain) > i:
            end = times[min(j, len(chain) - 1)]
            if any(number in e["bars"] and times[i] < e["time"] < end for e in events):
                return False
    return order != "strict" or are_neighbours(events, chain)


def are_neighbours(events, chain):
    """Whether the funnel's events can be lined up so that the chain's stand side by side.

    Lined up by time, within an instant by the step each one stands for; one that could stand for
    several steps may be put at any of them.
    """
    first, final = events[chain[0]]["time"], events[chain[-1]]["time"]
    for i, event in enumerate(events):
        if i in chain or not event["steps"] or not first <= event["time"] <= final:
            continue
        before = event["time"] == first and 0 in event["steps"]
        after = event["time"] == final and max(event["steps"]) >= len(chain) - 1
        if not (before or after):
            return False
    return True


def best(events, steps, *, hold, **rules):
    """The best attempt as (times, event positions), or None.

    Deepest; completed first; started latest; its steps earliest; its events stored earliest. With
    a held property each of its values is a history of its own.
    """
    if hold:
        values = {e["hold"] for e in events if e["hold"] is not None}
        histories = [blank_others(events, value) for value in sorted(values)]
    else:
        histories = [events]
    found = []
    for history in histories:
        for chain in chains(history, steps, rules["order"]):
            if is_allowed(history, chain, **rules):
                times = [history[i]["time"] for i in chain]
                key = (-len(chain), times[-1], -times[0], times[1:], list(chain))
                found.append((key, times, chain))
    return min(found)[1:] if found else None


def blank_others(events, value):
    return [e if e["hold"] == value else {**e, "steps": set(), "bars": set()} for e in events]


def all_attempts(events, steps, *, order, lo, hi, last, until, exclusions):
    """Times funnel, as its rule says it (kernels/repeats.py), with lists and sorts."""
    attempts = []
    moments = sorted({e["time"] for e in events if e["time"] <= last})
    for moment in moments:
        now = [(i, e) for i, e in enumerate(events) if e["time"] == moment]
        now.sort(key=lambda p: (min(p[1]["steps"], default=-1), max(p[1]["steps"], default=-1)))
        for i, event in now:
            if event["steps"] and moment >= lo:
                _serve(attempts, i, event, steps, order, hi, until)
        met = {number for _, event in now for number in event["bars"]}
        for attempt in attempts:
            for number in met:
                a, b = exclusions[number]
                if a < len(attempt["times"]) <= b and attempt["times"][a] < moment:
                    attempt["open"] = False
    return [(a["times"], a["events"]) for a in attempts]


def _serve(attempts, i, event, steps, order, hi, until):
    def possible(attempt):
        if order == "any":
            return sorted(event["steps"] - attempt["done"])
        return [len(attempt["times"])] if len(attempt["times"]) in event["steps"] else []

    open_ = [
        a
        for a in attempts
        if a["open"] and len(a["times"]) < steps and event["time"] <= until(a["times"][0])
    ]
    able = [a for a in open_ if possible(a)]
    chosen = max(able, key=lambda a: (len(a["times"]), attempts.index(a)), default=None)
    if order == "strict":
        for attempt in attempts:
            if attempt is not chosen:
                attempt["open"] = False
    may_start = not open_ if order == "any" else 0 in event["steps"]
    if chosen is None and may_start and event["time"] <= hi:
        chosen = {"times": [], "events": [], "done": set(), "open": True}
        attempts.append(chosen)
    if chosen is not None:
        chosen["done"].add(possible(chosen)[0])
        chosen["times"].append(event["time"])
        chosen["events"].append(i)
