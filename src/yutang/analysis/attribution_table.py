"""The credit by channel, and its way into tables, chart and caveats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

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
from yutang.analysis.credit import TITLES, Rule, markov
from yutang.analysis.groups import ABSENT_KEY, group_cells
from yutang.errors import BadInput
from yutang.sequence.kernels.events import sum_cells

if TYPE_CHECKING:
    from yutang.analysis.attribution import Plan

# The channel of conversions without a touch; no value has this key.
DIRECT_KEY = ABSENT_KEY + 1
DIRECT_LABEL = "(direct)"

_COLUMNS = (
    Column("channel", "渠道", "Channel", "text"),
    Column("touches", "触点次数", "Touches", "count"),
    Column("people", "触达人数", "People", "count"),
    Column("conversions", "归因转化数", "Credited conversions", "number"),
    Column("value", "归因价值", "Credited value", "number"),
)
_COSTS = (
    Column("cost", "成本", "Cost", "number"),
    Column("cpa", "单次转化成本", "Cost per conversion", "number"),
    Column("roas", "投产比", "Value per cost", "number"),
    Column("roi", "回报率", "Return on the cost", "rate"),
)
_TOTAL = (
    Column("conversions", "转化数", "Conversions", "count"),
    Column("value", "价值", "Value", "number"),
    Column("people", "转化人数", "Converted people", "count"),
    Column("direct", "没有触点的转化", "Without a touch", "count"),
    Column("null_paths", "未转化路径", "Null paths", "count"),
)
_EFFECTS = (
    Column("channel", "渠道", "Channel", "text"),
    Column("removal_effect", "移除效应", "Removal effect", "rate"),
)


@dataclass(frozen=True)
class Credits:
    """keys: int64 by channel, (direct) among them; times, people: int64 by channel; credits:
    float64 [rules but markov, 2, channels]; converting, null: `credit.steps`; value: float64
    [parts, 2] sums of the value of all conversions and of those on a path; the rest are counts."""

    keys: np.ndarray
    times: np.ndarray
    people: np.ndarray
    credits: np.ndarray
    converting: np.ndarray
    null: np.ndarray
    conversions: int
    value: np.ndarray
    converters: int
    direct: int
    nulls: int
    open: int

    @classmethod
    def merge(cls, parts: list[Credits], plan: Plan) -> Credits:
        """The credit of all parts, channels by key."""
        keys = np.unique(np.concatenate([[DIRECT_KEY], *(part.keys for part in parts)]))
        at = [np.searchsorted(keys, part.keys) for part in parts]
        size = keys.size
        rules = len([rule for rule in plan.params.rules if rule != "markov"])
        converting, null = np.zeros((size + 1,) * 2), np.zeros((size + 1,) * 2)
        times, people = np.zeros(size, np.int64), np.zeros(size, np.int64)
        for part, place in zip(parts, at, strict=True):
            times[place] += part.times
            people[place] += part.people
            cells = np.ix_([0, *(place + 1)], [*place, size])
            converting[cells] += part.converting
            null[cells] += part.null
        return cls(
            keys=keys,
            times=times,
            people=people,
            credits=_sum(parts, at, rules, size),
            converting=converting,
            null=null,
            conversions=sum(part.conversions for part in parts),
            value=np.concatenate([np.empty((0, 2)), *(part.value for part in parts)]),
            converters=sum(part.converters for part in parts),
            direct=sum(part.direct for part in parts),
            nulls=sum(part.nulls for part in parts),
            open=sum(part.open for part in parts),
        )


def _sum(parts: list[Credits], at: list[np.ndarray], rules: int, size: int) -> np.ndarray:
    """Compensated, so that the number of parts does not show in the sums."""
    cell = [np.empty(0, np.int64)]
    value = [np.empty(0)]
    for part, place in zip(parts, at, strict=True):
        for number in range(rules * 2):
            cell.append(number * size + place)
            value.append(part.credits.reshape(rules * 2, -1)[number])
    total: np.ndarray = sum_cells(np.concatenate(cell), np.concatenate(value), rules * 2 * size)[0]
    return total.reshape(rules, 2, size)


def label_of(plan: Plan, key: int) -> str:
    """What a person reads for a channel's key."""
    if key == DIRECT_KEY:
        return DIRECT_LABEL
    if plan.channel is None:
        return plan.params.touches[key].title
    return str(plan.channel.label(key))


