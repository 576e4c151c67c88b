"""The day retention matrix over 90 days."""

from __future__ import annotations

from days import day_number
from engines import CH_DAY, DUCK_DAY, Rows
from race import Race
from yutang.analysis import Result

START, RETURN, DAYS = 0, 1, 89


def read(result: Result) -> Rows:
    """People by cohort day and days after."""
    return [[day_number(row["cohort"]), row["n"], row["people"]] for row in result.rows]


RACES = (
    Race(
        model="retention",
        params={
            "start": f"event_{START}",
            "return": f"event_{RETURN}",
            "unit": "day",
            "periods": DAYS,
        },
        read=read,
        chdb={
            "arrays by customer": f"""
            SELECT c, d - c AS n, count() FROM (
              SELECT minIf({CH_DAY}, code = {START}) AS c,
                     groupUniqArrayIf({CH_DAY}, code = {RETURN}) AS days,
                     countIf(code = {START}) AS starts
              FROM e WHERE code IN ({START}, {RETURN}) GROUP BY customer HAVING starts > 0)
            ARRAY JOIN days AS d WHERE d > c GROUP BY c, n""",
            "join": f"""
            SELECT c, d - c AS n, count() FROM
              (SELECT customer, min({CH_DAY}) AS c FROM e WHERE code = {START}
               GROUP BY customer) AS s
            JOIN (SELECT DISTINCT customer, {CH_DAY} AS d FROM e WHERE code = {RETURN}) AS r
            USING (customer) WHERE d > c GROUP BY c, n""",
        },
        duckdb={
            "join": f"""
            WITH s AS (SELECT customer, min({DUCK_DAY}) AS c FROM e WHERE code = {START}
                       GROUP BY customer),
                 r AS (SELECT DISTINCT customer, {DUCK_DAY} AS d FROM e
                       WHERE code = {RETURN})
            SELECT c, d - c AS n, count(*) FROM s JOIN r USING (customer) WHERE d > c
            GROUP BY c, n""",
            "bits by customer": f"""
            WITH b AS (
              SELECT min({DUCK_DAY}) FILTER (code = {START}) AS c,
                     bit_or(1::HUGEINT << ({DUCK_DAY} - 19723)) FILTER (code = {RETURN}) AS days
              FROM e WHERE code IN ({START}, {RETURN}) GROUP BY customer)
            SELECT c, n, count(*) FROM b, range(1, 90) AS t(n)
            WHERE c + n - 19723 < 90 AND (days >> (c + n - 19723)::INTEGER) & 1 = 1
            GROUP BY c, n""",
        },
        goals={"": 20},
        counts=True,
    ),
)
