"""Lifetime value in a notebook: what a model of repeat buying expects, in sum and by customer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import numpy as np

from yutang.analysis import Caveat, Column, Result, Table
from yutang.brand import Brand
from yutang.errors import BadInput
from yutang.notebook.answer import Answer
from yutang.predictions import HORIZONS, Fitted, Scores, check_model, day_of

AT_BOUND = Caveat(
    "at_bound",
    "模型的参数多于数据能分辨的，通常是几乎没有人流失；合计可用，个人数字不可信。",
    "The model has more parameters than these data can tell; do not trust single customers.",
)
_IN_SUM = (
    Column("days", "天数", "days", "count"),
    Column("orders", "预计购买次数", "purchases expected", "number"),
    Column("value", "预计价值（元）", "value expected (yuan)", "number"),
    Column("people", "预计至少买一次的人", "people of whom one or more is expected", "count"),
)
_BY_CUSTOMER = (
    Column("customer", "顾客", "customer", "text"),
    Column("alive", "仍是顾客的概率", "still there", "rate"),
    *(Column(f"orders_{n}", f"{n} 天购买", f"purchases in {n} days", "number") for n in HORIZONS),
    *(Column(f"value_{n}", f"{n} 天价值", f"value in {n} days", "number") for n in HORIZONS),
    Column("next_on", "半数已再买", "half have bought by", "text"),
    Column("churn", "一年内不买", "buys nothing for a year", "rate"),
)
_PARAMS = (
    Column("model", "模型", "model", "text"),
    Column("name", "参数", "parameter", "text"),
    Column("value", "值", "value", "number"),
)


class Foretold(Answer):
    """An answer whose rows are horizons or customers: behind each stand all who have bought."""

    def __init__(self, result: Result, params: Mapping[str, Any], scores: Scores) -> None:
        super().__init__(result, params, lambda: None)
        self._scores = scores

    def people(self, cell: Mapping[str, Any] | None = None, /, **more: Any) -> np.ndarray:
        """Ids of the customers of whom something is expected (int64, ascending); of one horizon
        (`days=90`) those of whom a purchase or more is. Raises BadInput."""
        wanted = {**(cell or {}), **more}
        days = wanted.pop("days", None)
        if wanted or (days is not None and days not in HORIZONS):
            raise BadInput("A cell is days=30, days=90 or days=365.")
        everybody = np.array(self._scores.customers, np.int64)
        return everybody if days is None else everybody[self._scores.orders[days] >= 1]


def in_sum(brand: Brand, model: str, until: date | None) -> Answer:
    """What is expected of all, by horizon; tables: `params`, and `holdout` where it can be tested.
    Raises BadInput."""
    chosen, used = check_model(model), brand.predictions.settings()
    found = brand.predictions.fitted(chosen, until)
    if until is None:
        scores = brand.predictions.scores(chosen)
    else:
        scores = found.scores(margin=used.margin, discount=used.discount)
    rows = [
        {
            "days": days,
            "orders": float(scores.orders[days].sum()),
            "value": _known(float(scores.value[days].sum())),
            "people": int((scores.orders[days] >= 1).sum()),
        }
        for days in HORIZONS
    ]
    chart = {
        "kind": "bar",
        "categories": [str(days) for days in HORIZONS],
        "series": [{"name": ["orders"], "values": [row["orders"] for row in rows]}],
        "unit": "number",
    }
    tables = {"params": Table(_PARAMS, _params(found))}
    with suppress(BadInput):  # too little time to test it
        tables["holdout"] = _tested(brand.predictions.holdout(chosen).by_frequency())
    result = Result("clv", Table(_IN_SUM, rows), tables, chart, _caveats(found))
    return Foretold(result, {"model": model, "until": found.until_on}, scores)


def by_customer(brand: Brand, model: str, limit: int | None) -> Answer:
    """What is expected of each, the most valuable first. Raises BadInput."""
    chosen = check_model(model)
    found, scores = brand.predictions.fitted(chosen), brand.predictions.scores(chosen)
    order = np.argsort(-np.nan_to_num(scores.value[365], nan=-1.0), kind="stable")[:limit]
    columns = {
        "customer": scores.customers,
        "alive": scores.alive,
        **{f"orders_{days}": scores.orders[days] for days in HORIZONS},
        **{f"value_{days}": scores.value[days] for days in HORIZONS},
        "next_on": scores.next_on,
        "churn": scores.churn,
    }
    lists = [values[order].tolist() for values in columns.values()]
    rows = [dict(zip(columns, line, strict=True)) for line in zip(*lists, strict=True)]
    for row in rows:
        row["next_on"] = day_of(row["next_on"]).isoformat()
        for days in HORIZONS:
            row[f"value_{days}"] = _known(row[f"value_{days}"])
    result = Result("predictions", Table(_BY_CUSTOMER, rows), caveats=_caveats(found))
    return Foretold(result, {"model": model, "limit": limit}, scores)


def _params(found: Fitted) -> list[dict[str, Any]]:
    rows = [{"model": found.model, "name": n, "value": v} for n, v in found.fit.params.items()]
    rows.append({"model": found.model, "name": "log_likelihood", "value": found.fit.log_likelihood})
    if found.spending is not None:
        spent = found.spending
        rows += [{"model": "gamma_gamma", "name": n, "value": v} for n, v in spent.params.items()]
    return rows


def _tested(rows: list[dict[str, Any]]) -> Table:
    columns = (
        Column("repeat_days", "此前复购次数", "repeat purchases before", "count"),
        Column("people", "人数", "people", "count"),
        Column("expected", "人均预计", "expected each", "number"),
        Column("actual", "人均实际", "really each", "number"),
    )
    return Table(columns, rows)


def _caveats(found: Fitted) -> tuple[Caveat, ...]:
    return (AT_BOUND,) if found.fit.at_bound else ()


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
