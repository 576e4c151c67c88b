"""Times and exact people of event_0 by day and a property of thirteen values."""

from __future__ import annotations

from days import day_number
from engines import CH_DAY, DUCK_DAY, Rows
from race import Race
from yutang.analysis import Result

SQL = """
SELECT {day} AS day, ({big} * 7 + second) % 13 AS place, count(*), count(DISTINCT customer)
FROM e WHERE code = 0 GROUP BY 1, 2
"""


def read(result: Result) -> Rows:
    return [
        [day_number(row["bucket"]), int(row["group_1"]), row["A"], row["B"]] for row in result.rows
    ]


RACES = (
    Race(
        "event",
        {
            "measures": [
                {"event": "event_0", "measure": "times"},
                {"event": "event_0", "measure": "people"},
            ],
            "unit": "day",
            "group": ["place"],
        },
        read,
        chdb={
            "count distinct": SQL.format(day=CH_DAY, big="toUInt64(customer)").replace(
                "count(DISTINCT customer)", "uniqExact(customer)"
            )
        },
        duckdb={"count distinct": SQL.format(day=DUCK_DAY, big="customer::BIGINT")},
        about="people by a property",
        counts=True,
        goals={"": 1},
    ),
)
