"""Products at a brand's largest size: pairs, steps and hits beside the same in DuckDB SQL.

`python benchmarks/products.py [--orders 2000000]`: made orders (three lines each on average, 50,000
products of very uneven popularity, 500,000 customers) as the order book holds them. Both sides are
given arrays in memory; the answers are compared, equal first, then timed, the best of ROUNDS. What
SQL has no counterpart for (restock dates, the holdouts) is timed alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from yutang.commerce import CurrentOrders
from yutang.commerce.current import LINE_COLUMNS, ORDER_COLUMNS
from yutang.products import PairsQuestion, Scope, StepsQuestion, goods_of, hits_of, pairs_of
from yutang.products.next_thing import hold_out_next
from yutang.products.restocks import bought_of, expected_of, hold_out_restocks
from yutang.products.rhythms import rhythms_of
from yutang.products.transitions import transitions_of
from yutang.products.visits import visits_of

ROUNDS = 3
PRODUCTS, CATEGORIES, DAYS, FIRST = 50_000, 120, 720, 19_700
LEAST = 20
GOAL = 10.0  # seconds, for each question


def made(orders: int) -> CurrentOrders:
    """The order book: by customer, then moment."""
    rng = np.random.default_rng(11)
    customer = np.sort(rng.integers(1, orders // 4 + 1, orders)).astype(np.uint32)
    day = FIRST + rng.integers(0, DAYS, orders)
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    at = day * 86_400_000 + 3_600_000 * 4
    sizes = rng.geometric(1 / 3, orders)
    of = np.repeat(np.arange(orders, dtype=np.int32), sizes)
    product = (PRODUCTS * rng.random(len(of)) ** 3).astype(np.int32)
    price = rng.integers(500, 20_000, len(of))
    none = np.zeros(orders, np.int64)

    def text(codes: np.ndarray, words: list[str]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words))

    paid = np.bincount(of, price, minlength=orders).astype(np.int64)
    domain = rng.integers(0, 3, orders)
    known: dict[str, Any] = {
        "order": np.arange(orders, dtype=np.int32), "customer": customer,
        "domain": text(domain, ["private", "public", "store"]), "paid": np.ones(orders, bool),
        "paid_at": at, "paid_fen": paid, "refund_fen": none, "refund_at": none,
        "quantity": none.astype(float), "freight_fen": none, "first_commit": none,
        "day": day.astype(np.int32),
    }  # fmt: skip
    lines: dict[str, Any] = {
        "order": of, "customer": customer[of],
        "item_id": text(product, [f"P{n}" for n in range(PRODUCTS)]),
        "category": text(product % CATEGORIES, [f"C{n}" for n in range(CATEGORIES)]),
        "quantity": np.ones(len(of)), "item_paid_fen": price,
        "refund_fen": np.zeros(len(of), np.int64), "first_commit": np.zeros(len(of), np.int64),
        "paid": np.ones(len(of), bool), "paid_at": at[of],
    }  # fmt: skip

    def table(values: dict[str, Any], columns: dict[str, pa.DataType], rows: int) -> pa.Table:
        empty = {n: pa.nulls(rows, kind) for n, kind in columns.items() if n not in values}
        return pa.table({n: values[n] if n in values else empty[n] for n in columns})

    return CurrentOrders(
        1, table(known, ORDER_COLUMNS, orders), table(lines, LINE_COLUMNS, len(of))
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    best, answer = float("inf"), None
    for _ in range(ROUNDS):
        started = time.perf_counter()
        answer = work()
        best = min(best, time.perf_counter() - started)
    return best, answer


PAIRS_SQL = f"""
WITH basket AS (SELECT DISTINCT "order" AS o, item_id AS item FROM lines),
n AS (SELECT item, count(*) AS n FROM basket GROUP BY 1 HAVING count(*) >= {LEAST}),
kept AS (SELECT * FROM basket SEMI JOIN n USING (item)),
p AS (SELECT x.item AS a, y.item AS b, count(*) AS met FROM kept x
  JOIN kept y ON x.o = y.o AND x.item < y.item GROUP BY 1, 2 HAVING count(*) >= {LEAST})
SELECT count(*), sum(met), sum(na.n), sum(nb.n) FROM p
  JOIN n na ON na.item = p.a JOIN n nb ON nb.item = p.b"""
STEPS_SQL = """
WITH h AS (SELECT DISTINCT l.customer AS c, o.day AS d, l.category AS k FROM lines l
  JOIN orders o ON o."order" = l."order"),
