"""Hit products 爆款: what sells, to whom, whether it grows, and what it does for first and second
orders.

Growth compares orders with the thing in two stretches of days by an exact interval of the ratio of
two Poisson rates, widened by how much more than Poisson the weekly counts of this brand vary; a
thing rises or falls where Benjamini and Hochberg's q over all things compared is at most 0.05.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yutang.customers import DOMAIN_CODES
from yutang.products.cooccurrence import distinct
from yutang.products.goods import Goods, Ints
from yutang.products.scope import Scope, category_of, lines_in, orders_in, units_of
from yutang.stats import association, growth

WEEKS = 13  # of the sparkline
SECOND_DAYS = 60  # catalog metric second_order_rate
SURE = 0.05
TRENDS = ("rising", "steady", "falling", "new", "unknown")
Floats = NDArray[np.float64]
_PRIVATE, _PUBLIC = DOMAIN_CODES["private"], DOMAIN_CODES["public"]


@dataclass(frozen=True)
class Hits:
    """By thing sold in the scope, most sales first: thing (number of the unit), sales_fen, net_fen,
    refund_fen, pieces, orders, buyers (known customers), repeat (buyers on two days or more),
    first_orders, second_orders (orders with it that were a customer's first, second), closed (first
    orders older than SECOND_DAYS), came_back (those of them with a second order within), ratio_
    private, ratio_public (pieces an order; NaN = none), private_fen, orders_before, growth with its
    bounds, q, trend (place in TRENDS), rank, rank_before (0 = was not sold), weeks (orders by week,
    things × WEEKS, the newest last).

    all_orders, all_first: orders of the scope and first ones among them; spread: how many times
    Poisson's variance the counts have; compared: are there earlier days to compare with.
    """

    scope: Scope
    before: tuple[int, int] | None
    thing: Ints
    sales_fen: Ints
    net_fen: Ints
    refund_fen: Ints
    pieces: Floats
    orders: Ints
    buyers: Ints
    repeat: Ints
    first_orders: Ints
    second_orders: Ints
    closed: Ints
    came_back: Ints
    ratio_private: Floats
    ratio_public: Floats
    private_fen: Ints
    orders_before: Ints
    growth: Floats
    growth_low: Floats
    growth_high: Floats
    q: Floats
    trend: Ints
    rank: Ints
    rank_before: Ints
    weeks: Ints
    week_ends: Ints
    all_orders: int
    all_first: int
    all_before: int
    all_sales_fen: int
    spread: float

    def __len__(self) -> int:
        return len(self.thing)

    @property
    def first_share(self) -> Floats:
        """Share of its orders that were a customer's first (拉新)."""
        return self.first_orders / np.maximum(self.orders, 1)

    @property
    def repeat_rate(self) -> Floats:
        """Buyers on two days or more ÷ buyers; NaN without known buyers."""
        return _share(self.repeat, self.buyers)

    @property
    def second_rate(self) -> Floats:
        """Of first orders with it, those with a second order within SECOND_DAYS; NaN while none is
        old enough."""
        return _share(self.came_back, self.closed)

    @property
    def refund_rate(self) -> Floats:
        return _share(self.refund_fen, self.sales_fen)

    @property
    def items_ratio(self) -> Floats:
        """件数比 of the thing: pieces an order in private shops ÷ in public ones."""
        return np.asarray(self.ratio_private / self.ratio_public, np.float64)

    @property
    def private_share(self) -> Floats:
        return _share(self.private_fen, self.sales_fen)


def hits_of(
    goods: Goods, scope: Scope, before: tuple[int, int] | None, today: int, *,
    relative: bool = False,
) -> Hits:  # fmt: skip
    """before: first and last day of the comparable stretch; today: the newest day known; relative:
    growth beside that of all orders, so that a season that lifts everything lifts nothing."""
    things = len(units_of(goods, scope))
    rows, thing = _lines(goods, scope)
    order, sold = goods.order[rows].astype(np.int64), goods.pieces[rows] > 0
    where, what = distinct(order[sold], thing[sold], things)
    sales, refunds, private_fen = (
        _fen(thing, values, things)
        for values in (
            goods.paid_fen[rows],
            goods.refund_fen[rows],
            np.where(goods.domain[order] == _PRIVATE, goods.paid_fen[rows], 0),
        )
    )
    orders = np.bincount(what, minlength=things)
    listed = np.flatnonzero((orders > 0) | (refunds > 0))
    listed = listed[np.lexsort((listed, -orders[listed], -sales[listed]))]
    old, all_orders = _before(goods, scope, before, things), _different(where)
    buyers, repeat = _buyers(goods, where, what, things)
    first, second, closed, back = _firsts(goods, where, what, things, today)
    private, public = (_pieces(goods, order, thing, rows, code, things)
                       for code in (_PRIVATE, _PUBLIC))  # fmt: skip
    weeks, ends = _weeks(goods, scope, things)
    spread = growth.overdispersion(weeks[listed].astype(np.float64))
    exposure = scope.days / (before[1] - before[0] + 1) if before else 1.0
    if relative and old[2]:
        exposure = all_orders / old[2]
    ratio, low, high, q, trend = _judged(
        orders, old, exposure, spread, listed, _new(goods, scope, things), before
    )
    return Hits(
        scope=scope, before=before, thing=listed, sales_fen=sales[listed],
        net_fen=(sales - refunds)[listed], refund_fen=refunds[listed],
        pieces=_sums(thing, goods.pieces[rows], things)[listed],
        orders=orders[listed], buyers=buyers[listed], repeat=repeat[listed],
        first_orders=first[listed], second_orders=second[listed], closed=closed[listed],
        came_back=back[listed], ratio_private=private[listed], ratio_public=public[listed],
        private_fen=private_fen[listed], orders_before=old[0][listed], growth=ratio,
        growth_low=low, growth_high=high, q=q, trend=trend, rank=np.arange(1, len(listed) + 1),
        rank_before=_ranks(old)[listed], weeks=weeks[listed], week_ends=ends,
        all_orders=all_orders, all_first=int((goods.place[orders_in(goods, scope)] == 0).sum()),
        all_before=old[2], all_sales_fen=int(sales.sum()), spread=spread,
    )  # fmt: skip


