"""From every event_1 to the next event_3, within 7 days."""

from __future__ import annotations

from typing import Any

from engines import Rows
from race import Race
from yutang.analysis import Result

FIRST, NEXT, LIMIT = 1, 3, 7 * 86_400
PARAMS: dict[str, Any] = {
    "first": {"event": f"event_{FIRST}"},
    "next": {"event": f"event_{NEXT}"},
    "limit": {"value": 7, "unit": "day"},
}
# The next end at or after each beginning: the least of the ends not before it.
PAIRS = """
SELECT customer, following - second AS wait FROM (
  SELECT customer, second, code, min(CASE WHEN code = {next} THEN second END) OVER (
    PARTITION BY customer ORDER BY second RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
  ) AS following FROM e WHERE code IN ({first}, {next})
) AS t WHERE code = {first} AND following - second <= {limit}
"""
# With arrays chdb is faster over a million events, and wants 280 GB over fifty million.
NUMBERS = {"first": FIRST, "next": NEXT, "limit": LIMIT}


def read(result: Result) -> Rows:
    row = result.rows[0]
    return [[row[n] for n in ("pairs", "people", "min", "p10", "p50", "p90", "max", "mean")]]


RACES = (
    Race(
        "interval",
        PARAMS,
        read,
        chdb={
            "window functions": "SELECT count(), uniqExact(customer), min(wait),"
            " quantileExactInclusive(0.1)(wait), quantileExactInclusive(0.5)(wait),"
            " quantileExactInclusive(0.9)(wait), max(wait), avg(wait)"
            f" FROM ({PAIRS.format(**NUMBERS)})"
        },
        duckdb={
            "window functions": "SELECT count(*), count(DISTINCT customer), min(wait),"
            " quantile_cont(wait, 0.1), quantile_cont(wait, 0.5), quantile_cont(wait, 0.9),"
            f" max(wait), avg(wait) FROM ({PAIRS.format(**NUMBERS)})"
        },
        goals={"": 4},
    ),
)
