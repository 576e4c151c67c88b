"""How often in a month, any event, in buckets."""

from __future__ import annotations

from days import ch_month, duck_month, month_place
from engines import CH_DAY, DUCK_DAY, Rows
from race import Race
from yutang.analysis import Result

EDGES = (2, 3, 5, 10, 20, 50, 100)


def read(result: Result) -> Rows:
    """People by month and lower edge of the bucket."""
    return [
        [month_place(row["period"]), int(row["least"] or 0), row["people"]] for row in result.rows
    ]


BUCKET = "CASE " + " ".join(f"WHEN k >= {e} THEN {e}" for e in reversed(EDGES)) + " ELSE 0 END"

RACES = (
    Race(
        model="distribution",
        params={"event": "*", "unit": "month", "buckets": list(EDGES)},
        read=read,
        chdb={
            "by customer and month": f"""
            SELECT m, {BUCKET} AS b, count() FROM (
              SELECT customer, {ch_month(CH_DAY)} AS m, count() AS k FROM e
              GROUP BY customer, m)
            GROUP BY m, b""",
        },
        duckdb={
            "by customer and month": f"""
            SELECT m, {BUCKET} AS b, count(*) FROM (
              SELECT customer, {duck_month(DUCK_DAY)} AS m, count(*) AS k FROM e
              GROUP BY customer, m)
            GROUP BY m, b""",
        },
        counts=True,
    ),
)
