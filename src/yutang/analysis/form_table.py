"""The form model's attempts, and their way into tables, chart and caveats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.contract import (
    SMALL_COHORT,
    Caveat,
    Column,
    Result,
    Table,
    sampled,
    unknown_events,
)
from yutang.analysis.groups import factorize
from yutang.analysis.order_statistics import percentiles
from yutang.errors import BadInput
from yutang.sequence.kernels.events import sum_cells

if TYPE_CHECKING:
    from yutang.analysis.form import Plan

STAGES = (
    ("展示", "Shown"),
    ("开始填写", "Begun"),
    ("提交", "Submitted"),
    ("成功", "Succeeded"),
)
_SUBMITTED = 2
NOT_REACHED = np.iinfo(np.int64).max
_COLUMNS = (
    Column("step", "步骤", "Step", "count"),
    Column("stage", "阶段", "Stage", "text"),
    Column("attempts", "次数", "Attempts", "count"),
    Column("people", "人数", "People", "count"),
    Column("rate_previous", "较上一步", "From previous", "rate"),
    Column("rate_first", "较展示", "From shown", "rate"),
    Column("median_seconds", "距展示（中位数）", "From shown, median", "seconds"),
    Column("p90_seconds", "距展示（P90）", "From shown, P90", "seconds"),
)
_FIELDS = (
    Column("form", "表单", "Form", "text"),
    Column("field", "字段", "Field", "text"),
    Column("touched", "填写过（次）", "Attempts that filled it", "count"),
    Column("people", "人数", "People", "count"),
    Column("fills", "填写次数", "Fills", "count"),
    Column("refilled", "重填（次）", "Attempts that refilled it", "count"),
    Column("refill_rate", "重填率", "Refill rate", "rate"),
    Column("seconds", "平均用时", "Mean time", "seconds"),
    Column("median_seconds", "用时（中位数）", "Median time", "seconds"),
    Column("blank", "提交时为空（次）", "Blank when submitted", "count"),
    Column("blank_rate", "留空率", "Blank rate", "rate"),
    Column("abandoned", "在此放弃（次）", "Abandoned here", "count"),
    Column("abandon_rate", "放弃率", "Abandon rate", "rate"),
)


@dataclass(frozen=True)
class Attempts:
    """Attempts at forms, and their fills.

    By attempt: customers uint32; who int32 and row int64 of the view (of one view only); form
    int64; waits int64 [n, 4] ms to each stage or a later one, `NOT_REACHED`; last int64 ms. By
    fill: fill_of int64 attempt; field int64; empty bool; seconds float64 (NaN unknown). at,
    groups: pairs of attempt and group.
    """

    customers: np.ndarray
    who: np.ndarray
    row: np.ndarray
    form: np.ndarray
    waits: np.ndarray
    last: np.ndarray
    fill_of: np.ndarray
    field: np.ndarray
    empty: np.ndarray
    seconds: np.ndarray
    at: np.ndarray
    groups: np.ndarray

    @property
    def reached(self) -> np.ndarray:
        """bool [n, 4]."""
        return np.asarray(self.waits != NOT_REACHED)

    @classmethod
    def concat(cls, parts: list[Attempts]) -> Attempts:
        starts = np.cumsum([0, *(part.customers.size for part in parts)])
        moved = list(zip(parts, starts.tolist(), strict=False))
        none = np.empty(0, np.int64)

        def joined(name: str, empty: np.ndarray) -> np.ndarray:
            return np.concatenate([empty, *(getattr(part, name) for part in parts)])

        return cls(
            customers=joined("customers", np.empty(0, np.uint32)),
            who=joined("who", np.empty(0, np.int32)),
            row=joined("row", none),
            form=joined("form", none),
            waits=joined("waits", np.empty((0, 4), np.int64)),
            last=joined("last", none),
            fill_of=np.concatenate([none, *(part.fill_of + s for part, s in moved)]),
            field=joined("field", none),
            empty=joined("empty", np.empty(0, np.bool_)),
            seconds=joined("seconds", np.empty(0)),
            at=np.concatenate([none, *(part.at + s for part, s in moved)]),
            groups=joined("groups", none),
        )


@dataclass(frozen=True)
class _Touches:
    """Attempt and field, each pair once. pair int64 by fill; attempt, key (form, field), fills
    int64 and blank (last fill empty) bool by pair; last: bool, it is the attempt's last field."""

    pair: np.ndarray
    attempt: np.ndarray
    form: np.ndarray
    field: np.ndarray
    fills: np.ndarray
    blank: np.ndarray
    last: np.ndarray


