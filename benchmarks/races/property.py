"""Customers with an event in some days, by attributes of ten and seven values.

The attributes are remainders of the customer's number, so the engines work them out.
"""

from __future__ import annotations

from typing import Any

from engines import Rows
from race import Race
from yutang.analysis import Result

PARAMS: dict[str, Any] = {
    "group": ["customer.ten", "customer.seven"],
    "measures": [{"measure": "sum", "property": "customer.seven"}],
    "from": "2024-01-10",
    "to": "2024-02-29",
    "top": 100,
}
BEGIN, END = 1_704_816_000, 1_709_222_400  # those days in Shanghai
SQL = f"""
SELECT customer % 10 AS ten, customer % 7 AS seven, count(*) AS people,
  CAST(sum(customer % 7) AS DOUBLE) AS total
FROM (SELECT DISTINCT customer FROM e WHERE second >= {BEGIN} AND second < {END}) AS t
GROUP BY ten, seven ORDER BY ten, seven
"""


def read(result: Result) -> Rows:
    return sorted([r["group_1"], r["group_2"], r["people"], r["A"]] for r in result.rows)


_SQL = {"by customer": SQL}
RACES = (Race("property", PARAMS, read, chdb=_SQL, duckdb=_SQL),)
