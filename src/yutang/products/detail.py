"""One product: its numbers, its specs, and what its buyers bought before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from yutang.products.goods import Goods, Ints
from yutang.products.hits import Hits, row_of
from yutang.products.scope import Scope, lines_in, unit_of, units_of
from yutang.products.transitions import LEAST
from yutang.products.visits import Visits, visits_of
from yutang.stats import association

MOST_ROWS = 20


@dataclass(frozen=True)
class Detail:
    """row: as in the list of hits, or None where nothing was sold in the scope; specs: [{id, name,
    orders, sales_fen, pieces}] of a product with more than one, most sales first; product: id of a
    spec's product ("" = it is one)."""

    key: str
    name: str
    category: str
    category_key: str
    row: dict[str, Any] | None
    weeks: Ints
    week_ends: Ints
    specs: tuple[dict[str, Any], ...]
    product: str


@dataclass(frozen=True)
class Neighbours:
    """after, before: what the next (the last) purchase day of its buyers held: [{id, name, both,
    share, base, lift, lift_low}], most beyond chance first. returned: share of the days with it
    that have a next one; days: median between."""

    after: tuple[dict[str, Any], ...]
    before: tuple[dict[str, Any], ...]
    steps_after: int
    steps_before: int
    returned: float | None
    days: float | None


def detail_of(goods: Goods, hits: Hits, key: str) -> Detail:
    """Raises NotFound."""
    scope = hits.scope
    units = units_of(goods, scope)
    thing = unit_of(units, key)
    at = np.flatnonzero(hits.thing == thing)
    kind = int(units.category[thing])
    kinds = goods.units["category"]
    product = "" if scope.level != "spec" else goods.units["product"].keys[units.product[thing]]
    return Detail(
        key=key,
        name=units.names[thing],
        category=kinds.names[kind] if kind >= 0 else "",
        category_key=kinds.keys[kind] if kind >= 0 else "",
        row=row_of(hits, goods, int(at[0])) if len(at) else None,
        weeks=hits.weeks[at[0]] if len(at) else np.zeros(len(hits.week_ends), np.int64),
        week_ends=hits.week_ends,
        specs=_specs(goods, scope, thing) if scope.level == "product" else (),
        product=product,
    )


def _specs(goods: Goods, scope: Scope, product: int) -> tuple[dict[str, Any], ...]:
    units = goods.units["spec"]
    rows = lines_in(goods, replace(scope, level="spec"), kept=False)
    rows = rows[goods.pieces[rows] > 0]
    rows = rows[units.product[units.of_line[rows]] == product]
    spec, place = np.unique(units.of_line[rows], return_inverse=True)
    if len(spec) < 2:
        return ()
    sales = np.bincount(place, goods.paid_fen[rows].astype(np.float64))
    pieces = np.bincount(place, goods.pieces[rows])
    pair = np.unique(place.astype(np.int64) * (goods.orders + 1) + goods.order[rows])
    orders = np.bincount(pair // (goods.orders + 1), minlength=len(spec))
    return tuple(
        {"id": units.keys[spec[i]], "name": units.names[spec[i]], "orders": int(orders[i]),
         "sales_fen": round(float(sales[i])), "pieces": float(pieces[i])}
        for i in np.argsort(-sales, kind="stable").tolist()
    )  # fmt: skip


def neighbours_of(goods: Goods, scope: Scope, key: str) -> Neighbours:
    """Steps whose day with the thing lies in the scope. Raises NotFound."""
    thing = unit_of(units_of(goods, scope), key)
    # All things count here: one row of the table of steps costs little.
    visits = visits_of(goods, replace(scope, category=""), until=scope.last, most=1_000_000)
    place = np.flatnonzero(visits.things == thing)
    if not len(place):
        return Neighbours((), (), 0, 0, None, None)
    column = visits.x.tocsc()[:, [int(place[0])]]
    held = np.zeros(len(visits), bool)
    held[column.indices] = True
    held &= (visits.day >= scope.first) & (visits.day <= scope.last)
    steps = visits.steps
    inside = (visits.day[steps] >= scope.first) & (visits.day[steps + 1] <= scope.last)
    steps = steps[inside]
    forth, back = steps[held[steps]], steps[held[steps + 1]]
    with_it = int(held.sum())
    gaps = visits.day[forth + 1] - visits.day[forth]
    return Neighbours(
        after=_rows(visits, forth + 1, steps + 1),
        before=_rows(visits, back, steps),
        steps_after=len(forth),
        steps_before=len(back),
        returned=len(forth) / with_it if with_it else None,
        days=float(np.median(gaps)) if len(gaps) else None,
    )


def _rows(visits: Visits, mine: Ints, every: Ints) -> tuple[dict[str, Any], ...]:
    """What these purchase days hold, beside all of them."""
    both = np.asarray(visits.x[mine].sum(axis=0), np.int64).reshape(-1)
    base = np.asarray(visits.x[every].sum(axis=0), np.int64).reshape(-1)
    kept = np.flatnonzero(both >= LEAST)
    n, of = len(every), len(mine)
    low, _ = association.lift_interval(both[kept], of, base[kept], n)
    lift = association.lift(both[kept], of, base[kept], n)
    extra = both[kept] - np.divide(both[kept], low, out=np.full(len(low), np.inf), where=low > 0)
    found = []
    for i in np.argsort(-extra, kind="stable")[:MOST_ROWS].tolist():
        number = int(visits.things[kept[i]])
        found.append(
            {"id": visits.units.keys[number], "name": visits.units.names[number],
             "both": int(both[kept[i]]), "share": float(both[kept[i]] / max(of, 1)),
             "base": float(base[kept[i]] / max(n, 1)), "lift": float(lift[i]),
             "lift_low": float(low[i])}
        )  # fmt: skip
    return tuple(found)
