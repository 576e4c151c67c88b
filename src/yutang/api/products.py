"""Products: what sells, what goes together, what comes next, when it is needed again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, cursor_at, offset_of
from yutang.errors import BadInput
from yutang.products import (
    HOLDOUT_DAYS,
    STATES,
    PairsQuestion,
    Products,
    Scope,
    StepsQuestion,
    date_of,
    hit_row,
    pair_row,
    restock_row,
    step_row,
)

ROUTES = APIRouter(tags=["products"], responses=PROBLEMS)  # type: ignore[arg-type]
Row = dict[str, Any]
LevelIn = Literal["product", "spec", "category"]
DomainIn = Literal["", "private", "public", "store"]
TestDays = Annotated[int, Query(ge=7, le=366, description="Days the test takes from the end.")]


class ScopeIn(BaseModel):
    """Which sales: `from` and `to` are business days, both inclusive; without them all."""

    model_config = ConfigDict(populate_by_name=True)

    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")
    domain: DomainIn = ""
    category: str = Field("", max_length=32, description="Id of a category.")


def scope_in(
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
    domain: DomainIn = "",
    category: Annotated[str, Query(max_length=32)] = "",
) -> ScopeIn:
    return ScopeIn(first=first, last=last, domain=domain, category=category)


Asked = Annotated[ScopeIn, Depends(scope_in)]


class HitsOut(Page[Row]):
    """`compared`: first and last of the days before, null where there are none."""

    first: date
    last: date
    compared: list[date] | None
    all_orders: int
    all_sales_fen: int
    spread: float = Field(description="How many times the variance of chance the counts have.")


class PairsOut(Page[Row]):
    """`baskets`: how many were looked at; `left_out`: those of too many different things."""

    baskets: int
    left_out: int
    sure: int


class StepsOut(Page[Row]):
    """`steps`: purchase days that had a next one."""

    steps: int


class RestocksOut(Page[Row]):
    """`counts`: rows by state."""

    today: date
    counts: dict[str, int]


class ProductSettings(BaseModel):
    """identify: what makes two lines one product; due_days: how early a restock is due."""

    model_config = ConfigDict(extra="forbid")

    identify: Literal["item", "title"]
    due_days: int = Field(ge=0, le=90)


@ROUTES.get("/products")
def list_products(
    asked: Asked,
    level: LevelIn = "product",
    beside: Literal["before", "all"] = "before",
    limit: Limit = 100,
    cursor: Cursor = "",
    caller: Caller = needs("analyse"),
) -> HitsOut:
    """What sells, most first; growth against as many days before, or beside all orders."""
    products = caller.brand.products
    scope = _scope(products, asked, level)
    found = products.hits(scope, products.before(scope), relative=beside == "all")
    part, following = _part(np.arange(len(found)), limit, cursor)
    return HitsOut(
        rows=[hit_row(found, products.goods(), n) for n in part], total=len(found),
        next_cursor=following, first=date_of(scope.first), last=date_of(scope.last),
        compared=[date_of(n) for n in found.before] if found.before else None,
        all_orders=found.all_orders, all_sales_fen=found.all_sales_fen, spread=found.spread,
    )  # fmt: skip


@ROUTES.get("/products/pairs")
def list_pairs(
    asked: Asked,
    level: LevelIn = "product",
    by: Literal["order", "customer"] = "order",
    days: int = 30,
    least: int = 10,
    thing: Annotated[str, Query(max_length=32)] = "",
    only_sure: bool = True,
    limit: Limit = 100,
    cursor: Cursor = "",
    caller: Caller = needs("analyse"),
) -> PairsOut:
    """What is bought together, most beyond chance first."""
    products = caller.brand.products
    found = products.pairs(PairsQuestion(_scope(products, asked, level), by, days, least, thing))
    order = np.flatnonzero(found.sure) if only_sure else np.arange(len(found))
    part, following = _part(order, limit, cursor)
    return PairsOut(
        rows=[pair_row(found, products.goods(), n) for n in part], total=len(order),
        next_cursor=following, baskets=found.baskets, left_out=found.left_out,
        sure=int(found.sure.sum()),
    )  # fmt: skip


@ROUTES.get("/products/next")
def list_steps(
    asked: Asked,
    level: Literal["category", "product"] = "category",
    first_only: bool = False,
    least: int = 10,
    start: Annotated[str, Query(max_length=32)] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
    caller: Caller = needs("analyse"),
) -> StepsOut:
    """What is bought on the next purchase day, most beyond the usual first."""
    products = caller.brand.products
    question = StepsQuestion(_scope(products, asked, level), first_only, least, start)
    found = products.transitions(question)
    part, following = _part(np.arange(len(found)), limit, cursor)
    return StepsOut(
        rows=[step_row(found, n) for n in part], total=len(found), next_cursor=following,
        steps=found.steps,
    )  # fmt: skip


@ROUTES.get("/products/next/holdout")
def get_next_holdout(
    asked: Asked,
    level: Literal["category", "product"] = "category",
    days: TestDays = HOLDOUT_DAYS,
    caller: Caller = needs("analyse"),
) -> Row:
    """Guesses of the next purchase beside simple ones, on the last days."""
    found = caller.brand.products.next_holdout(_scope(caller.brand.products, asked, level), days)
    return {
        "cutoff": date_of(found.cutoff).isoformat(), "weight": found.weight,
        "methods": [
            {"method": one.method, "tested": one.tested, "hit_1": one.rate(1),
             "hit_3": one.rate(3), "interval_1": one.interval(1), "expected_1": one.expected}
            for one in found.by_method
        ],
        "second_purchase": [
            {"method": one.method, "tested": one.tested, "hit_1": one.rate(1),
             "hit_3": one.rate(3)} for one in found.second
        ],
    }  # fmt: skip


@ROUTES.get("/products/restocks")
def list_restocks(
    asked: Asked,
    level: Literal["category", "product"] = "category",
    state: Literal["", "long", "due", "soon", "later"] = "due",
    due_days: int | None = None,
    clear: bool = True,
    limit: Limit = 100,
    cursor: Cursor = "",
    caller: Caller = needs("analyse"),
) -> RestocksOut:
    """Who needs what again; the latest expected day first."""
    products = caller.brand.products
    found = products.restocks(_scope(products, asked, level), due_days, clear=clear)
    order = np.argsort(-found.expected.day, kind="stable")
    if state:
        order = order[found.states[order] == STATES.index(state)]
    part, following = _part(order, limit, cursor)
    return RestocksOut(
        rows=[restock_row(found, products.goods(), n) for n in part], total=len(order),
        next_cursor=following, today=date_of(found.today),
        counts={name: found.count(name) for name in STATES},
    )  # fmt: skip


@ROUTES.get("/products/settings")
def get_settings(caller: Caller = needs("analyse")) -> ProductSettings:
    """What one product is, and when a restock is due."""
    used = caller.brand.products.settings()
    return ProductSettings(identify=used.identify, due_days=used.due_days)


@ROUTES.put("/products/settings")
def set_settings(new: ProductSettings, caller: Caller = needs("settings")) -> ProductSettings:
    """Keep what one product is, and when a restock is due."""
    caller.brand.products.set_settings(identify=new.identify, due_days=new.due_days)
    caller.record("products_set", "", new.model_dump())
    return new


@ROUTES.get("/products/{product_id}")
def get_product(
    product_id: str, asked: Asked, level: LevelIn = "product", caller: Caller = needs("analyse")
) -> Row:
    """One thing: its numbers, specs, and what was bought the purchase day before and after."""
    products = caller.brand.products
    scope = _scope(products, asked, level)
    found = products.product(product_id, scope, products.before(scope))
    near = products.neighbours(product_id, scope)
    return {
        "id": product_id, "name": found.name, "category": found.category, "numbers": found.row,
        "weeks": found.weeks.tolist(), "specs": list(found.specs), "product": found.product,
        "before": list(near.before), "after": list(near.after), "returned": near.returned,
        "days_to_next": near.days,
    }  # fmt: skip


@ROUTES.get("/customers/{customer_id}/next-purchase")
def get_next_purchase(customer_id: int, caller: Caller = needs("see")) -> Row:
    """What one customer will probably buy next, and what he is due to restock."""
    portrait = caller.brand.customers.get(customer_id, evidence=False)
    products = caller.brand.products
    return {
        "customer": portrait.id,
        "categories": products.next_for(portrait.id),
        "products": products.next_for(portrait.id, level="product"),
        "restocks": products.due(portrait.id),
    }


def _scope(products: Products, asked: ScopeIn, level: str) -> Scope:
    if (asked.first is None) != (asked.last is None):
        raise BadInput("A period needs both its first and its last day.")
    if asked.first is None or asked.last is None:
        days: dict[str, str] = {"period": "all"}
    else:
        if asked.first > asked.last:
            raise BadInput("The period needs a first day and a later last day.")
        days = {
            "period": "custom", "first": asked.first.isoformat(), "last": asked.last.isoformat()
        }  # fmt: skip
    return products.scope(
        {**days, "domain": asked.domain, "category": asked.category, "level": level}
    )


def _part(order: np.ndarray, limit: int, cursor: str) -> tuple[list[int], str | None]:
    first = offset_of(cursor)
    end = first + limit
    return order[first:end].tolist(), cursor_at(end) if end < len(order) else None
