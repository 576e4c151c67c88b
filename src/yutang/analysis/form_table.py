"""The form model's counts, and their way into tables, chart and caveats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yutang.analysis.contract import (
    SMALL_COHORT,
    Caveat,
    Column,
    Result,
    Table,
    sampled,
    unknown_events,
)

if TYPE_CHECKING:
    from yutang.analysis.form import Plan
    from yutang.analysis.form_attempts import Counted

STAGES = (
    ("展示", "Shown"),
    ("开始填写", "Begun"),
    ("提交", "Submitted"),
    ("成功", "Succeeded"),
)
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


def shape(partial: Counted, plan: Plan) -> Result:
    """Stages (by group), fields, totals, chart, caveats."""
    whole = _stage_rows(partial, plan.groups.count, plan)
    tables = {"fields": Table(_FIELDS, _field_rows(partial, plan))}
    rows, columns = whole, list(_COLUMNS)
    labels = plan.groups.labels if plan.groups.keys else []
    if plan.groups.dims:
        columns = [*plan.groups.columns, *columns]
        tables["total"] = Table(_COLUMNS, whole)
        rows = [
            {**plan.groups.cells(label), **row}
            for g, label in enumerate(labels)
            for row in _stage_rows(partial, g, plan)
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


def _stage_rows(partial: Counted, group: int, plan: Plan) -> list[dict[str, Any]]:
    """Of one group, by its place; after the last one, of all attempts."""
    scale = plan.params.sample
    rows: list[dict[str, Any]] = []
    for stage, (zh, _) in enumerate(STAGES):
        attempts, people = (partial.stages[group, stage] * scale).tolist()
        previous = rows[-1]["attempts"] if rows else attempts
        first = rows[0]["attempts"] if rows else attempts
        cell = group * len(STAGES) + stage
        waits = partial.waits.percentiles(cell, cell + 1, (50, 90))
        rows.append(
            {
                "step": stage + 1,
                "stage": zh,
                "attempts": attempts,
                "people": people,
                "rate_previous": attempts / previous if previous else None,
                "rate_first": attempts / first if first else None,
                "median_seconds": None if waits[0] is None else waits[0] / 1000,
                "p90_seconds": None if waits[1] is None else waits[1] / 1000,
            }
        )
    return rows


def _field_rows(partial: Counted, plan: Plan) -> list[dict[str, Any]]:
    """By form and field: most touched first, then names."""
    scale, means = plan.params.sample, partial.seconds.sums()
    rows = []
    for i, (key, counts) in enumerate(
        zip(partial.key.tolist(), partial.fields.tolist(), strict=True)
    ):
        form, field = divmod(key, len(plan.fields.labels))
        touched, people, fills, refilled, kept, abandoned = counts
        submitted = int(partial.submitted[form])
        blank = submitted - kept
        rows.append(
            {
                "form": plan.forms.labels[form],
                "field": plan.fields.labels[field],
                "touched": touched * scale,
                "people": people * scale,
                "fills": fills * scale,
                "refilled": refilled * scale,
                "refill_rate": refilled / touched,
                "seconds": means.mean(i, i + 1),
                "median_seconds": partial.seconds.percentiles(i, i + 1, (50,))[0],
                "blank": blank * scale,
                "blank_rate": blank / submitted if submitted else None,
                "abandoned": abandoned * scale,
                "abandon_rate": abandoned / touched,
            }
        )
    return sorted(rows, key=lambda row: (row["form"], -row["touched"], row["field"]))


def _caveats(partial: Counted, plan: Plan) -> list[Caveat]:
    caveats = []
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    if partial.open:
        waiting = partial.open * plan.params.sample
        caveats.append(
            Caveat(
                "open_window",
                f"{waiting:,} 次填写到数据截止时还没结束，后面可能还会继续。",
                f"{waiting:,} attempts were still open at the last fact; they may yet go on.",
            )
        )
    attempts = int(partial.stages[-1, 0, 0]) * plan.params.sample
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