v AS (SELECT DISTINCT c, d FROM h),
s AS (SELECT c, d, lead(d) OVER (PARTITION BY c ORDER BY d) AS e FROM v)
SELECT count(*), sum(met), sum(days) FROM (
  SELECT x.k, y.k, count(*) AS met, median(s.e - s.d) AS days FROM s
  JOIN h x ON x.c = s.c AND x.d = s.d JOIN h y ON y.c = s.c AND y.d = s.e
  GROUP BY 1, 2 HAVING count(*) >= 10)"""
HITS_SQL = """
WITH f AS (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY "order") AS nth FROM orders),
l AS (SELECT lines.*, f.day, f.nth FROM lines JOIN f USING ("order")),
r AS (SELECT item_id, count(*) AS again FROM (SELECT item_id, customer FROM l GROUP BY ALL
  HAVING count(DISTINCT day) > 1) GROUP BY 1)
SELECT count(*), sum(fen), sum(n), sum(buyers), sum(coalesce(again, 0)), sum(firsts) FROM (
  SELECT item_id, sum(item_paid_fen) AS fen, count(DISTINCT "order") AS n,
    count(DISTINCT customer) AS buyers,
    count(DISTINCT CASE WHEN nth = 1 THEN "order" END) AS firsts
  FROM l GROUP BY 1) LEFT JOIN r USING (item_id)"""


def say(name: str, ours: float, theirs: float | None) -> None:
    beside = "" if theirs is None else f"   DuckDB {theirs:7.2f} s  {theirs / ours:5.1f} x"
    verdict = "reached" if ours <= GOAL else "MISSED"
    print(f"{name:34} {ours:7.2f} s{beside}   goal {GOAL:.0f} s: {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=2_000_000)
    book = made(parser.parse_args().orders)
    db = duckdb.connect()
    db.execute("CREATE TABLE x (a INT)")
    db.register("orders_", book.orders)
    db.register("lines_", book.lines)
    db.execute('CREATE TABLE orders AS SELECT "order", customer, day FROM orders_')
    db.execute('CREATE TABLE lines AS SELECT "order", customer, item_id::VARCHAR AS item_id, '
               "category::VARCHAR AS category, item_paid_fen FROM lines_")  # fmt: skip
    print(f"{book.orders.num_rows:,} orders, {book.lines.num_rows:,} lines, {PRODUCTS:,} products")
    seconds, goods = timed(lambda: goods_of(book))
    say("order book to arrays", seconds, None)
    every = Scope(0, FIRST + DAYS)

    def both(name: str, ours: Callable[[], Any], told: Callable[[Any], Any], sql: str) -> None:
        mine, answer = timed(ours)
        theirs, row = timed(lambda: db.execute(sql).fetchone())
        expected = [float(value) for value in row]
        found = [float(value) for value in told(answer)]
        assert np.allclose(found, expected, rtol=1e-12), (name, found, expected)
        say(name, mine, theirs)

    both(
        "pairs of products, same order",
        lambda: pairs_of(goods, PairsQuestion(every, least=LEAST)),
        lambda p: (len(p), p.both.sum(), *_by_name(p, goods)),
        PAIRS_SQL,
    )
    by_category = Scope(0, FIRST + DAYS, level="category")
    steps = lambda: transitions_of(goods, StepsQuestion(by_category), most=1_000_000)  # noqa: E731
    both("steps of categories, with medians", steps,
         lambda s: (len(s), s.both.sum(), s.days.sum()), STEPS_SQL)  # fmt: skip
    both(
        "hits: sales, buyers, repeat, firsts",
        lambda: hits_of(goods, every, None, FIRST + DAYS),
        lambda h: (
            len(h),
            h.sales_fen.sum(),
            h.orders.sum(),
            h.buyers.sum(),
            h.repeat.sum(),
            h.first_orders.sum(),
        ),
        HITS_SQL,
    )
    alone(goods, every, by_category)


def _by_name(pairs: Any, goods: Any) -> tuple[int, int]:
    """Baskets of the first and the second of each pair, first by name as SQL has it."""
    names = np.array(goods.units["product"].names)
    swapped = names[pairs.a] > names[pairs.b]
    return (
        int(np.where(swapped, pairs.of_b, pairs.of_a).sum()),
        int(np.where(swapped, pairs.of_a, pairs.of_b).sum()),
    )


def alone(goods: Any, every: Scope, by_category: Scope) -> None:
    pairs = PairsQuestion(every, "customer", 30, LEAST)
    say("pairs of products, same customer", timed(lambda: pairs_of(goods, pairs))[0], None)
    visits = lambda: visits_of(goods, by_category, until=by_category.last)  # noqa: E731
    say("next category, with its holdout", timed(lambda: hold_out_next(visits(), 90))[0], None)
    category = goods.units["category"].category

    def restocks() -> None:
        bought = bought_of(goods, by_category)
        expected_of(bought, rhythms_of(bought, category))
        hold_out_restocks(bought, category, until=by_category.last, days=180)

    say("restock dates, with their holdout", timed(restocks)[0], None)


if __name__ == "__main__":
    main()
