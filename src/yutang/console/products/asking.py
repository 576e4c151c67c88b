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
from yutang.errors import Forbidden
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


def whole(text: str, default: int, least: int, most: int) -> int:
    """A whole number of an address, within bounds."""
    n = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else default
    return max(least, min(n, most))


def may_export(session: Session, action: str, kind: str, rows: int) -> None:
    """Raises Forbidden; else the export is written to the audit log."""
    if not session.may("export"):
        raise Forbidden(
            "Your role in this brand does not include this.",
            hint="Ask an administrator of the brand.",
        )
    detail = {"list": action, "rows": rows}
    session.brand.audit.record(session.account.login, "products_exported", kind, detail, session.ip)

