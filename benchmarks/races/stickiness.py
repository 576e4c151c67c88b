"""Active days of a month, any event."""

from __future__ import annotations

from days import ch_month, duck_month, month_place
from engines import CH_DAY, DUCK_DAY, Rows
from race import Race
from yutang.analysis import Result


def read(result: Result) -> Rows:
    """People by month and active days."""
    return [[month_place(row["period"]), row["active"], row["people"]] for row in result.rows]


RACES = (
    Race(
        model="stickiness",
        params={"event": "*", "unit": "day", "within": "month"},
        read=read,
        chdb={
            "distinct days": f"""
            SELECT m, k, count() FROM (
              SELECT customer, {ch_month("day")} AS m, uniqExact(day) AS k
              FROM (SELECT customer, {CH_DAY} AS day FROM e) GROUP BY customer, m)
            GROUP BY m, k""",
            "days first": f"""
            SELECT m, k, count() FROM (
              SELECT customer, {ch_month("day")} AS m, count() AS k
              FROM (SELECT customer, {CH_DAY} AS day FROM e GROUP BY customer, day)
              GROUP BY customer, m)
            GROUP BY m, k""",
        },
        duckdb={
            "days first": f"""
            SELECT m, k, count(*) FROM (
              SELECT customer, {duck_month("day")} AS m, count(*) AS k
              FROM (SELECT DISTINCT customer, {DUCK_DAY} AS day FROM e)
              GROUP BY customer, m)
            GROUP BY m, k""",
            "bits by customer": f"""
            SELECT m, k, count(*) FROM (
              SELECT customer, {duck_month("day")} AS m,
                     bit_count(bit_or(1::BIGINT << ((day - 19723) % 32))) AS k
              FROM (SELECT customer, {DUCK_DAY} AS day FROM e) GROUP BY customer, m)
            GROUP BY m, k""",
        },
        goals={"": 4},
        counts=True,
    ),
)
