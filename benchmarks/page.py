"""The page model: views, people, entries, exits and dwell of fifty pages, within visits.

`python benchmarks/page.py [FOLDER] [--events N]`; see race.py. event_0 is a view; its page is made
of customer and second, in all three the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from race import PaidFacts, Rows, race
from yutang.analysis import Result
from yutang.sequence.source import Column

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


class PageFacts(PaidFacts):
    """With the page of every view."""

    def columns(self) -> list[Column]:
        return [*super().columns(), Column("page", "string")]

    def batches(
        self, *, since: int = 0, whole: np.ndarray | None = None
    ) -> Iterator[pa.RecordBatch]:
        names = pa.array([f"{page:02d}" for page in range(PAGES)])
        for batch in super().batches(since=since, whole=whole):
            customer = np.asarray(batch.column("customer")).astype(np.int64)
            second = np.asarray(batch.column("time")) // 1000
            views = np.asarray(batch.column("event").indices) == 0
            codes = pa.array(((customer * 7 + second) % PAGES).astype(np.int32), mask=~views)
            pages = pa.DictionaryArray.from_arrays(codes, names)
            yield batch.append_column("page", pages)


def read(result: Result) -> Rows:
    return sorted([int(row["page"]), *(row[name] for name in _SHOWN)] for row in result.rows)


if __name__ == "__main__":
    numbers = {"idle": IDLE, "pages": PAGES}
    race(
        "page",
        {"view": {"event": "event_0"}, "idle_minutes": IDLE // 60, "items": PAGES},
        read,
        chdb=SQL.format(big="toUInt64(customer)", **numbers),
        duckdb=SQL.format(big="customer::BIGINT", **numbers),
        facts=PageFacts,
        about=__doc__,
    )