def _touches(partial: Attempts) -> _Touches:
    pairs, pair = factorize(np.column_stack([partial.fill_of, partial.field]))
    n = len(pairs)
    final = np.full(n, -1, np.int64)
    np.maximum.at(final, pair, np.arange(pair.size))  # fills stand in order within an attempt
    last_fill = np.full(partial.customers.size, -1, np.int64)
    np.maximum.at(last_fill, partial.fill_of, np.arange(pair.size))
    attempt = pairs[:, 0]
    return _Touches(
        pair,
        attempt,
        partial.form[attempt],
        pairs[:, 1],
        np.bincount(pair, minlength=n),
        partial.empty[final],
        final == last_fill[attempt],
    )


def shape(partial: Attempts, plan: Plan) -> Result:
    """Stages (by group), fields, totals, chart, caveats."""
    whole = _stage_rows(partial, np.arange(partial.customers.size), plan)
    tables = {"fields": Table(_FIELDS, _field_rows(partial, plan))}
    rows, columns = whole, list(_COLUMNS)
    labels = plan.groups.labels if plan.groups.keys else []
    if plan.groups.dims:
        columns = [*plan.groups.columns, *columns]
        tables["total"] = Table(_COLUMNS, whole)
        rows = [
            {**plan.groups.cells(label), **row}
            for g, label in enumerate(labels)
            for row in _stage_rows(partial, partial.at[partial.groups == g], plan)
        ]
    series = [
        {"name": list(label), "values": [row["attempts"] for row in rows[4 * g : 4 * g + 4]]}
        for g, label in enumerate(labels if plan.groups.dims else [()])
    ]
    chart = {"kind": "funnel", "categories": [zh for zh, _ in STAGES], "series": series}
    return Result(
        model="form",
        table=Table(tuple(columns), rows),
        tables=tables,
        chart=chart,
        caveats=tuple(_caveats(partial, plan)),
        facts_version=plan.facts_version,
    )


def _stage_rows(partial: Attempts, mine: np.ndarray, plan: Plan) -> list[dict[str, Any]]:
    scale = plan.params.sample
    rows: list[dict[str, Any]] = []
    for stage, (zh, _) in enumerate(STAGES):
        done = mine[partial.waits[mine, stage] != NOT_REACHED]
        attempts = done.size * scale
        previous = rows[-1]["attempts"] if rows else attempts
        first = rows[0]["attempts"] if rows else attempts
        waits = percentiles(partial.waits[done, stage], (50, 90)) if stage else [None, None]
        rows.append(
            {
                "step": stage + 1,
                "stage": zh,
                "attempts": attempts,
                "people": _people(partial.customers[done]) * scale,
                "rate_previous": attempts / previous if previous else None,
                "rate_first": attempts / first if first else None,
                "median_seconds": None if waits[0] is None else waits[0] / 1000,
                "p90_seconds": None if waits[1] is None else waits[1] / 1000,
            }
        )
    return rows


def _people(customers: np.ndarray) -> int:
    """How many there are; a customer's attempts stand together."""
    return int(customers.size and 1 + np.count_nonzero(customers[1:] != customers[:-1]))


