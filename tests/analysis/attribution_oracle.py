"""The attribution rules by hand, in fractions; the chain solved anew without each channel."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise


def paths_of(events, *, lo, hi, opening, reuse, hold):
    """(converting, null) of one customer: [(target place, [touch places])], [[touch places]].

    events: dicts with time, target, touch (bool), hold, in stored order; opening: the first moment
    a conversion looks back to. Null paths hold the touches in [lo, hi] that nothing followed.
    """
    if hold:
        converting, null = [], []
        for value in {e["hold"] for e in events if e["hold"] is not None}:
            mine = [i for i, e in enumerate(events) if e["hold"] == value]
            some, others = paths_of(
                [events[i] for i in mine], lo=lo, hi=hi, opening=opening, reuse=reuse, hold=False
            )
            converting += [(mine[t], [mine[i] for i in touches]) for t, touches in some]
            null += [[mine[i] for i in touches] for touches in others]
        return converting, null
    # Of one instant: what is only a touch, then conversions; a touch that is one comes after it.
    order = sorted(
        (i for i, e in enumerate(events) if e["target"] or e["touch"]),
        key=lambda i: (events[i]["time"], events[i]["target"], i),
    )
    line = []  # (what, place)
    for i in order:
        if events[i]["target"]:
            line.append(("target", i))
        if events[i]["touch"]:
            line.append(("touch", i))
    converting, followed = [], set()
    for k, (what, i) in enumerate(line):
        if what != "target":
            continue
        before = line[:k]
        within = [
            j for w, j in before if w == "touch" and events[j]["time"] >= opening(at(i, events))
        ]
        followed |= set(within)
        if not reuse:
            cuts = [p for p, (w, _) in enumerate(before) if w == "target"]
            later = {j for w, j in before[cuts[-1] + 1 :] if w == "touch"} if cuts else set(within)
            within = [j for j in within if j in later]
        if lo <= at(i, events) <= hi:
            converting.append((i, within))
    null = [
        j for w, j in line
        if w == "touch" and j not in followed and lo <= at(j, events) <= hi
    ]  # fmt: skip
    return converting, [null] if null else []


def at(i, events):
    return events[i]["time"]


def shares(rule, channels, ages, direct, half_life):
    """[(channel, share)] of one path."""
    n = len(channels)
    if rule == "first":
        return [(channels[0], Fraction(1))]
    if rule == "last":
        return [(channels[-1], Fraction(1))]
    if rule == "last_non_direct":
        others = [c for c in channels if c not in direct]
        return [((others or channels)[-1], Fraction(1))]
    if rule == "linear":
        return [(c, Fraction(1, n)) for c in channels]
    if rule == "linear_distinct":
        return [(c, Fraction(1, len(set(channels)))) for c in set(channels)]
    if rule == "position":
        if n <= 2:
            return [(c, Fraction(1, n)) for c in channels]
        middle = [(c, Fraction(1, 5) / (n - 2)) for c in channels[1:-1]]
        return [(channels[0], Fraction(2, 5)), *middle, (channels[-1], Fraction(2, 5))]
    weights = [Fraction(2 ** (-(age - ages[-1]) / half_life)) for age in ages]
    return [(c, w / sum(weights)) for c, w in zip(channels, weights, strict=True)]


def credit(rule, paths, direct=(), half_life=1):
    """{channel: [conversions, value]}; paths: [(channels, ages, conversions, value)]."""
    out = {}
    for channels, ages, conversions, value in paths:
        for channel, share in shares(rule, channels, ages, direct, half_life):
            mine = out.setdefault(channel, [Fraction(0), Fraction(0)])
            mine[0] += share * Fraction(conversions)
            mine[1] += share * Fraction(value)
    return out


def removal_effects(converting, null):
    """{channel: effect} from [(channels, weight)] of both kinds, each channel really taken out."""
    edges = {}
    for paths, end in ((converting, "(conversion)"), (null, "(null)")):
        for channels, weight in paths:
            for a, b in pairwise(["(start)", *channels, end]):
                if a != b:
                    edges.setdefault(a, {}).setdefault(b, Fraction(0))
                    edges[a][b] += Fraction(weight)
    channels = sorted({c for paths in (converting, null) for path, _ in paths for c in path})
    whole = chance(edges, None)
    return {c: 1 - chance(edges, c) / whole if whole else Fraction(0) for c in channels}


def chance(edges, removed):
    """P(conversion from the start), by Gauss on the chain without `removed`."""
    states = [s for s in edges if s != removed]
    if "(start)" not in states:
        return Fraction(0)
    rows = []
    for state in states:
        out = sum(edges[state].values())
        row = [Fraction(state == other) - edges[state].get(other, 0) / out for other in states]
        rows.append([*row, edges[state].get("(conversion)", Fraction(0)) / out])
    n = len(states)
    for i in range(n):
        pivot = next((k for k in range(i, n) if rows[k][i]), None)
        if pivot is None:
            continue
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in range(n):
            if k != i and rows[k][i]:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    return rows[states.index("(start)")][-1]
