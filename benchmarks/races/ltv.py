"""From each customer's first event_5, the amounts of event_9, over 60 days."""

from __future__ import annotations

from typing import Any

from engines import Rows
from race import Race
from yutang.analysis import Result

START, PAID, DAYS = 5, 9, (1, 7, 30, 60)
PARAMS: dict[str, Any] = {
    "start": {"event": f"event_{START}"},
    "revenue": [{"event": f"event_{PAID}", "property": "amount"}],
    "days": list(DAYS),
}
# Business days of Shanghai begin eight hours before UTC's.
DAY = "CAST(floor(({} + 28800) / 86400) AS BIGINT)"
SQL = """
SELECT {sums} FROM (
  SELECT d.customer AS who, d.ended AS ended, {of_one}
  FROM (
    SELECT customer, began, {first} AS first_day, {last} - {first} AS ended
    FROM (SELECT customer, min(second) AS began FROM e WHERE code = {start} GROUP BY customer) AS s
    CROSS JOIN (SELECT max(second) AS latest FROM e WHERE code >= 0) AS m
  ) AS d
  LEFT JOIN (SELECT customer, second, amount FROM e WHERE code = {paid}) AS p
  ON p.customer = d.customer
  GROUP BY d.customer, d.ended
) AS t
"""


def text() -> str:
    """One row: people, payers, revenue for each number of days."""
    sums, of_one = [], []
    for n in DAYS:
        within = f"p.second >= d.began AND {DAY.format('p.second')} - d.first_day < {n}"
        of_one.append(f"sum(CASE WHEN {within} THEN 1 ELSE 0 END) AS times_{n}")
        of_one.append(f"sum(CASE WHEN {within} THEN p.amount ELSE 0 END) AS money_{n}")
        sums.append(f"sum(CASE WHEN ended >= {n} THEN 1 ELSE 0 END)")
        sums.append(f"sum(CASE WHEN ended >= {n} AND times_{n} > 0 THEN 1 ELSE 0 END)")
        sums.append(f"sum(CASE WHEN ended >= {n} THEN money_{n} ELSE 0 END)")
    return SQL.format(
        start=START, paid=PAID, first=DAY.format("began"), last=DAY.format("latest"),
        sums=", ".join(sums), of_one=", ".join(of_one),
    )  # fmt: skip


def read(result: Result) -> Rows:
    return [[row[n] for row in result.rows for n in ("people", "payers", "revenue")]]


_SQL = {"join": text()}
RACES = (Race("ltv", PARAMS, read, chdb=_SQL, duckdb=_SQL, goals={"": 4}),)
