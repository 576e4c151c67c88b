"""The form model: shown, begun, submitted, succeeded, over attempts at three forms.

`python benchmarks/form.py [FOLDER] [--events N]`; see race.py. event_3 shows a form, event_5 fills
a field, event_7 submits, event_9 succeeds; which form is made of customer and second. The others
count the stages only; Yutang finds times, fields, blanks and the abandoned on the way.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from race import PaidFacts, Rows, race
from yutang.analysis import Result
from yutang.sequence.source import Column

IDLE, FORMS = 86_400, 3
SHOWN, FIELD, SUBMITTED, SUCCEEDED = 3, 5, 7, 9
SQL = """
WITH k AS (SELECT customer, second, (CASE code WHEN {shown} THEN 0 WHEN {field} THEN 1
             WHEN {submitted} THEN 2 ELSE 3 END) AS stage, ({big} * 7 + second) % {forms} AS form
           FROM e WHERE code IN ({shown}, {field}, {submitted}, {succeeded})),
m AS (SELECT customer, form, second, stage, CASE WHEN stage = 0 OR lag(stage) OVER w = 3
        OR row_number() OVER w = 1 OR second - lag(second) OVER w > {idle} THEN 1 ELSE 0 END AS cut
      FROM k WINDOW w AS (PARTITION BY customer, form ORDER BY second, stage)),
a AS (SELECT customer, form, stage, sum(cut) OVER (PARTITION BY customer, form
        ORDER BY second, stage ROWS UNBOUNDED PRECEDING) AS attempt FROM m),
f AS (SELECT customer, max(stage) AS far FROM a GROUP BY customer, form, attempt)
SELECT s.stage, count(*), count(DISTINCT customer)
FROM f CROSS JOIN (SELECT 0 AS stage UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS s
WHERE far >= s.stage GROUP BY s.stage ORDER BY s.stage
"""


class FormFacts(PaidFacts):
    """With the form of every event."""

    def columns(self) -> list[Column]:
        return [*super().columns(), Column("form", "string")]

    def batches(
        self, *, since: int = 0, whole: np.ndarray | None = None
    ) -> Iterator[pa.RecordBatch]:
        names = pa.array([f"form {number}" for number in range(FORMS)])
        for batch in super().batches(since=since, whole=whole):
            customer = np.asarray(batch.column("customer")).astype(np.int64)
            second = np.asarray(batch.column("time")) // 1000
            codes = pa.array(((customer * 7 + second) % FORMS).astype(np.int32))
            yield batch.append_column("form", pa.DictionaryArray.from_arrays(codes, names))


def read(result: Result) -> Rows:
    return [[row["step"] - 1, row["attempts"], row["people"]] for row in result.rows]


if __name__ == "__main__":
    numbers = {
        "shown": SHOWN,
        "field": FIELD,
        "submitted": SUBMITTED,
        "succeeded": SUCCEEDED,
        "idle": IDLE,
        "forms": FORMS,
    }
    race(
        "form",
        {
            "shown": {"event": f"event_{SHOWN}"},
            "field": {"event": f"event_{FIELD}"},
            "submitted": {"event": f"event_{SUBMITTED}"},
            "succeeded": {"event": f"event_{SUCCEEDED}"},
            "name": "form",
            "idle_minutes": IDLE // 60,
        },
        read,
        chdb=SQL.format(big="toUInt64(customer)", **numbers),
        duckdb=SQL.format(big="customer::BIGINT", **numbers),
        facts=FormFacts,
        goal=1,
        about=__doc__,
    )
