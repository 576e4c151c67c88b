"""event_9 credited to the events 1 to 3 of the 7 days before, last touch.

The engines credit the last touch after the previous conversion; so do we, and count touches and
people by channel.
"""

from __future__ import annotations

from typing import Any

from engines import Rows
from race import Race
from yutang.analysis import Result

TARGET, TOUCHES, BACK = 9, (1, 2, 3), 7 * 86_400
PARAMS: dict[str, Any] = {
    "target": {"event": f"event_{TARGET}"},
    "value": "amount",
    "touches": [{"event": f"event_{code}"} for code in TOUCHES],
    "look_back": {"value": 7, "unit": "day"},
    "model": "last",
}
# Of one second touches come before conversions, and touches by code, as race.py stores them.
SQL = """
SELECT code, max(touches), max(people), sum(credit), sum(worth) FROM (
  SELECT code, count(*) AS touches, count(DISTINCT customer) AS people, 0 AS credit, 0.0 AS worth
  FROM e WHERE code IN (1, 2, 3) GROUP BY code
  UNION ALL
  SELECT channel, 0, 0, count(*), sum(amount) FROM (
    SELECT amount, second, code,
      max(CASE WHEN code <> {target} THEN second END) OVER w AS touched,
      max(CASE WHEN code <> {target} THEN CAST(second AS BIGINT) * 32 + code END) OVER w % 32
        AS channel,
      max(CASE WHEN code = {target} THEN second END) OVER (
        PARTITION BY customer ORDER BY second, code = {target}
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM e WHERE code IN (1, 2, 3, {target})
    WINDOW w AS (PARTITION BY customer ORDER BY second, code = {target}
                 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ) AS t WHERE code = {target} AND second - touched <= {back}
    AND (before IS NULL OR touched > before)
  GROUP BY channel
) AS u GROUP BY code ORDER BY code
"""


def read(result: Result) -> Rows:
    rows = sorted(result.rows, key=lambda row: row["channel"])
    names = ("touches", "people", "conversions", "value")
    return [[int(row["channel"].removeprefix("event_")), *(row[n] for n in names)] for row in rows]


_SQL = {"window functions": SQL.format(target=TARGET, back=BACK)}
RACES = (Race("attribution", PARAMS, read, chdb=_SQL, duckdb=_SQL, goals={"": 4}),)
