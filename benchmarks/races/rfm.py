"""Eight layers by the averages, orders and amounts of event_9."""

from __future__ import annotations

from typing import Any

from engines import Rows
from race import Race
from yutang.analysis import Result

PAID = 9
PARAMS: dict[str, Any] = {
    "orders": {"event": f"event_{PAID}"},
    "monetary": [{"event": f"event_{PAID}", "property": "amount"}],
}
DAY = "CAST(floor(({} + 28800) / 86400) AS BIGINT)"
SQL = """
SELECT layer, count(*), sum(f), sum(m) * 100 FROM (
  SELECT t.f AS f, t.m AS m, CASE WHEN t.r <= a.r THEN 100 ELSE 0 END
    + CASE WHEN t.f >= a.f THEN 10 ELSE 0 END + CASE WHEN t.m >= a.m THEN 1 ELSE 0 END AS layer
  FROM ({people}) AS t CROSS JOIN (SELECT avg(r) AS r, avg(f) AS f, avg(m) AS m FROM ({people}) AS q
  ) AS a
) AS u GROUP BY layer ORDER BY layer
"""
PEOPLE = """
SELECT customer, {latest} - {last} AS r, f, m FROM (
  SELECT customer, max(second) AS last, count(*) AS f, sum(amount) AS m
  FROM e WHERE code = {paid} GROUP BY customer
) AS s CROSS JOIN (SELECT max(second) AS latest FROM e WHERE code >= 0) AS k
"""


def read(result: Result) -> Rows:
    rows = [
        [int(row["segment"][:3]), row["people"], row["orders"], row["revenue_fen"]]
        for row in result.rows
        if row["people"]
    ]
    return sorted(rows)


_PEOPLE = PEOPLE.format(paid=PAID, latest=DAY.format("latest"), last=DAY.format("last"))
_SQL = {"by customer": SQL.format(people=_PEOPLE)}
RACES = (Race("rfm", PARAMS, read, chdb=_SQL, duckdb=_SQL),)
