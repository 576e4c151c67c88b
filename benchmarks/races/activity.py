"""New, continuing, returning and lost customers by week."""

from __future__ import annotations

from days import LAST_DAY, day_number
from engines import CH_DAY, DUCK_DAY, Rows
from race import Race
from yutang.analysis import Result

EVENT, ABSENCE = 0, 2
LAST = (LAST_DAY + 3) // 7
STATES = ("new", "continuing", "returning", "outflow")


def read(result: Result) -> Rows:
    """People by week and state."""
    return [
        [(day_number(row["period"]) + 3) // 7, i, row[name]]
        for row in result.rows
        for i, name in enumerate(STATES)
    ]


def duck() -> str:
    week = f"({DUCK_DAY} + 3) // 7"
    return f"""
        WITH a AS (SELECT DISTINCT customer, {week} AS w FROM e WHERE code = {EVENT}),
        g AS (SELECT w, w - lag(w) OVER o AS gap, lead(w) OVER o AS next FROM a
              WINDOW o AS (PARTITION BY customer ORDER BY w))
        SELECT w, CASE WHEN gap IS NULL THEN 0 WHEN gap <= {ABSENCE} THEN 1 ELSE 2 END AS s,
               count(*) FROM g GROUP BY w, s
        UNION ALL
        SELECT w + {ABSENCE}, 3, count(*) FROM g
        WHERE w + {ABSENCE} < coalesce(next, {LAST} + 1) GROUP BY w"""


def chdb() -> str:
    week = f"intDiv({CH_DAY} + 3, 7)"
    return f"""
        SELECT at, s, count() FROM (
          SELECT arraySort(groupUniqArray({week})) AS weeks FROM e WHERE code = {EVENT}
          GROUP BY customer)
        ARRAY JOIN
          arrayConcat(
            arrayMap((w, p) -> (w, p = 0 ? 0 : (w - p <= {ABSENCE} ? 1 : 2)), weeks,
                     arrayPushFront(arrayPopBack(weeks), 0)),
            arrayMap((w, n) -> (w + {ABSENCE}, w + {ABSENCE} < n ? 3 : 9), weeks,
                     arrayPushBack(arrayPopFront(weeks), {LAST} + 1))) AS t
        WHERE t.2 < 9 GROUP BY t.1 AS at, t.2 AS s"""


RACES = (
    Race(
        model="activity",
        params={"event": f"event_{EVENT}", "unit": "week", "absence": ABSENCE},
        read=read,
        chdb={"arrays by customer": chdb()},
        duckdb={"window functions": duck()},
        goals={"": 4},
        counts=True,
    ),
)