class Answer(NamedTuple):
    """What is shown of one group, or of all: its labels, channels, and credit by rule; shown:
    places of the channels in the order of the table."""

    label: tuple[Any, ...]
    credits: Credits
    names: list[str]
    by_rule: dict[Rule, np.ndarray]
    effects: np.ndarray | None
    value: float
    shown: list[int]


def _answer(credits: Credits, label: tuple[Any, ...], plan: Plan) -> Answer:
    value, credited = _values(credits)
    by_rule, effects = _by_rule(credits, credited, plan)
    names = [label_of(plan, key) for key in credits.keys.tolist()]
    main = by_rule[plan.params.model]
    shown = [
        i
        for i, key in enumerate(credits.keys.tolist())
        if key != DIRECT_KEY or plan.params.direct == "in"
    ]
    shown.sort(key=lambda i: (-main[0, i], names[i]))
    return Answer(label, credits, names, by_rule, effects, value, shown)


def shape(partial: list[Credits], plan: Plan) -> Result:
    """Table by group and channel, the rules beside each other, totals, chart, caveats."""
    whole = _answer(partial[0], (), plan)
    _check_costs(plan, whole.names)
    chosen = [whole]
    if plan.groups.dims:
        pairs = zip(partial[1:], plan.groups.labels, strict=True)
        chosen = [_answer(credits, label, plan) for credits, label in pairs]
    columns = plan.groups.columns
    costs = _COSTS if plan.params.costs else ()
    tables = {"total": Table(_TOTAL, [_total(whole, plan)])}
    if plan.groups.dims:
        rows = [{**group_cells(one.label), **_total(one, plan)} for one in chosen]
        tables["groups"] = Table((*columns, *_TOTAL), rows)
        tables["channels"] = Table((*_COLUMNS, *costs), _rows(whole, plan, costs=bool(costs)))
        costs = ()
    tables["models"] = _beside(chosen, plan)
    if whole.effects is not None:
        tables["removal_effects"] = Table((*columns, *_EFFECTS), _effects(chosen))
    return Result(
        model="attribution",
        table=Table(
            (*columns, *_COLUMNS, *costs),
            [row for one in chosen for row in _rows(one, plan, costs=bool(costs))],
        ),
        tables=tables,
        chart=_by_group(whole, chosen, plan) if plan.groups.dims else _bars(whole, plan),
        caveats=tuple(_caveats(partial[0], plan)),
        facts_version=plan.facts_version,
    )


def _rows(one: Answer, plan: Plan, *, costs: bool) -> list[dict[str, Any]]:
    scale, main = plan.params.sample, one.by_rule[plan.params.model]
    rows = [
        {
            **group_cells(one.label),
            "channel": one.names[i],
            "touches": int(one.credits.times[i]) * scale,
            "people": int(one.credits.people[i]) * scale,
            "conversions": float(main[0, i]) * scale,
            "value": float(main[1, i]) * scale,
        }
        for i in one.shown
    ]
    return [{**row, **_cost(row, plan)} for row in rows] if costs else rows


def _effects(chosen: list[Answer]) -> list[dict[str, Any]]:
    return [
        {**group_cells(one.label), "channel": one.names[i], "removal_effect": float(found[i])}
        for one in chosen
        for found in [one.effects]
        if found is not None
        for i in one.shown
    ]


def _bars(whole: Answer, plan: Plan) -> dict[str, Any]:
    """Channels by rules."""
    scale = plan.params.sample
    return {
        "kind": "bar",
        "categories": [whole.names[i] for i in whole.shown],
        "series": [
            {"name": [rule], "values": [float(found[0, i]) * scale for i in whole.shown]}
            for rule, found in whole.by_rule.items()
        ],
    }


def _by_group(whole: Answer, chosen: list[Answer], plan: Plan) -> dict[str, Any]:
    """Channels, stacked by groups."""
    order = [whole.names[i] for i in whole.shown]
    series = []
    for one in chosen:
        credit = dict(zip(one.names, one.by_rule[plan.params.model][0].tolist(), strict=True))
        values = [credit.get(name, 0.0) * plan.params.sample for name in order]
        series.append({"name": ["conversions", *one.label], "values": values})
    return {
        "kind": "stacked",
        "categories": order,
        "series": series,
        "unit": "number",
    }


def _by_rule(
    partial: Credits, credited: float, plan: Plan
) -> tuple[dict[Rule, np.ndarray], np.ndarray | None]:
    """[2, channels] by rule, and the removal effects where they were asked for."""
    found: dict[Rule, np.ndarray] = {}
    effects, place = None, 0
    for rule in plan.params.rules:
        if rule == "markov":
            counted = partial.converting[:, -1].sum()
            found[rule], effects = markov(partial.converting, partial.null, counted, credited)
        else:
            found[rule] = partial.credits[place]
            place += 1
    return found, effects


