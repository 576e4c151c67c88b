"""Pages and channels by definition."""

from __future__ import annotations

import math

from tests.analysis.histories import by_customer, exact_percentile
from tests.analysis.sessions_oracle import in_range, is_one, passes, sessions

DAY = 86_400_000


def page_of(row, params):
    text = row.get(params["page"])
    if text is None:
        return "(none)"
    for rule in params.get("rules", []):
        if text.startswith(rule["value"]):
            return rule["name"]
    return text


def views(facts, params):
    """All views: the fact, its page, next page or None, entry, exit, dwell in seconds or None."""
    out = []
    for session in sessions(facts, params, [params["view"]]):
        mine = [i for i, row in enumerate(session) if is_one(row, params["view"])]
        for place, i in enumerate(mine):
            row = session[i]
            after = mine[place + 1] if place + 1 < len(mine) else None
            until = session[after] if after is not None else session[-1]
            dwell = None if until is row else (until["time"] - row["time"]) / 1000
            if params.get("dwell"):
                dwell = row.get(params["dwell"])
            out.append(
                {
                    "row": row,
                    "page": page_of(row, params),
                    "next": None if after is None else page_of(session[after], params),
                    "entry": place == 0,
                    "exit": after is None,
                    "dwell": dwell,
                }
            )
    return out


def largest(labels, most):
    found = sorted(set(labels), key=lambda x: (-labels.count(x), x))
    return found if len(found) == most + 1 else found[:most]


def numbers(found):
    n = len(found)
    entries = sum(v["entry"] for v in found)
    exits = sum(v["exit"] for v in found)
    bounces = sum(v["entry"] and v["exit"] for v in found)
    dwell = [v["dwell"] for v in found if v["dwell"] is not None]
    return {
        "views": n,
        "people": len({v["row"]["customer"] for v in found}),
        "entries": entries,
        "exits": exits,
        "exit_rate": exits / n if n else None,
        "bounces": bounces,
        "bounce_rate": bounces / entries if entries else None,
        "seconds": math.fsum(dwell) / len(dwell) if dwell else None,
        "median_seconds": exact_percentile(dwell, 50),
    }


def shown(label, keep):
    return label if label in keep else "(other)"


def page_rows(found, keep):
    rows = []
    for page in [*keep, "(other)"]:
        mine = [v for v in found if shown(v["page"], keep) == page]
        if mine:
            rows.append({"page": page, **numbers(mine)})
    return rows


def next_rows(found, keep):
    rows = []
    for page in [*keep, "(other)"]:
        mine = [v for v in found if shown(v["page"], keep) == page]
        to = {}
        for view in mine:
            label = "(left)" if view["next"] is None else shown(view["next"], keep)
            to.setdefault(label, []).append(view["row"]["customer"])
        of_page = [
            {"page": page, "next": label, "views": len(who), "people": len(set(who)),
             "rate": len(who) / len(mine)}
            for label, who in to.items()
        ]  # fmt: skip
        rows += sorted(of_page, key=lambda r: (-r["views"], r["next"]))
    return rows


def scans(facts, params):
    """First scan of each person and code: the fact, its code, times, ms to each stage or None."""
    out = []
    window = params["window"]["value"] * DAY
    for rows in by_customer(facts).values():
        rows = [r for r in rows if passes(r, params.get("filter"))]
        mine = [r for r in rows if is_one(r, params["stages"][0]) and in_range(r["time"], params)]
        for code in {r.get(params["channel"]) for r in mine}:
            same = [r for r in mine if r.get(params["channel"]) == code]
            waits = [0]
            for k, stage in enumerate(params["stages"][1:], start=2):
                hits = [r for r in rows if is_one(r, stage)]
                if params["first"] and k == len(params["stages"]):
                    hits = hits[:1]
                after = [
                    r["time"] - same[0]["time"]
                    for r in hits
                    if 0 <= r["time"] - same[0]["time"] <= window
                    and r.get(params["channel"]) in (None, code)
                ]
                waits.append(min(after) if after else None)
            label = "(none)" if code is None else code
            out.append({"row": same[0], "code": label, "times": len(same), "waits": waits})
    return out


def channel_numbers(found):
    row = {"times": sum(s["times"] for s in found)}
    first = 0
    for k in range(len(found[0]["waits"]) if found else 0):
        done = [s for s in found if s["waits"][k] is not None]
        people = len({s["row"]["customer"] for s in done})
        row[f"people_{k + 1}"] = people
        if k == 0:
            first = people
            continue
        median = exact_percentile([s["waits"][k] for s in done], 50)
        row[f"rate_{k + 1}"] = people / first
        row[f"median_seconds_{k + 1}"] = None if median is None else median / 1000
    return row


def channel_rows(found, keep):
    rows = []
    for code in [*keep, "(other)"]:
        mine = [s for s in found if shown(s["code"], keep) == code]
        if mine:
            rows.append({"channel": code, **channel_numbers(mine)})
    return rows
