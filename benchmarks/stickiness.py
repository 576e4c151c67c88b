"""Active days of a month, any event, three ways in one run (see engines.py).

`python benchmarks/stickiness.py [FOLDER] [--events N --customers N]`
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


def read(result: Result) -> Counts:
    """People by month and active days."""
    return {(month_place(row["period"]), row["active"]): row["people"] for row in result.rows}


QUESTION = Question(
    model="stickiness",
    params={"event": "*", "unit": "day", "within": "month"},
    read=read,
    chdb={
        "distinct days": f"""
            SELECT m, k, count() FROM (
              SELECT customer, {ch_month("day")} AS m, uniqExact(day) AS k
              FROM (SELECT customer, {CH_DAY} AS day FROM d.e) GROUP BY customer, m)
            GROUP BY m, k""",
        "days first": f"""
            SELECT m, k, count() FROM (
              SELECT customer, {ch_month("day")} AS m, count() AS k
              FROM (SELECT customer, {CH_DAY} AS day FROM d.e GROUP BY customer, day)
              GROUP BY customer, m)
            GROUP BY m, k""",
    },
    duckdb={
        "days first": f"""
            SELECT m, k, count(*) FROM (
              SELECT customer, {duck_month("day")} AS m, count(*) AS k
              FROM (SELECT DISTINCT customer, {DUCK_DAY} AS day FROM events)
              GROUP BY customer, m)
            GROUP BY m, k""",
        "bits by customer": f"""
            SELECT m, k, count(*) FROM (
              SELECT customer, {duck_month("day")} AS m,
                     bit_count(bit_or(1::BIGINT << ((day - 19723) % 32))) AS k
              FROM (SELECT customer, {DUCK_DAY} AS day FROM events) GROUP BY customer, m)
            GROUP BY m, k""",
    },
    goal=4,
)

if __name__ == "__main__":
    compare(QUESTION)