def _lines(goods: Goods, scope: Scope) -> tuple[Ints, Ints]:
    """Lines of the scope, its category counted, and the thing of each."""
    units, rows = units_of(goods, scope), lines_in(goods, scope, kept=False)
    thing = units.of_line[rows].astype(np.int64)
    if scope.category and scope.level != "category":
        kept = units.category[thing] == category_of(goods, scope)
        rows, thing = rows[kept], thing[kept]
    return rows, thing


def _fen(of: Ints, values: Ints, things: int) -> Ints:
    """Sums of fen stay below 2^53, where float64 is exact."""
    return np.rint(_sums(of, values, things)).astype(np.int64)


def _different(sorted_values: Ints) -> int:
    """How many different values (np.unique hashes, which takes ten times as long)."""
    return int((sorted_values[1:] != sorted_values[:-1]).sum()) + min(len(sorted_values), 1)


def _before(
    goods: Goods, scope: Scope, before: tuple[int, int] | None, things: int
) -> tuple[Ints, Ints, int]:
    """Orders and sales by thing of the comparable days, and all orders of those."""
    if before is None:
        return np.zeros(things, np.int64), np.zeros(things, np.int64), 0
    rows, thing = _lines(goods, replace(scope, first=before[0], last=before[1]))
    sold = goods.pieces[rows] > 0
    rows, thing = rows[sold], thing[sold]
    where, what = distinct(goods.order[rows].astype(np.int64), thing, things)
    sales = _fen(thing, goods.paid_fen[rows], things)
    return np.bincount(what, minlength=things), sales, _different(where)


def _ranks(old: tuple[Ints, Ints, int]) -> Ints:
    """Rank by sales in the comparable days, as the list is sorted; 0 where nothing was sold."""
    orders, sales, _ = old
    rank = np.zeros(len(orders), np.int64)
    sold = np.flatnonzero(orders > 0)
    by = sold[np.lexsort((sold, -orders[sold], -sales[sold]))]
    rank[by] = np.arange(1, len(by) + 1)
    return rank


def _buyers(goods: Goods, where: Ints, what: Ints, things: int) -> tuple[Ints, Ints]:
    """Known customers by thing, and those of them who bought it on two days or more."""
    who = goods.customer[where].astype(np.int64)
    known = who > 0
    who, thing, day = who[known], what[known], goods.day[where[known]].astype(np.int64)
    wide = int(who.max(initial=0)) + 1
    days = np.sort((thing * wide + who) * 65_536 + day)
    days = days[np.r_[True, days[1:] != days[:-1]][: len(days)]]
    pair = days // 65_536
    first = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]][: len(pair)])
    sizes = np.diff(np.r_[first, len(pair)])
    of = pair[first] // wide
    return np.bincount(of, minlength=things), np.bincount(of[sizes > 1], minlength=things)