def _values(partial: Credits) -> tuple[float, float]:
    """The value of all conversions, and of those on a path."""
    cells = np.tile(np.arange(2), partial.value.shape[0])
    found = sum_cells(cells, partial.value.ravel(), 2)[0]
    return float(found[0]), float(found[1])


def _check_costs(plan: Plan, names: list[str]) -> None:
    for name in plan.params.costs:
        if name not in names:
            raise BadInput("costs: there is no channel %(name)s.", name=repr(name))


def _cost(row: dict[str, Any], plan: Plan) -> dict[str, Any]:
    cost = plan.params.costs.get(row["channel"])
    if cost is None:
        return {"cost": None, "cpa": None, "roas": None, "roi": None}
    return {
        "cost": cost,
        "cpa": cost / row["conversions"] if row["conversions"] else None,
        "roas": row["value"] / cost if cost else None,
        "roi": (row["value"] - cost) / cost if cost else None,
    }


def _total(one: Answer, plan: Plan) -> dict[str, Any]:
    scale = plan.params.sample
    return {
        "conversions": one.credits.conversions * scale,
        "value": one.value * scale,
        "people": one.credits.converters * scale,
        "direct": one.credits.direct * scale,
        "null_paths": one.credits.nulls * scale,
    }


def _beside(chosen: list[Answer], plan: Plan) -> Table:
    """Channels by rules, so that nobody takes one rule for the truth."""
    columns = [*plan.groups.columns, _COLUMNS[0]]
    scale = plan.params.sample
    for rule in plan.params.rules:
        zh, en = TITLES[rule]
        columns.append(
            Column(f"{rule}_conversions", f"{zh} 转化数", f"{en}, conversions", "number")
        )
        columns.append(Column(f"{rule}_value", f"{zh} 价值", f"{en}, value", "number"))
    rows = []
    for one in chosen:
        for i in one.shown:
            row: dict[str, Any] = {**group_cells(one.label), "channel": one.names[i]}
            for rule, found in one.by_rule.items():
                row[f"{rule}_conversions"] = float(found[0, i]) * scale
                row[f"{rule}_value"] = float(found[1, i]) * scale
            rows.append(row)
    return Table(tuple(columns), rows)


def _caveats(partial: Credits, plan: Plan) -> list[Caveat]:
    caveats = [
        Caveat(
            "credit_only",
            "归因是按规则分功劳，不等于增量：本来就会买的也算在内。请和对照组的结果一起看。",
            "Credit is shared out by a rule, it is no proof: who would have bought anyway counts,"
            " too. Read it beside the result of a holdout.",
        )
    ]
    if plan.unknown:
        caveats.append(unknown_events(plan.unknown))
    caveats += _group_caveats(plan)
    waiting = partial.open * plan.params.sample
    if waiting and "markov" in plan.params.rules and plan.params.nulls:
        caveats.append(
            Caveat(
                "open_window",
                f"{waiting:,} 次触点的回溯期到数据截止时还没结束，暂算未转化。",
                f"For {waiting:,} touches the look-back was still open at the last fact; they"
                " count as not converted so far.",
            )
        )
    conversions = partial.conversions * plan.params.sample
    if 0 < conversions < SMALL_COHORT:
        caveats.append(
            Caveat(
                "small_cohort",
                f"只有 {conversions} 次转化，分配结果可能只是偶然。",
                f"Only {conversions} conversions; how they are shared out may be chance.",
            )
        )
    if plan.params.sample > 1:
        caveats.append(sampled(plan.params.sample))
    return caveats


def _group_caveats(plan: Plan) -> list[Caveat]:
    caveats = plan.groups.caveats(plan.params.values)
    if plan.params.costs and plan.groups.dims:
        caveats.append(
            Caveat(
                "costs_whole",
                "成本按渠道给出，不能拆到各组；见“按渠道”。",
                "Costs are given by channel and cannot be split by group: see “By channel”.",
            )
        )
    of_conversion = any(dim.attribute is None for dim in plan.groups.dims)
    if of_conversion and "markov" in plan.params.rules and plan.params.nulls:
        caveats.append(
            Caveat(
                "null_paths_apart",
                "未转化路径没有转化的属性，单列一组；各组的马尔可夫不含未转化路径。",
                "Null paths have no conversion and so no value of its property: they stand in a"
                " group of their own, and Markov within a group is without them.",
            )
        )
    return caveats
