"""Four steps within seven days: as it is asked most, and with a filter and a breakdown.

We answer as a page asks: with tie rules, the steps' times and the trend by day; the engines find
depths only.
"""

from __future__ import annotations

from typing import Any

from engines import Rows
from race import Race
from yutang.analysis import Result

STEPS, WINDOW, LEAST = (0, 3, 5, 9), 7 * 86_400, 500
GOALS = {"chdb": 3, "DuckDB": 30}
PLAIN: dict[str, Any] = {
    "steps": [{"event": f"event_{code}"} for code in STEPS],
    "window": {"value": 7, "unit": "day"},
}
FULL = {
    **PLAIN,
    "steps": [
        *PLAIN["steps"][:-1],
        {**PLAIN["steps"][-1], "filter": {"property": "amount", "op": ">=", "value": LEAST}},
    ],
    "group": ["customer.ten"],
}

DUCK = """
WITH s AS (SELECT customer, second, CASE code WHEN {0} THEN 0 WHEN {1} THEN 1 WHEN {2} THEN 2
                  ELSE 3 END AS step FROM e WHERE code IN ({0}, {1}, {2}) OR ({last})),
a AS (SELECT *, max(CASE WHEN step = 0 THEN second END) OVER w AS s0 FROM s
      WINDOW w AS (PARTITION BY customer ORDER BY second, step ROWS UNBOUNDED PRECEDING)),
b AS (SELECT *, max(CASE WHEN step = 1 AND second - s0 <= {window} THEN s0 END) OVER w AS s1 FROM a
      WINDOW w AS (PARTITION BY customer ORDER BY second, step ROWS UNBOUNDED PRECEDING)),
c AS (SELECT *, max(CASE WHEN step = 2 AND second - s1 <= {window} THEN s1 END) OVER w AS s2 FROM b
      WINDOW w AS (PARTITION BY customer ORDER BY second, step ROWS UNBOUNDED PRECEDING))
SELECT {group}, depth, count(*) FROM (
  SELECT customer, max(CASE WHEN step = 3 AND second - s2 <= {window} THEN 4
                            WHEN s2 IS NOT NULL THEN 3 WHEN s1 IS NOT NULL THEN 2
                            WHEN s0 IS NOT NULL THEN 1 ELSE 0 END) AS depth
  FROM c GROUP BY customer) AS d WHERE depth > 0 GROUP BY 1, 2
"""


def chdb(group: str, last: str) -> dict[str, str]:
    """windowFunnel over all events, and over the funnel's own."""
    steps = ", ".join([*(f"code = {code}" for code in STEPS[:-1]), last])
    own = f"WHERE code IN ({', '.join(map(str, STEPS))})"
    text = (
        f"SELECT {group}, depth, count() FROM (SELECT customer,"
        f" windowFunnel({WINDOW})(second, {steps}) AS depth FROM e {{where}} GROUP BY customer)"
        " WHERE depth > 0 GROUP BY 1, 2"
    )
    return {"all events": text.format(where=""), "the funnel's events": text.format(where=own)}


def duckdb(group: str, last: str) -> dict[str, str]:
    return {"window functions": DUCK.format(*STEPS, window=WINDOW, group=group, last=last)}


def read(result: Result) -> Rows:
    """People by group and the depth they reached, from people by step."""
    by_group: dict[Any, list[int]] = {}
    for row in result.rows:
        by_group.setdefault(row.get("group_1", 0), []).append(row["people"])
    return [
        [int(group), depth + 1, reached - further]
        for group, people in by_group.items()
        for depth, (reached, further) in enumerate(zip(people, [*people[1:], 0], strict=True))
    ]


_LAST = f"code = {STEPS[-1]}"
_PAID = f"{_LAST} AND amount >= {LEAST}"
RACES = (
    Race(
        "funnel", PLAIN, read, chdb=chdb("0", _LAST), duckdb=duckdb("0", _LAST), counts=True,
        goals=GOALS,
    ),
    Race(
        "funnel", FULL, read, chdb=chdb("customer % 10", _PAID),
        duckdb=duckdb("customer % 10", _PAID), about="filter, breakdown", counts=True, goals=GOALS,
    ),
)  # fmt: skip
