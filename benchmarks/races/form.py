"""Shown, begun, submitted, succeeded, over attempts at three forms.

event_3 shows a form, event_5 fills a field, event_7 submits, event_9 succeeds. The others count the
stages only; we find times, fields, blanks and the abandoned on the way.
"""

from __future__ import annotations

from engines import Rows
from race import Race
from yutang.analysis import Result

IDLE, FORMS = 86_400, 3
SHOWN, FIELD, SUBMITTED, SUCCEEDED = 3, 5, 7, 9
SQL = """
WITH k AS (SELECT customer, second, (CASE code WHEN {shown} THEN 0 WHEN {field} THEN 1
             WHEN {submitted} THEN 2 ELSE 3 END) AS stage, ({big} * 7 + second) % {forms} AS form
           FROM e WHERE code IN ({shown}, {field}, {submitted}, {succeeded})),
m AS (SELECT customer, form, second, stage, CASE WHEN stage = 0 OR lag(stage) OVER w = 3
        OR row_number() OVER w = 1 OR second - lag(second) OVER w > {idle} THEN 1 ELSE 0 END AS cut
      FROM k WINDOW w AS (PARTITION BY customer, form ORDER BY second, stage)),
a AS (SELECT customer, form, stage, sum(cut) OVER (PARTITION BY customer, form
        ORDER BY second, stage ROWS UNBOUNDED PRECEDING) AS attempt FROM m),
f AS (SELECT customer, max(stage) AS far FROM a GROUP BY customer, form, attempt)
SELECT s.stage, count(*), count(DISTINCT customer)
FROM f CROSS JOIN (SELECT 0 AS stage UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS s
WHERE far >= s.stage GROUP BY s.stage ORDER BY s.stage
"""


def read(result: Result) -> Rows:
    return [[row["step"] - 1, row["attempts"], row["people"]] for row in result.rows]


NUMBERS = {
    "shown": SHOWN,
    "field": FIELD,
    "submitted": SUBMITTED,
    "succeeded": SUCCEEDED,
    "idle": IDLE,
    "forms": FORMS,
}
RACES = (
    Race(
        "form",
        {
            "shown": {"event": f"event_{SHOWN}"},
            "field": {"event": f"event_{FIELD}"},
            "submitted": {"event": f"event_{SUBMITTED}"},
            "succeeded": {"event": f"event_{SUCCEEDED}"},
            "name": "form",
            "idle_minutes": IDLE // 60,
        },
        read,
        chdb={"window functions": SQL.format(big="toUInt64(customer)", **NUMBERS)},
        duckdb={"window functions": SQL.format(big="customer::BIGINT", **NUMBERS)},
    ),
)
