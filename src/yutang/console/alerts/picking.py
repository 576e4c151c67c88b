"""The numbers of a report's answer that an alert can watch, as a table to choose from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from yutang import analysis
from yutang.alerts import cell_of, key_columns, period_column, tables_of, value_columns
from yutang.console.analyse.answer import Asked, key_label, kind_of, title_of
from yutang.console.analyse.present import TABLES
from yutang.console.analyse.present_event import measure_titles
from yutang.console.analyse.words import vocabulary
from yutang.console.guard import Session
from yutang.errors import BadInput
from yutang.reports import Report, resolved

MOST_ROWS = 60
MOST_TABLES = 6


@dataclass(frozen=True)
class Pick:
    """One number: `value` stands for it in the form; shown: the newest one."""

    value: str
    shown: Any
    kind: str
    title: str


@dataclass(frozen=True)
class PickTable:
    """title: "" for the answer's own table; by_period: its numbers go on period by period."""

    title: str
    keys: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[Pick, ...]], ...]
    by_period: bool
    is_cut: bool


def picks_of(session: Session, report: Report) -> tuple[tuple[PickTable, ...], analysis.Result]:
    """Tables of numbers to choose, of the report's answer of now. Raises BadInput, NotFound."""
    if report.model == "sql":
        raise BadInput(
            "An alert cannot watch a question in SQL.",
            hint="Save the number as a report of a model, such as events.",
        )
    shards = session.brand.shards()
    params = resolved(report.params, session.brand.measure.today())
    result = analysis.answered(report.model, shards, params, today=session.brand.measure.today())
    asked = Asked(session, vocabulary(session, shards), report.model, params, result)
    if report.model == "event":
        titles = measure_titles(asked)
        asked = Asked(session, asked.words, report.model, params, result, titles)
    found = [
        _table(asked, name, table)
        for name, table in list(tables_of(result).items())[:MOST_TABLES]
        if table.rows and value_columns(table)
    ]
    return tuple(found), result


def _table(asked: Asked, name: str, table: Any) -> PickTable:
    keys, columns = key_columns(table), value_columns(table)
    newest: dict[str, tuple[dict[str, Any], Any]] = {}
    for row in table.rows:  # of several periods the last row wins
        cell = cell_of(table, row)
        newest[json.dumps(cell, ensure_ascii=False)] = (cell, row)
    heads = tuple(title_of(asked, column) for column in columns)
    rows = []
    for cell, row in list(newest.values())[:MOST_ROWS]:
        labels = tuple(str(key_label(asked, key, row.get(key.name))) for key in keys)
        where = " · ".join(labels)
        rows.append((labels, tuple(
            Pick(
                json.dumps({"table": name, "cell": cell, "column": column.name},
                           ensure_ascii=False, sort_keys=True),
                row.get(column.name), kind_of(column),
                f"{where} · {heads[i]}" if where else heads[i],
            )
            for i, column in enumerate(columns)
        )))  # fmt: skip
    title = asked.session.text(TABLES.get(name, name)) if name else ""
    return PickTable(
        title,
        tuple(title_of(asked, key) for key in keys),
        heads,
        tuple(rows),
        period_column(table) is not None,
        len(newest) > MOST_ROWS,
    )


def value_of(watch: Any) -> str:
    """The form's value of a stored watch."""
    kept = {"table": watch.table, "cell": dict(watch.cell), "column": watch.column}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def find(tables: tuple[PickTable, ...], value: str) -> Pick | None:
    """The number that a form's value stands for."""
    for table in tables:
        for _, picks in table.rows:
            for one in picks:
                if one.value == value:
                    return one
    return None
