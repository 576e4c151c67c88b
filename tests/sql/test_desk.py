"""SQL sees what the console counts, only reads, and ends in time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from tests.pages import pond
from yutang.app import Services
from yutang.brand import Brand
from yutang.errors import BadInput
from yutang.settings import Settings
from yutang.sql import Limits, SqlDesk


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Brand:
    home = tmp_path_factory.mktemp("sql") / "home"
    pond.make(home)
    return Services.open(Settings(home=home)).brand("pond")


def ask(brand: Brand, sql: str) -> list[tuple[Any, ...]]:
    return brand.sql.ask(sql).rows


def test_events_are_those_of_the_models(brand: Brand) -> None:
    params = {
        "measures": [{"event": "*", "measure": "times"}, {"event": "*", "measure": "people"}],
        "unit": "total",
    }
    found = brand.analyse("event", params)["rows"][0]
    orders = "order_paid", "order_refunded", "item_bought"  # shards make these from orders
    made = {
        name: brand.analyse("event", {"measures": [{"event": name}], "unit": "total"})["rows"][0]
        for name in orders
    }
    (times,) = ask(brand, "SELECT count(*) FROM events")[0]
    assert times == found["A"] - sum(row["A"] for row in made.values())
    by_event = dict(ask(brand, "SELECT event, count(DISTINCT customer) FROM events GROUP BY 1"))
    for event, people in by_event.items():
        asked = {"measures": [{"event": event, "measure": "people"}], "unit": "total"}
        assert brand.analyse("event", asked)["rows"][0]["A"] == people


def test_customers_and_orders_are_those_of_the_console(brand: Brand) -> None:
    people = brand.customers.snapshot().people
    rows = ask(brand, "SELECT count(*), sum(orders), sum(net_fen) FROM customers")
    assert rows == [(int(people.alive.sum()), people.orders[people.alive].sum(),
                     people.net_fen[people.alive].sum())]  # fmt: skip
    book = brand.orders.current()
    assert ask(brand, "SELECT count(*) FROM orders") == [(book.orders.num_rows,)]
    assert ask(brand, "SELECT count(*) FROM order_lines") == [(book.lines.num_rows,)]
    per_customer = dict(
        ask(brand, "SELECT customer, sum(paid_fen) FROM orders WHERE paid GROUP BY 1")
    )
    assert all(people.paid_fen[who] == fen for who, fen in per_customer.items() if who)


def test_times_are_the_brands(brand: Brand) -> None:
    rows = ask(brand, "SELECT time, day FROM events ORDER BY time LIMIT 1")
    time, day = rows[0]
    assert (time.date(), time.tzinfo) == (day, None)
    first = brand.shards().span[0]  # type: ignore[index]
    assert time >= datetime.fromtimestamp(first / 1000, ZoneInfo(brand.row.zone)).replace(
        tzinfo=None, microsecond=0
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT content FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('http://127.0.0.1/x.parquet')",
        "SELECT * FROM duckdb_secrets()",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '64GB'",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW events",
        "SELECT 1; SELECT 2",
        "WITH x AS (INSERT INTO events VALUES (1)) SELECT 1",
        "SELECT * FROM people",  # a variable of the program
        "",
        "selec 1",
    ],
)
def test_it_only_reads_the_brands_tables(brand: Brand, sql: str) -> None:
    people = pa.table({"secret": [1]})
    with pytest.raises(BadInput) as refused:
        brand.sql.ask(sql)
    assert people.num_rows == 1
    assert "/root" not in str(refused.value)
    assert str(Path.home()) not in str(refused.value)


def test_what_takes_too_long_is_ended(brand: Brand) -> None:
    hurried = SqlDesk(brand.sql._tables, Limits(seconds=0.2))
    with pytest.raises(BadInput, match="longer than"):
        hurried.ask("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b")
    assert hurried.ask("SELECT 1").rows == [(1,)]


def test_what_takes_too_much_memory_is_ended(brand: Brand) -> None:
    small = SqlDesk(brand.sql._tables, Limits(memory_mb=64))
    with pytest.raises(BadInput, match="64 MB"):
        small.ask("SELECT list(range) FROM range(100000000)")


def test_no_more_rows_than_asked(brand: Brand) -> None:
    answer = brand.sql.ask("SELECT * FROM range(100)", rows=7)
    assert (len(answer.rows), answer.cut) == (7, True)
    assert not brand.sql.ask("SELECT * FROM range(7)", rows=7).cut


def test_a_mistake_is_told_with_its_place(brand: Brand) -> None:
    with pytest.raises(BadInput, match="nope") as refused:
        brand.sql.ask("SELECT nope\nFROM events")
    assert "LINE 1" in str(refused.value)
