"""Attempts at forms by definition."""

from __future__ import annotations

import math

from tests.analysis.histories import by_customer, exact_percentile
from tests.analysis.sessions_oracle import in_range, is_one, passes

KINDS = ("shown", "begun", "field", "submitted", "succeeded")
STAGE = {"shown": 0, "begun": 1, "field": 1, "submitted": 2, "succeeded": 3}


def kind(row, params):
    """The latest of the kinds an event may be; None: no event of forms."""
    found = [k for k in KINDS if is_one(row, params[k])]
    return found[-1] if found else None


def attempts(facts, params):
    """Lists of (kind, fact) that begin in the range, with the form they are of."""
    out = []
    for rows in by_customer(facts).values():
        rows = [r for r in rows if passes(r, params.get("filter")) and kind(r, params)]
        forms = {}
        for row in rows:
            forms.setdefault(row.get(params["form"]), []).append((kind(row, params), row))
        for form, mine in forms.items():
            mine.sort(key=lambda e: (e[1]["time"], KINDS.index(e[0])))  # stable: stored order
            runs = []
            for what, row in mine:
                before = runs[-1][-1] if runs else None
                if (
                    before is None
                    or what == "shown"
                    or before[0] == "succeeded"
                    or row["time"] - before[1]["time"] > params["idle_minutes"] * 60_000
                ):
                    runs.append([])
                runs[-1].append((what, row))
            label = "(none)" if form is None else form
            out += [(label, run) for run in runs if in_range(run[0][1]["time"], params)]
    return out


def reached(run):
    return max(STAGE[what] for what, _ in run)


def wait(run, stage):
    times = [row["time"] for what, row in run if STAGE[what] >= stage]
    return min(times) - run[0][1]["time"]


def stage_rows(found):
    rows = []
    for stage, name in enumerate(("展示", "开始填写", "提交", "成功")):
        done = [run for _, run in found if reached(run) >= stage]
        waits = [wait(run, stage) for run in done] if stage else []
        pair = [exact_percentile(waits, p) for p in (50, 90)]
        previous = rows[-1]["attempts"] if rows else len(done)
        first = rows[0]["attempts"] if rows else len(done)
        rows.append(
            {
                "step": stage + 1,
                "stage": name,
                "attempts": len(done),
                "people": len({run[0][1]["customer"] for run in done}),
                "rate_previous": len(done) / previous if previous else None,
                "rate_first": len(done) / first if first else None,
                "median_seconds": None if pair[0] is None else pair[0] / 1000,
                "p90_seconds": None if pair[1] is None else pair[1] / 1000,
            }
        )
    return rows


def field_of(row, params):
    value = row.get(params["name"])
    return "(none)" if value is None else value


def field_rows(found, params):
    """Rows, and the customers behind each state of a field."""
    keys = {
        (form, field_of(row, params)) for form, run in found for what, row in run if what == "field"
    }
    rows, behind = [], {}
    for form, field in keys:
        mine = [run for label, run in found if label == form]
        touched, refilled, blank, abandoned, seconds, fills = [], [], [], [], [], 0
        for run in mine:
            all_fills = [(i, row) for i, (what, row) in enumerate(run) if what == "field"]
            own = [(i, row) for i, row in all_fills if field_of(row, params) == field]
            fills += len(own)
            if own:
                touched.append(run)
            if len(own) > 1:
                refilled.append(run)
            is_empty = not own or (params.get("empty") and own[-1][1].get(params["empty"]) is True)
            if reached(run) >= 2 and is_empty:
                blank.append(run)
            if own and reached(run) < 2 and all_fills[-1] == own[-1]:
                abandoned.append(run)
            for i, row in own:
                if params.get("seconds"):
                    seconds.append(row.get(params["seconds"]))
                elif i:
                    seconds.append((row["time"] - run[i - 1][1]["time"]) / 1000)
        seconds = [s for s in seconds if s is not None]
        submitted = sum(reached(run) >= 2 for run in mine)
        rows.append(
            {
                "form": form,
                "field": field,
                "touched": len(touched),
                "people": len(people(touched)),
                "fills": fills,
                "refilled": len(refilled),
                "refill_rate": len(refilled) / len(touched),
                "seconds": math.fsum(seconds) / len(seconds) if seconds else None,
                "median_seconds": exact_percentile(seconds, 50),
                "blank": len(blank),
                "blank_rate": len(blank) / submitted if submitted else None,
                "abandoned": len(abandoned),
                "abandon_rate": len(abandoned) / len(touched),
            }
        )
        states = {"touched": touched, "refilled": refilled, "blank": blank,
                  "abandoned": abandoned}  # fmt: skip
        behind |= {(form, field, state): people(runs) for state, runs in states.items()}
    rows.sort(key=lambda row: (row["form"], -row["touched"], row["field"]))
    return rows, behind


def people(runs):
    return {run[0][1]["customer"] for run in runs}
