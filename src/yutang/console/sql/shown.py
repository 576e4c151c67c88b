"""What is shown of an answer in SQL: cells, a table, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from yutang.console.analyse.answer import Cell, Grid, Head
from yutang.console.charts import Chart, Series
from yutang.console.guard import Session
from yutang.identity import mask_text
from yutang.kit.plain import plain
from yutang.sql import Answer

POINTS = 200  # of a picture
NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT")


def cell_of(value: Any) -> str | int | float | bool | None:
    """As it is shown and exported: personal values masked, times as text."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    found = plain(value)
    if isinstance(found, list | dict):
        found = str(found)
    return mask_text(found) if isinstance(found, str) and not isinstance(value, date) else found


def is_number(type_: str) -> bool:
    return type_.startswith(NUMBERS) or type_.startswith(("UINT", "BIGINT", "UBIGINT", "SMALLINT"))


def chart_of(answer: Answer, session: Session) -> Chart | None:
    """A picture where the first column names things or days and the others count them."""
    kinds = [is_number(type_) for _, type_ in answer.columns]
    if not 2 <= len(answer.rows) <= POINTS or len(kinds) < 2 or kinds[0] or not any(kinds):
        return None
    first = answer.columns[0][1]
    series = [
        Series(name, _numbers(answer.rows, i))
        for i, (name, _type) in enumerate(answer.columns)
        if kinds[i]
    ]
    labels = [str(cell_of(row[0])) for row in answer.rows]
    say = session.text("%(what)s by %(by)s", what=series[0].name, by=answer.columns[0][0])
    return Chart("line" if first.startswith(("DATE", "TIME")) else "bar", labels, series, say)


def _numbers(rows: Sequence[Sequence[Any]], i: int) -> list[float | None]:
    found = (plain(row[i]) for row in rows)
    return [float(one) if isinstance(one, int | float) else None for one in found]


def grid_of(answer: Answer) -> Grid:
    heads = [Head(name, "number" if is_number(type_) else "text") for name, type_ in answer.columns]
    rows = tuple(tuple(Cell(cell_of(one)) for one in row) for row in answer.rows)
    return Grid(tuple(heads), rows)
