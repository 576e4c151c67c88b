"""Views, people, entries, exits and dwell of fifty pages, within visits; event_0 is a view."""

from __future__ import annotations

from engines import Rows
from race import Race
from yutang.analysis import Result

IDLE, PAGES = 86_400, 50
SQL = """
WITH m AS (SELECT customer, second, code, CASE WHEN second - lag(second) OVER (
             PARTITION BY customer ORDER BY second, code) <= {idle} THEN 0 ELSE 1 END AS cut
           FROM e ),
s AS (SELECT customer, second, code, sum(cut) OVER (PARTITION BY customer ORDER BY second, code
        ROWS UNBOUNDED PRECEDING) AS visit FROM m),
r AS (SELECT customer, visit, second, code, row_number() OVER w AS place, count(*) OVER p AS size,
             max(second) OVER p AS final
      FROM s WINDOW w AS (PARTITION BY customer, visit ORDER BY second, code),
                    p AS (PARTITION BY customer, visit)),
v AS (SELECT customer, second, place, size, final, row_number() OVER w AS n,
             count(*) OVER p AS views,
             max(second) OVER (PARTITION BY customer, visit ORDER BY second, place
               ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS following
      FROM r WHERE code = 0 WINDOW w AS (PARTITION BY customer, visit ORDER BY second, place),
                                   p AS (PARTITION BY customer, visit))
SELECT ({big} * 7 + second) % {pages} AS page, count(*), count(DISTINCT customer),
       sum(CASE WHEN n = 1 THEN 1 ELSE 0 END), sum(CASE WHEN n = views THEN 1 ELSE 0 END),
       avg(CASE WHEN n < views THEN following - second
                WHEN place < size THEN final - second END)
FROM v GROUP BY page ORDER BY page
"""
_SHOWN = ("views", "people", "entries", "exits", "seconds")


def read(result: Result) -> Rows:
    return sorted([int(row["page"]), *(row[name] for name in _SHOWN)] for row in result.rows)


NUMBERS = {"idle": IDLE, "pages": PAGES}
RACES = (
    Race(
        "page",
        {"view": {"event": "event_0"}, "idle_minutes": IDLE // 60, "items": PAGES},
        read,
        chdb={"window functions": SQL.format(big="toUInt64(customer)", **NUMBERS)},
        duckdb={"window functions": SQL.format(big="customer::BIGINT", **NUMBERS)},
    ),
)
