"""The property model: customers with an event in some days, by attributes of ten and seven values.

`python benchmarks/property.py [FOLDER] [--events N]`; see race.py. The attributes are remainders
of the customer's number, so the engines work them out; the goal is that of the event model.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from race import Rows, race
from yutang.analysis import Result
from yutang.sequence.source import Attribute

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


def attributes(customers: int) -> dict[str, Attribute]:
    ids = np.arange(customers + 1)
    return {
        name: Attribute("number", (ids % size).astype(np.float64))
        for name, size in (("ten", 10), ("seven", 7))
    }


def read(result: Result) -> Rows:
    return sorted([r["group_1"], r["group_2"], r["people"], r["A"]] for r in result.rows)


if __name__ == "__main__":
    race(
        "property", PARAMS, read, chdb=SQL, duckdb=SQL, attributes=attributes, goal=1, about=__doc__
    )
