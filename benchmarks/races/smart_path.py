"""The last two of eight events before the first event_9, within 7 days."""

from __future__ import annotations

from engines import Rows
from race import Race
from yutang.analysis import Result

TARGET, NODES, WINDOW, NONE = 9, 8, 7 * 86_400, 99
CHDB = """
SELECT if(length(q) > 1, q[-2], {none}) AS one, if(length(q) > 0, q[-1], {none}) AS two,
       countIf(reached) AS people, countIf(NOT reached) AS others
FROM (SELECT reached, arrayCompact(arrayFilter((c, t) -> t <= until AND t + {window} >= until,
             a.2, a.1)) AS q
  FROM (SELECT arraySort(groupArrayIf((second, code), code < {nodes})) AS a,
               countIf(code = {target}) > 0 AS reached,
               if(reached, minIf(second, code = {target}), maxIf(second, code < {nodes})) AS until
        FROM e WHERE code < {nodes} OR code = {target} GROUP BY customer))
GROUP BY one, two HAVING people > 0 ORDER BY one, two
"""
DUCKDB = """
WITH r AS (SELECT customer, second, code, min(CASE WHEN code = {target} THEN second END) OVER w
             AS hit, max(CASE WHEN code < {nodes} THEN second END) OVER w AS final
           FROM e WHERE code < {nodes} OR code = {target} WINDOW w AS (PARTITION BY customer)),
k AS (SELECT customer, second, code, lag(code) OVER (PARTITION BY customer
             ORDER BY second DESC, code DESC) AS later
      FROM r WHERE code < {nodes} AND second <= coalesce(hit, final)
               AND second + {window} >= coalesce(hit, final)),
f AS (SELECT customer, code, row_number() OVER (PARTITION BY customer
             ORDER BY second DESC, code DESC) AS n FROM k WHERE later IS NULL OR later <> code),
q AS (SELECT customer, max(CASE WHEN n = 2 THEN code END) AS one,
             max(CASE WHEN n = 1 THEN code END) AS two FROM f GROUP BY customer),
p AS (SELECT customer, max(hit) IS NOT NULL AS reached FROM r GROUP BY customer)
SELECT coalesce(one, {none}) AS one, coalesce(two, {none}) AS two,
       count(*) FILTER (reached) AS people, count(*) FILTER (NOT reached) AS others
FROM p LEFT JOIN q USING (customer) GROUP BY 1, 2 HAVING people > 0 ORDER BY 1, 2
"""
NUMBERS = {"target": TARGET, "nodes": NODES, "window": WINDOW, "none": NONE}


def _codes(label: str) -> list[int]:
    if label == "(nothing before)":
        return [NONE, NONE]
    found = [int(name.removeprefix("event_")) for name in label.split(" → ")]
    return [NONE] * (2 - len(found)) + found


def read(result: Result) -> Rows:
    rows = [r for r in result.rows if r["people"]]
    return sorted([*_codes(r["sequence"]), r["people"], r["others"]] for r in rows)


RACES = (
    Race(
        "smart_path",
        {
            "target": {"event": f"event_{TARGET}"},
            "events": {"event": [f"event_{code}" for code in range(NODES)]},
            "steps": 2,
            "top": 100,
        },
        read,
        chdb={"arrays by customer": CHDB.format(**NUMBERS)},
        duckdb={"window functions": DUCKDB.format(**NUMBERS)},
    ),
)
