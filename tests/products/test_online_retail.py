"""A year of a real shop: the same figures by SQL over its bare file."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from yutang.app import Services
from yutang.brand import Brand
from yutang.cli import app
from yutang.installation import Installation
from yutang.products import (
    Goods,
    PairsQuestion,
    Scope,
    StepsQuestion,
    hit_row,
    hits_of,
    pair_row,
    pairs_of,
    step_row,
    transitions_of,
)
from yutang.products.pairs import MOST_IN_ORDER
from yutang.settings import Settings

FILE = (
    Path(os.environ.get("YUTANG_SHARED", "../shared"))
    / "data/online_retail/online_retail.parquet"
)  # fmt: skip
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not here"),
]
ALL = Scope(0, 10**5)
# A sale is a line of more than 0 pounds on an invoice that is no cancellation.
LINES = f"""
    SELECT InvoiceNo AS invoice, CustomerID AS customer, StockCode AS item, Quantity AS pieces,
      CAST(InvoiceDate AS DATE) AS day, round(Quantity * UnitPrice * 100) AS fen
    FROM '{FILE}' WHERE InvoiceNo NOT LIKE 'C%'
      AND Quantity > 0 AND round(Quantity * UnitPrice * 100) > 0
"""


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Brand:
    home = tmp_path_factory.mktemp("retail") / "home"
    Installation.create(home).add_brand("shop", "Shop")
    done = CliRunner().invoke(app, ["import", "orders", str(FILE), "--home", str(home)])
    assert done.exit_code == 0, done.output
    return Services.open(Settings(home=home)).brand("shop")


@pytest.fixture(scope="module")
def goods(brand: Brand) -> Goods:
    return brand.products.goods()


@pytest.fixture(scope="module")
def sql() -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute(f"CREATE TABLE lines AS {LINES}")
    return db


def item_of(goods: Goods) -> dict[str, str]:
    """Id of a product → its item number, by how ids are made."""
    import hashlib

    rows = duckdb.sql(f"SELECT DISTINCT StockCode FROM '{FILE}'").fetchall()
    known = {hashlib.blake2b(f"i:{c}".encode(), digest_size=8).hexdigest(): c for (c,) in rows}
    return {key: known[key] for key in goods.units["product"].keys}


def test_pairs_are_those_of_a_self_join(goods: Goods, sql: duckdb.DuckDBPyConnection) -> None:
    found = pairs_of(goods, PairsQuestion(ALL, least=100))
    items = item_of(goods)
    sql.execute(f"""
        CREATE TABLE basket AS SELECT DISTINCT invoice, item FROM lines
          SEMI JOIN (SELECT invoice FROM lines GROUP BY 1
            HAVING count(DISTINCT item) <= {MOST_IN_ORDER}) USING (invoice)""")
    (baskets,) = sql.execute("SELECT count(DISTINCT invoice) FROM basket").fetchone()
    expected = {
        (a, b): (both, of_a, of_b) for a, b, both, of_a, of_b in sql.execute("""
            WITH n AS (SELECT item, count(*) AS n FROM basket GROUP BY 1),
            p AS (SELECT x.item AS a, y.item AS b, count(*) AS met FROM basket x
              JOIN basket y ON x.invoice = y.invoice AND x.item < y.item GROUP BY 1, 2
              HAVING count(*) >= 100)
            SELECT a, b, met, na.n, nb.n FROM p JOIN n na ON na.item = a JOIN n nb ON nb.item = b
        """).fetchall()
    }  # fmt: skip
    told = {}
    for place in range(len(found)):
        row = pair_row(found, goods, place)
        a, b = (items[row["a"]], row["of_a"]), (items[row["b"]], row["of_b"])
        (a, of_a), (b, of_b) = sorted((a, b))
        told[a, b] = (row["both"], of_a, of_b)
    assert found.baskets == baskets
    assert len(expected) > 500
    assert told == expected


def test_what_sells_is_what_sums_say(goods: Goods, sql: duckdb.DuckDBPyConnection) -> None:
    found = hits_of(goods, ALL, None, 20_000)
    items = item_of(goods)
    expected = {
        item: rest for item, *rest in sql.execute("""
            SELECT item, CAST(sum(fen) AS BIGINT), count(DISTINCT invoice),
              count(DISTINCT customer), CAST(sum(CASE WHEN pieces > 1000 THEN 1 ELSE pieces END)
                AS DOUBLE)
            FROM lines GROUP BY 1""").fetchall()
    }  # fmt: skip
    told = {}
    for place in range(len(found)):
        row = hit_row(found, goods, place)
        if row["orders"]:
            told[items[row["id"]]] = [row["sales_fen"], row["orders"], row["buyers"], row["pieces"]]
    assert told == expected
    repeat = dict(sql.execute("""
        SELECT item, count(*) FROM (SELECT item, customer FROM lines WHERE customer IS NOT NULL
          GROUP BY ALL HAVING count(DISTINCT day) > 1) GROUP BY 1""").fetchall())  # fmt: skip
    for place in range(200):
        row = hit_row(found, goods, place)
        assert row["repeat"] == repeat.get(items[row["id"]], 0)


def test_steps_are_those_of_window_functions(goods: Goods, sql: duckdb.DuckDBPyConnection) -> None:
    found = transitions_of(goods, StepsQuestion(ALL, least=100))
    items = item_of(goods)
    expected = {
        (a, b): (both, days) for a, b, both, days in sql.execute("""
            WITH d AS (SELECT DISTINCT customer, day FROM lines WHERE customer IS NOT NULL),
            s AS (SELECT customer, day, lead(day) OVER (PARTITION BY customer ORDER BY day) AS nxt
              FROM d),
            h AS (SELECT DISTINCT customer, day, item FROM lines WHERE customer IS NOT NULL)
            SELECT x.item, y.item, count(*) AS met, median(s.nxt - s.day) FROM s
            JOIN h x ON x.customer = s.customer AND x.day = s.day
            JOIN h y ON y.customer = s.customer AND y.day = s.nxt
            GROUP BY 1, 2 HAVING count(*) >= 100""").fetchall()
    }  # fmt: skip
    among = {items[found.visits.units.keys[int(n)]] for n in found.visits.things}
    expected = {pair: told for pair, told in expected.items() if set(pair) <= among}
    told = {}
    for place in range(len(found)):
        row = step_row(found, place)
        told[items[row["a"]], items[row["b"]]] = (row["both"], row["days"])
    assert len(told) > 50
    assert len(told) + found.left_out == len(expected)
    assert told == {pair: expected[pair] for pair in told}


def test_the_holdouts_are_honest_about_a_real_shop(brand: Brand) -> None:
    products = brand.products
    scope = products.scope({"period": "all", "level": "product"})
    told = products.next_holdout(scope)
    rates = {one.method: one.rate(3) for one in told.by_method}
    assert rates["model"] > rates["popular"]
    assert rates["model"] > rates["same_again"]
    restocks = products.restock_holdout(scope, 180, clear=False)
    assert restocks.came > 500
    assert restocks.coverage is not None
    assert 0.6 < restocks.coverage < 0.95
