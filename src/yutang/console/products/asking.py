"""What the address of a product page asks for, and what its form offers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from yutang.catalog.platforms import DOMAINS
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.console.people import reference
from yutang.console.period import read_period
from yutang.console.tables import Query, read_query
from yutang.measure import PRESETS, Period
from yutang.products import Level, Products, Scope

LEVEL_WORDS = {
    "product": mark("products"),
    "spec": mark("specs"),
    "category": mark("categories"),
}
TABS = (
    ("", mark("Hit products")),
    ("/pairs", mark("Bought together")),
    ("/next", mark("What comes next")),
    ("/restocks", mark("Restock dates")),
)
FILE_WORDS = {
    "id": mark("Product number"), "name": mark("Product"), "category": mark("Category"),
    "sales_fen": mark("Sales"), "net_fen": mark("Net sales"), "refund_fen": mark("Refunds"),
    "pieces": mark("Pieces"), "orders": mark("Orders"), "buyers": mark("Buyers"),
    "repeat": mark("Buyers on two days or more"), "repeat_rate": mark("Bought again"),
    "first_orders": mark("Number of first orders"), "first_share": mark("First orders"),
    "second_orders": mark("Number of second orders"),
    "second_rate": mark("Lead to a second order"), "refund_rate": mark("Refunded"),
    "private_share": mark("Private share"), "items_ratio": mark("Items, private ÷ public"),
    "orders_before": mark("Orders before"), "growth": mark("Growth (times)"),
    "growth_low": mark("Growth, lower bound"), "growth_high": mark("Growth, upper bound"),
    "q": mark("False finds (q)"), "p": mark("Chance (p)"), "trend": mark("Trend"),
    "rank": mark("Rank"), "rank_before": mark("Rank before"), "a": mark("First, product number"),
    "a_name": mark("First of the pair"), "b": mark("Second, product number"),
    "b_name": mark("Second of the pair"),
    "both": mark("Together"), "of_a": mark("With the first"), "of_b": mark("With the second"),
    "support": mark("Of all baskets"), "confidence_ab": mark("With the first, also the second"),
    "confidence_ab_low": mark("With the first, also the second: lower bound"),
    "confidence_ba": mark("With the second, also the first"),
    "confidence_ba_low": mark("With the second, also the first: lower bound"),
    "lift": mark("Times chance"), "lift_low": mark("Times chance, lower bound"),
    "lift_high": mark("Times chance, upper bound"), "extra": mark("Beyond chance"),
    "sure": mark("Sure"), "share": mark("Share of those who came back"),
    "share_low": mark("Share of those who came back: lower bound"),
    "base": mark("Share of all next days"), "days": mark("Days between (median)"),
    "customer": mark("Customer"), "times": mark("Bought on days"),
    "last_on": mark("Last bought"), "own_days": mark("Own rhythm (days)"),
    "usual_days": mark("Usual (days)"), "own_weight": mark("Weight of the own rhythm"),
    "low_on": mark("Earliest"), "expected_on": mark("Expected"), "high_on": mark("Latest"),
    "state": mark("State"),
}  # fmt: skip
SCOPED = ("level", "domain", "category", "period", "from", "to")


@dataclass(frozen=True)
class Asked:
    """query: the list's address; scope, period: of which sales; levels: those the page offers."""

    session: Session
    query: Query
    scope: Scope
    period: Period
    levels: Sequence[Level]

    @property
    def products(self) -> Products:
        found: Products = self.session.brand.products
        return found

    def origin(self, of: str, **what: Any) -> dict[str, Any]:
        """Where people come from, for a link that can be kept (products/people.py)."""
        named = self.period.preset != "custom"
        days = {} if named else {
            "first": self.period.first.isoformat(), "last": self.period.last.isoformat()
        }  # fmt: skip
        scoped = {"level": self.scope.level, "domain": self.scope.domain,
                  "category": self.scope.category, "period": self.period.preset}  # fmt: skip
        return {"of": of, **{k: v for k, v in scoped.items() if v}, **days, **what}

    def people(self, of: str, **what: Any) -> str:
        """The address of the people behind a number."""
        ref = reference("products", **self.origin(of, **what))
        return f"{self.session.base}/customers?people={ref}"

    def product(self, key: str) -> str:
        """The address of a thing's own page, in the same scope."""
        kept = {k: v for k, v in self.query.filters.items() if k in SCOPED and k != "category"}
        path = f"{self.session.base}/products/{key}"
        return Query(path, {**kept, "level": self.scope.level}).url()


def read(
    request: Request,
    session: Session,
    *,
    filters: Iterable[str] = (),
    sorts: Iterable[str] = (),
    default_sort: str = "",
    period: str = "last_90",
    level: Level = "product",
    levels: Sequence[Level] = ("product", "spec", "category"),
) -> Asked:
    """What cannot be read falls back: people edit addresses."""
    values = dict(request.query_params)
    query = read_query(
        request.url.path, values, filters=(*SCOPED, *filters), sorts=sorts,
        default_sort=default_sort,
    )  # fmt: skip
    found = query.filters
    chosen = read_period(session, {**values, "period": found.get("period", period)}).period
    known = {key for key, _ in session.brand.products.categories()}
    category, domain = found.get("category", ""), found.get("domain", "")
    asked = found.get("level", level)
    scope = session.brand.products.scope(
        {
            "period": "custom", "first": chosen.first.isoformat(), "last": chosen.last.isoformat(),
            "level": asked if asked in levels else level,
            "domain": domain if domain in DOMAINS else "",
            "category": category if category in known else "",
        }
    )  # fmt: skip
    return Asked(session, query, scope, chosen, levels)


def shared(asked: Asked, tab: str) -> dict[str, Any]:
    """What every page of the section gives its template."""
    return {
        "asked": asked,
        "query": asked.query,
        "tabs": TABS,
        "tab": tab,
        "presets": PRESETS,
        "domains": DOMAINS,
        "level_words": LEVEL_WORDS,
        "categories": asked.products.categories(),
        "may_export": asked.session.may("export"),
        "nothing": not asked.products.goods().orders,
    }


def heads(session: Session, names: Iterable[str]) -> list[str]:
    """The header of an exported list."""
    return [session.text(FILE_WORDS[name]) for name in names]


def whole(text: str, default: int, least: int, most: int) -> int:
    """A whole number of an address, within bounds."""
    n = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else default
    return max(least, min(n, most))


def may_export(session: Session, action: str, kind: str, rows: int) -> None:
    """Raises Forbidden; else the export is written to the audit log."""
    session.require("export")
    detail = {"list": action, "rows": rows}
    session.brand.audit.record(session.account.login, "products_exported", kind, detail, session.ip)