def _firsts(
    goods: Goods, where: Ints, what: Ints, things: int, today: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Orders that were first, and second; first ones old enough; those with a second in time."""
    place = goods.place[where]
    first = np.bincount(what[place == 0], minlength=things)
    second = np.bincount(what[place == 1], minlength=things)
    mine, thing = where[place == 0], what[place == 0]
    closed = goods.day[mine].astype(np.int64) + SECOND_DAYS <= today
    mine, thing = mine[closed], thing[closed]
    came = next_within(goods, mine, SECOND_DAYS)
    return (
        first, second, np.bincount(thing, minlength=things),
        np.bincount(thing[came], minlength=things),
    )  # fmt: skip


def next_within(goods: Goods, orders: Ints, days: int) -> NDArray[np.bool_]:
    """Did the customer of each order make his next sale within so many days?"""
    sales = np.flatnonzero(goods.place >= 0)
    at = np.searchsorted(sales, orders) + 1
    there = at < len(sales)
    following = sales[np.minimum(at, len(sales) - 1)] if len(sales) else orders
    return np.asarray(
        there
        & (goods.customer[following] == goods.customer[orders])
        & (goods.day[following].astype(np.int64) - goods.day[orders] <= days)
    )


def _pieces(goods: Goods, order: Ints, thing: Ints, rows: Ints, domain: int, things: int) -> Floats:
    """Pieces of a thing in an order with it, in shops of a domain."""
    inside = (goods.domain[order] == domain) & (goods.pieces[rows] > 0)
    _, what = distinct(order[inside], thing[inside], things)
    total = np.bincount(thing[inside], goods.pieces[rows[inside]], minlength=things)
    return _share(total, np.bincount(what, minlength=things))


def _weeks(goods: Goods, scope: Scope, things: int) -> tuple[Ints, Ints]:
    """Orders by thing and stretch of seven days, the newest ending with the scope."""
    ends = scope.last - 7 * np.arange(WEEKS - 1, -1, -1)
    wide = Scope(int(ends[0]) - 6, scope.last, scope.domain, "", scope.level)
    units, rows = units_of(goods, wide), lines_in(goods, wide, kept=False)
    rows = rows[goods.pieces[rows] > 0]
    order = goods.order[rows].astype(np.int64)
    where, what = distinct(order, units.of_line[rows].astype(np.int64), things)
    week = (goods.day[where].astype(np.int64) - wide.first) // 7
    counts = np.bincount(what * WEEKS + week, minlength=things * WEEKS)
    return counts.reshape(things, WEEKS), ends


def _new(goods: Goods, scope: Scope, things: int) -> NDArray[np.bool_]:
    """Things whose very first sale lies in the scope's days."""
    units = units_of(goods, scope)
    rows = np.flatnonzero((units.of_line >= 0) & (goods.pieces > 0))
    first = np.full(things, np.iinfo(np.int32).max, np.int64)
    np.minimum.at(first, units.of_line[rows], goods.day[goods.order[rows]])
    # A brand whose own history begins in the scope has no new products, it has no past.
    begin = int(goods.day[goods.order[rows]].min()) if len(rows) else 0
    return np.asarray((first >= scope.first) & (scope.first > begin + 27))


def _judged(
    orders: Ints, old: tuple[Ints, Ints, int], exposure: float, spread: float, listed: Ints,
    new: NDArray[np.bool_], before: tuple[int, int] | None,
) -> tuple[Floats, Floats, Floats, Floats, Ints]:  # fmt: skip
    """Growth, its bounds, q and trend of the listed things."""
    now, then = orders[listed], old[0][listed]
    if before is None:
        none = np.full(len(listed), np.nan)
        return none, none, none, none, np.full(len(listed), TRENDS.index("unknown"))
    ratio, low, high = growth.rate_ratio(now, then, exposure, spread=spread)
    q = association.benjamini_hochberg(growth.rate_ratio_p(now, then, exposure, spread=spread))
    sure = q <= SURE
    trend = np.select(
        [new[listed], sure & (now > then * exposure), sure & (now < then * exposure)],
        [TRENDS.index("new"), TRENDS.index("rising"), TRENDS.index("falling")],
        TRENDS.index("steady"),
    )
    return ratio, low, high, q, trend


def row_of(hits: Hits, goods: Goods, place: int) -> dict[str, Any]:
    """One thing as plain data; a share without a base is None."""
    units = units_of(goods, hits.scope)
    number = int(hits.thing[place])
    kind = int(units.category[number])
    row: dict[str, Any] = {
        "id": units.keys[number],
        "name": units.names[number],
        "category": goods.units["category"].names[kind] if kind >= 0 else "",
    }
    for name in ("sales_fen", "net_fen", "refund_fen", "orders", "buyers", "repeat",
                 "first_orders", "second_orders", "private_fen", "orders_before", "rank",
                 "rank_before"):  # fmt: skip
        row[name] = int(getattr(hits, name)[place])
    for name in ("pieces", "first_share", "repeat_rate", "second_rate", "refund_rate",
                 "items_ratio", "private_share", "growth", "growth_low", "growth_high",
                 "q"):  # fmt: skip
        value = float(getattr(hits, name)[place])
        row[name] = value if np.isfinite(value) else None
    return {**row, "trend": TRENDS[int(hits.trend[place])], "weeks": hits.weeks[place].tolist()}


def _sums(of: Ints, values: NDArray[Any], things: int) -> Floats:
    return np.asarray(np.bincount(of, values, minlength=things), np.float64)


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    out = np.full(len(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
