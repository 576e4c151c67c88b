"""Smart paths by definition."""

from __future__ import annotations

from tests.analysis.histories import by_customer, exact_percentile
from tests.analysis.path_oracle import node
from tests.analysis.sessions_oracle import in_range, is_one, passes

UNITS = {"hour": 3_600_000, "day": 86_400_000}


def approaches(facts, params):
    """By customer: (label, whether he reached, ms, the fact he is grouped by)."""
    window = params["window"]["value"] * UNITS[params["window"]["unit"]]
    events = params.get("events", {"event": "*"})
    out = {}
    for customer, rows in by_customer(facts).items():
        rows = [r for r in rows if passes(r, params.get("filter"))]
        targets = [r for r in rows if is_one(r, params["target"])]
        nodes = [r for r in rows if is_one(r, events) and r not in targets]
        hits = [r for r in targets if in_range(r["time"], params)]
        known = hits or [r for r in nodes if in_range(r["time"], params)]
        if not known:
            continue
        last = hits[0] if hits else known[-1]
        moment = last["time"]
        earlier = [t["time"] for t in targets if t["time"] < moment]
        before = [
            r
            for r in nodes
            if moment - window <= r["time"] <= moment
            and not any(after_node(r, t, rows) for t in targets if t["time"] in earlier)
        ]
        path = []
        for row in before[::-1]:  # from the target back
            label = node(row, params.get("property"))
            if params["repeats"] == "fold" and path and path[-1][0] == label:
                path[-1] = (label, row["time"])
            elif len(path) == params["steps"]:
                break
            else:
                path.append((label, row["time"]))
        labels = [label for label, _ in path[::-1]]
        wait = moment - path[-1][1] if path else 0
        out[customer] = (" → ".join(labels) or "(nothing before)", bool(hits), wait, last)
    return out


def after_node(row, target, rows):
    """Whether an earlier target lies at or after the node, in stored order."""
    return rows.index(target) > rows.index(row)


def rows_of(found, keep):
    """found: (label, reached, ms, …) of people; keep: labels shown."""
    done = [f for f in found if f[1]]
    rest = [f for f in found if not f[1]]
    rows = []
    for label in [*keep, "(other)"]:
        mine, others = (
            [f for f in part if f[0] == label or (label == "(other)" and f[0] not in keep)]
            for part in (done, rest)
        )
        if label == "(other)" and not mine and not others:
            continue
        waits = [f[2] for f in mine]
        share = len(mine) / len(done) if done else None
        lift = None
        if done and others:
            lift = len(mine) * len(rest) / (len(others) * len(done))
        pair = [exact_percentile(waits, p) for p in (50, 90)]
        rows.append(
            {
                "sequence": label,
                "people": len(mine),
                "share": share,
                "others": len(others),
                "lift": lift,
                "median_seconds": None if pair[0] is None else pair[0] / 1000,
                "p90_seconds": None if pair[1] is None else pair[1] / 1000,
            }
        )
    return rows


def kept(found, top):
    counts = {}
    for one in found:
        if one[1]:
            counts[one[0]] = counts.get(one[0], 0) + 1
    return sorted(counts, key=lambda label: (-counts[label], label))[:top]
