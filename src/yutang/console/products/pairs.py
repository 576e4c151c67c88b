"""Bought together: pairs of products or categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from yutang.console.charts import Chart, Series
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.products.asking import Asked, heads, may_export, read, shared, whole
from yutang.console.render import render
from yutang.console.tables import Column, Pager
from yutang.products import BYS, MOST_DAYS, Pairs, PairsQuestion, pair_row

ROUTES = APIRouter()
COLUMNS = (
    Column("pair", mark("Pair")),
    Column("both", mark("Together"), "count", sortable=True),
    Column("extra", mark("Beyond chance"), "count", sortable=True),
    Column("lift", mark("Times chance"), "number", sortable=True),
    Column("ab", mark("With the first, also the second"), "rate", sortable=True),
    Column("ba", mark("With the second, also the first"), "rate", sortable=True),
    Column("support", mark("Of all baskets"), "rate", sortable=True),
)
_SORTS = (*(column.key for column in COLUMNS if column.sortable), "lift_low")
_FILE = (
    *("a", "a_name", "b", "b_name", "both", "of_a", "of_b", "support", "confidence_ab"),
    *("confidence_ab_low", "confidence_ba", "confidence_ba_low", "lift", "lift_low", "lift_high"),
    *("extra", "p", "q", "sure"),
)
_DRAWN = 10


@ROUTES.get("/b/{brand}/products/pairs")
def pairs(request: Request, session: Session = needs("analyse")) -> Response:
    asked = read(request, session, filters=("by", "days", "least", "chance"), sorts=_SORTS,
                 default_sort="-extra", period="all")  # fmt: skip
    question = question_of(asked)
    found = asked.products.pairs(question)
    order = _sorted(asked, found)
    if kind := request.query_params.get("as"):
        may_export(session, "pairs", kind, len(order))
        goods = asked.products.goods()
        rows: Iterator[list[Cell]] = (
            [row[name] for name in _FILE]
            for row in (pair_row(found, goods, n) for n in order.tolist())
        )
        return download(kind, "pairs", heads(session, _FILE), rows)
    query = asked.query
    return render(
        request,
        "products/pairs.html",
        question=question,
        found=found,
        sure=int(found.sure.sum()),
        first=pair_row(found, asked.products.goods(), 0) if len(found) else None,
        rows=[row_of(asked, found, int(n)) for n in order[query.offset :][: query.size]],
        columns=COLUMNS,
        pager=Pager(query, len(order)),
        chart=_chart(asked, found),
        **shared(asked, "/pairs"),
    )


def question_of(asked: Asked, thing: str = "") -> PairsQuestion:
    f = asked.query.filters
    by: Any = f.get("by", "order")
    return PairsQuestion(
        asked.scope,
        by if by in BYS else "order",
        whole(f.get("days", ""), 30, 0, MOST_DAYS),
        whole(f.get("least", ""), 10, 2, 100_000),
        thing,
    )


def _sorted(asked: Asked, found: Pairs) -> np.ndarray:
    columns: dict[str, Any] = {
        "both": found.both, "extra": found.extra, "lift": found.lift, "lift_low": found.lift_low,
        "ab": found.confidence_ab, "ba": found.confidence_ba, "support": found.support,
    }  # fmt: skip
    values = np.asarray(columns[asked.query.key], np.float64)
    order = np.argsort(-values if asked.query.descending else values, kind="stable")
    if asked.query.filters.get("chance") != "all":
        order = order[found.sure[order]]
    return order


def row_of(asked: Asked, found: Pairs, place: int) -> dict[str, Any]:
    """A pair with its links."""
    row, question = pair_row(found, asked.products.goods(), place), found.question
    how = {"a": row["a"], "b": row["b"], "by": question.by, "days": question.days}
    return {
        **row,
        "a_link": asked.product(row["a"]),
        "b_link": asked.product(row["b"]),
        "both_link": asked.people("pair", **how),
        "a_only": asked.people("only", **how),
        "b_only": asked.people("only", **{**how, "a": row["b"], "b": row["a"]}),
    }


def _chart(asked: Asked, found: Pairs) -> Chart:
    text, goods = asked.session.text, asked.products.goods()
    order = np.flatnonzero(found.sure)[:_DRAWN]
    rows = [pair_row(found, goods, int(n)) for n in order]
    return Chart(
        "rows",
        [f"{row['a_name']} + {row['b_name']}" for row in rows],
        [
            Series(text("together"), [row["both"] for row in rows]),
            Series(text("by chance"), [round(row["both"] / row["lift"]) for row in rows],
                   role="compare"),
        ],
        text("Baskets with both, beside what chance would give."),
        height=max(220, 36 * len(rows)),
    )  # fmt: skip
