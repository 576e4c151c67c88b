"""Hit products: what sells, to whom, and whether it grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.charts import Chart, Series, spark
from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.products.asking import Asked, heads, may_export, read, shared, whole
from yutang.console.render import render, see_other
from yutang.console.tables import Column, Pager
from yutang.errors import BadInput, YutangError
from yutang.products import TRENDS, Hits, date_of, hit_row

ROUTES = APIRouter()
COLUMNS = (
    Column("rank", mark("Rank"), "count"),
    Column("name", mark("Product")),
    Column("sales", mark("Sales"), "money", sortable=True),
    Column("growth", mark("Orders against the days before"), "number", sortable=True),
    Column("orders", mark("Orders"), "count", sortable=True),
    Column("buyers", mark("Buyers"), "count", sortable=True),
    Column("repeat", mark("Bought again"), "rate", sortable=True),
    Column("first", mark("First orders"), "rate", sortable=True),
    Column("second", mark("Lead to a second order"), "rate", sortable=True),
    Column("refund", mark("Refunded"), "rate", sortable=True),
    Column("private", mark("Private share"), "rate", sortable=True),
    Column("ratio", mark("Items, private ÷ public"), "number", sortable=True),
)
TREND_WORDS = {
    "rising": mark("rising"),
    "steady": mark("steady"),
    "falling": mark("falling"),
    "new": mark("new"),
}
_SORTS = tuple(column.key for column in COLUMNS if column.sortable)
_DRAWN = 10
_FILE = (
    *("id", "name", "category", "sales_fen", "net_fen", "refund_fen", "pieces", "orders", "buyers"),
    *("repeat", "repeat_rate", "first_orders", "first_share", "second_orders", "second_rate"),
    *("refund_rate", "private_share", "items_ratio", "orders_before", "growth", "growth_low"),
    *("growth_high", "q", "trend", "rank", "rank_before"),
)


@ROUTES.get("/b/{brand}/products")
def hits(request: Request, session: Session = needs("analyse")) -> Response:
    return _page(request, session)


@ROUTES.post("/b/{brand}/products")
def set_products(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Keep what makes two lines one product, and when a restock is due."""
    try:
        days = str(form.get("due_days", ""))
        if not (days.isascii() and days.isdigit()):
            raise BadInput("The days before a restock are a whole number, such as 7.")
        used = session.brand.products.set_settings(
            identify=str(form.get("identify", "")), due_days=whole(days, 0, 0, 9_999)
        )
    except YutangError as error:
        return _page(request, session, error=error)
    detail = {"identify": used.identify, "due_days": used.due_days}
    session.brand.audit.record(session.account.login, "products_set", "", detail, session.ip)
    note = session.text("Saved. Products are counted with it from now on.")
    return see_other(request, f"{session.base}/products", note)


def _page(request: Request, session: Session, *, error: YutangError | None = None) -> Response:
    asked = read(request, session, filters=("q", "trend", "beside"), sorts=_SORTS,
                 default_sort="-sales")  # fmt: skip
    products, scope = asked.products, asked.scope
    relative = asked.query.filters.get("beside") == "all"
    found = products.hits(scope, products.before(scope), relative=relative)
    order = _sorted(asked, found)
    if kind := request.query_params.get("as"):
        may_export(session, "hits", kind, len(order))
        return download(kind, "products", heads(session, _FILE),
                        _cells(asked, found, order))  # fmt: skip
    query = asked.query
    return render(
        request,
        "products/hits.html",
        status=200 if error is None else 422,
        found=found,
        rows=[_row(asked, found, int(n)) for n in order[query.offset :][: query.size]],
        columns=COLUMNS,
        pager=Pager(query, len(order)),
        trends=TREND_WORDS,
        counts={name: int((found.trend == TRENDS.index(name)).sum()) for name in TREND_WORDS},
        top_share=float(found.sales_fen[:_DRAWN].sum()) / max(found.all_sales_fen, 1),
        whole_growth=_whole_growth(found),
        before=tuple(date_of(n) for n in found.before) if found.before else None,
        chart=_chart(asked, found),
        settings=products.settings(),
        error=error,
        **shared(asked, ""),
    )


def _sorted(asked: Asked, found: Hits) -> np.ndarray:
    """Places of the rows that fit the search and the trend, in the order of the list."""
    columns: dict[str, Any] = {
        "sales": found.sales_fen, "growth": found.growth, "orders": found.orders,
        "buyers": found.buyers, "repeat": found.repeat_rate, "first": found.first_share,
        "second": found.second_rate, "refund": found.refund_rate,
        "private": found.private_share, "ratio": found.items_ratio,
    }  # fmt: skip
    query = asked.query
    values = np.asarray(columns[query.key], np.float64)
    # What is not known stands last, whichever way the list is turned.
    values = np.where(np.isfinite(values), -values if query.descending else values, np.inf)
    order = np.argsort(values, kind="stable")
    if (trend := query.filters.get("trend", "")) in TREND_WORDS:
        order = order[found.trend[order] == TRENDS.index(trend)]
    if text := query.filters.get("q", "").casefold():
        names = asked.products.goods().units[asked.scope.level].names
        fits = np.array([text in names[int(n)].casefold() for n in found.thing[order]], bool)
        order = order[fits]
    return order


def _row(asked: Asked, found: Hits, place: int) -> dict[str, Any]:
    row = hit_row(found, asked.products.goods(), place)
    moved = row["rank_before"] - row["rank"] if row["rank_before"] else None
    return {
        **row,
        "moved": moved,
        "points": spark(row["weeks"]),
        "link": asked.product(row["id"]),
        "buyers_link": asked.people("buyers", id=row["id"]),
        "repeat_link": asked.people("repeat", id=row["id"]),
        "first_link": asked.people("first", id=row["id"]),
    }


def _whole_growth(found: Hits) -> float | None:
    """Of all orders, by day; None where there is nothing to compare with."""
    if not found.before or not found.all_before:
        return None
    days = found.before[1] - found.before[0] + 1
    return found.all_orders / found.scope.days / (found.all_before / days) - 1


def _chart(asked: Asked, found: Hits) -> Chart:
    text, goods = asked.session.text, asked.products.goods()
    rows = [hit_row(found, goods, n) for n in range(min(_DRAWN, len(found)))]
    series = [Series(text("orders"), [row["orders"] for row in rows])]
    if found.before:
        exposure = found.scope.days / (found.before[1] - found.before[0] + 1)
        before = [round(row["orders_before"] * exposure) for row in rows]
        series.append(Series(text("days before"), before, role="compare"))
    return Chart(
        "rows", [row["name"] for row in rows], series,
        text("Orders of the products that sell most."), height=max(220, 34 * len(rows)),
        links=[asked.product(row["id"]) for row in rows],
    )  # fmt: skip


def _cells(asked: Asked, found: Hits, order: np.ndarray) -> Iterator[list[Cell]]:
    goods = asked.products.goods()
    for place in order.tolist():
        row = hit_row(found, goods, place)
        yield [row[name] / 100 if name.endswith("_fen") else row[name] for name in _FILE]
