"""Five layers from event_2 on, within visits, each link with its people."""

from __future__ import annotations

from engines import Rows
from race import Race
from yutang.analysis import Result

START, IDLE, LAYERS, LEFT = 2, 86_400, 5, 99
CHDB = """
SELECT layer, p[layer] AS source, if(layer < length(p), p[layer + 1], {left}) AS target,
       count(), uniqExact(customer)
FROM (SELECT customer, p, arrayJoin(range(1, toUInt8(least(length(p), {layers} - 1)) + 1)) AS layer
  FROM (SELECT customer, arraySlice(arrayCompact(arraySlice(v, indexOf(v, {start}))), 1, {layers})
               AS p
    FROM (SELECT customer, arrayJoin(arraySplit((c, d) -> d > {idle}, cs, arrayDifference(ts))) AS v
      FROM (SELECT customer, arraySort(groupArray((second, code))) AS a, a.1 AS ts, a.2 AS cs
            FROM e GROUP BY customer))
    WHERE has(v, {start})))
GROUP BY layer, source, target ORDER BY layer, source, target
"""
DUCKDB = """
WITH m AS (SELECT customer, second, code, CASE WHEN second - lag(second) OVER (
             PARTITION BY customer ORDER BY second, code) <= {idle} THEN 0 ELSE 1 END AS cut
           FROM e),
s AS (SELECT *, sum(cut) OVER (PARTITION BY customer ORDER BY second, code
        ROWS UNBOUNDED PRECEDING) AS visit FROM m),
b AS (SELECT *, max(CASE WHEN code = {start} THEN 1 ELSE 0 END) OVER (PARTITION BY customer, visit
        ORDER BY second, code ROWS UNBOUNDED PRECEDING) AS begun FROM s),
f AS (SELECT customer, visit, second, code, lag(code) OVER w AS before FROM b WHERE begun = 1
      WINDOW w AS (PARTITION BY customer, visit ORDER BY second, code)),
n AS (SELECT customer, code, row_number() OVER w AS layer, lead(code) OVER w AS target
      FROM f WHERE before IS NULL OR before <> code
      WINDOW w AS (PARTITION BY customer, visit ORDER BY second, code))
SELECT layer, code AS source, coalesce(target, {left}) AS target, count(*),
       count(DISTINCT customer)
FROM n WHERE layer < {layers} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
NUMBERS = {"start": START, "idle": IDLE, "layers": LAYERS, "left": LEFT}


def _code(label: str) -> int:
    return LEFT if label == "(left)" else int(label.removeprefix("event_"))


def read(result: Result) -> Rows:
    return sorted(
        [r["layer"], _code(r["source"]), _code(r["target"]), r["sessions"], r["people"]]
        for r in result.rows
    )


RACES = (
    Race(
        "path",
        {
            "start": {"event": f"event_{START}"},
            "idle_minutes": IDLE // 60,
            "layers": LAYERS,
            "nodes": 20,
        },
        read,
        chdb={"arrays by customer": CHDB.format(**NUMBERS)},
        duckdb={"window functions": DUCKDB.format(**NUMBERS)},
        goals={"": 4},
    ),
)
