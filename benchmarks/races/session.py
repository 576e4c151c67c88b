"""Visits cut after 30 idle minutes, by day.

The others count visits, people, depth, bounces and length by day; we find entries, exits,
histograms and medians on the way.
"""

from __future__ import annotations

from engines import Rows
from race import Race
from yutang.analysis import Result

IDLE = 1_800
# Arrays are what chdb is fastest with here: its table is sorted by customer and second.
CHDB = """
SELECT intDiv(v[1] + 28800, 86400) AS day, count(), uniqExact(customer),
       sum(length(v)) / count(), countIf(length(v) = 1) / count(), sum(v[-1] - v[1]) / count()
FROM (SELECT customer, arrayJoin(arraySplit((t, d) -> d > {idle}, ts, arrayDifference(ts))) AS v
      FROM (SELECT customer, arraySort(groupArray(second)) AS ts FROM e GROUP BY customer))
GROUP BY day ORDER BY day
"""
DUCKDB = """
WITH m AS (SELECT customer, second, CASE WHEN second - lag(second) OVER (
             PARTITION BY customer ORDER BY second) <= {idle} THEN 0 ELSE 1 END AS cut FROM e),
s AS (SELECT customer, second, sum(cut) OVER (
        PARTITION BY customer ORDER BY second ROWS UNBOUNDED PRECEDING) AS visit FROM m),
v AS (SELECT customer, min(second) AS first, max(second) AS last, count(*) AS depth
      FROM s GROUP BY customer, visit)
SELECT (first + 28800) // 86400 AS day, count(*), count(DISTINCT customer),
       sum(depth) / count(*), count(*) FILTER (depth = 1) / count(*), sum(last - first) / count(*)
FROM v GROUP BY day ORDER BY day
"""
_SHOWN = ("sessions", "people", "depth", "bounce_rate", "seconds")
_FIRST_DAY = 19_723  # 2024-01-01, days since 1970


def read(result: Result) -> Rows:
    return [
        [_FIRST_DAY + place, *(row[name] for name in _SHOWN)]
        for place, row in enumerate(result.rows)
    ]


RACES = (
    Race(
        "session",
        {"idle_minutes": IDLE // 60},
        read,
        chdb={"arrays by customer": CHDB.format(idle=IDLE)},
        duckdb={"window functions": DUCKDB.format(idle=IDLE)},
        goals={"": 4},
    ),
)
