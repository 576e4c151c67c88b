"""How often in a month, any event, in buckets, three ways in one run (see engines.py).

`python benchmarks/distribution.py [FOLDER] [--events N --customers N]`
"""

from __future__ import annotations

from engines import (
    CH_DAY,
    DUCK_DAY,
    Counts,
    Question,
    ch_month,
    compare,
    duck_month,
    month_place,
)
from yutang.analysis import Result

EDGES = (2, 3, 5, 10, 20, 50, 100)


def read(result: Result) -> Counts:
    """People by month and lower edge of the bucket."""
    return {
        (month_place(row["period"]), int(row["least"] or 0)): row["people"] for row in result.rows
    }


BUCKET = "CASE " + " ".join(f"WHEN k >= {e} THEN {e}" for e in reversed(EDGES)) + " ELSE 0 END"

QUESTION = Question(
    model="distribution",
    params={"event": "*", "unit": "month", "buckets": list(EDGES)},
    read=read,
    chdb={
        "by customer and month": f"""
            SELECT m, {BUCKET} AS b, count() FROM (
              SELECT customer, {ch_month(CH_DAY)} AS m, count() AS k FROM d.e
              GROUP BY customer, m)
            GROUP BY m, b""",
        "by customer": f"""
            SELECT m, {BUCKET} AS b, count() FROM (
              SELECT sumMap([{ch_month(CH_DAY)}], [toUInt32(1)]) AS t FROM d.e GROUP BY customer)
            ARRAY JOIN t.1 AS m, t.2 AS k GROUP BY m, b""",
    },
    duckdb={
        "by customer and month": f"""
            SELECT m, {BUCKET} AS b, count(*) FROM (
              SELECT customer, {duck_month(DUCK_DAY)} AS m, count(*) AS k FROM events
              GROUP BY customer, m)
            GROUP BY m, b""",
    },
    goal=1,
)

if __name__ == "__main__":
    compare(QUESTION)