def _field_rows(partial: Attempts, plan: Plan) -> list[dict[str, Any]]:
    """By form and field: most touched first, then names."""
    found = _touches(partial)
    keys, place = factorize(np.column_stack([found.form, found.field]))
    submitted = partial.reached[:, _SUBMITTED]
    of_form = np.bincount(partial.form[submitted], minlength=len(plan.forms.labels))
    size, scale = len(keys), plan.params.sample
    touched = np.bincount(place, minlength=size)
    refilled = np.bincount(place[found.fills > 1], minlength=size)
    filled = submitted[found.attempt] & ~found.blank
    kept = np.bincount(place[filled], minlength=size)
    gave_up = found.last & ~submitted[found.attempt]
    abandoned = np.bincount(place[gave_up], minlength=size)
    people = np.bincount(
        factorize(np.column_stack([place, partial.customers[found.attempt]]))[0][:, 0],
        minlength=size,
    )
    of_fill = place[found.pair]
    known = ~np.isnan(partial.seconds)
    total, count, _, _ = sum_cells(of_fill[known], partial.seconds[known], size)
    fills = np.bincount(of_fill, minlength=size)
    order = np.argsort(of_fill[known], kind="stable")
    seconds, cuts = partial.seconds[known][order], np.cumsum([0, *count])
    rows = []
    for i, (form, field) in enumerate(keys.tolist()):
        n = int(of_form[form])
        blank = n - int(kept[i])
        rows.append(
            {
                "form": plan.forms.labels[form],
                "field": plan.fields.labels[field],
                "touched": int(touched[i]) * scale,
                "people": int(people[i]) * scale,
                "fills": int(fills[i]) * scale,
                "refilled": int(refilled[i]) * scale,
                "refill_rate": int(refilled[i]) / int(touched[i]),
                "seconds": float(total[i] / count[i]) if count[i] else None,
                "median_seconds": percentiles(seconds[cuts[i] : cuts[i + 1]], (50,))[0],
                "blank": blank * scale,
                "blank_rate": blank / n if n else None,
                "abandoned": int(abandoned[i]) * scale,
                "abandon_rate": int(abandoned[i]) / int(touched[i]),
            }
        )
    return sorted(rows, key=lambda row: (row["form"], -row["touched"], row["field"]))


def _caveats(partial: Attempts, plan: Plan) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    open_ = ~partial.reached[:, 3] & (partial.last + plan.idle >= plan.as_of)
    if open_.any():
        waiting = int(open_.sum()) * plan.params.sample
        caveats.append(
            Caveat(
                "open_window",
                f"{waiting:,} 次填写到数据截止时还没结束，后面可能还会继续。",
                f"{waiting:,} attempts were still open at the last fact; they may yet go on.",
            )
        )
    attempts = partial.customers.size * plan.params.sample
    if 0 < attempts < SMALL_COHORT:
        caveats.append(
            Caveat(
                "small_cohort",
                f"只有 {attempts} 次填写，比率可能只是偶然。",
                f"Only {attempts} attempts; the rates may be chance.",
            )
        )
    caveats += plan.groups.caveats(plan.params.values)
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats


def is_behind(partial: Attempts, plan: Plan, cell: Mapping[str, Any]) -> np.ndarray:
    """bool by attempt: it is behind the cell. Raises BadInput."""
    wrong = BadInput("There is no such cell: %(cell)s.", cell=dict(cell))
    if set(cell) - {"step", "state", "group", "form", "field"}:
        raise wrong
    if "field" in cell or "form" in cell:
        return _behind_field(partial, plan, cell, wrong)
    step, state = cell.get("step", 1), cell.get("state", "reached")
    if type(step) is not int or not 1 <= step <= 4 or state not in ("reached", "stopped"):
        raise wrong
    reached = partial.reached
    if state == "stopped" and step < 4:
        return np.asarray(reached[:, step - 1] & ~reached[:, step])
    return np.asarray(reached[:, step - 1])


def _behind_field(
    partial: Attempts, plan: Plan, cell: Mapping[str, Any], wrong: BadInput
) -> np.ndarray:
    state, forms, fields = cell.get("state", "touched"), plan.forms.labels, plan.fields.labels
    known = ("touched", "refilled", "blank", "abandoned")
    if state not in known or cell.get("form") not in forms or cell.get("field") not in fields:
        raise wrong
    form, field = forms.index(cell["form"]), fields.index(cell["field"])
    found, submitted = _touches(partial), partial.reached[:, _SUBMITTED]
    mine = (found.form == form) & (found.field == field)
    if state == "blank":
        chosen = submitted & (partial.form == form)
        chosen[found.attempt[mine & ~found.blank]] = False
        return np.asarray(chosen)
    if state == "refilled":
        mine &= found.fills > 1
    if state == "abandoned":
        mine &= found.last & ~submitted[found.attempt]
    chosen = np.zeros(partial.customers.size, np.bool_)
    chosen[found.attempt[mine]] = True
    return chosen
