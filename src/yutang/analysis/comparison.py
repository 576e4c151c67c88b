"""Puts the result of another range or of other people beside one: `NAME_compared` columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from yutang.analysis.contract import Column, Result, Table
from yutang.analysis.groups import OTHER_LABEL

_KEYS = ("group", "text", "period")
# Numbers that say which row it is, not what was counted there.
_PLACES = ("step", "n", "n_to", "active")


def _is_key(column: Column) -> bool:
    return column.kind in _KEYS or column.name in _PLACES


def beside(result: Result, other: Result) -> Result:
    """`result` with the values of `other` in the rows that mean the same.

    Rows are matched by step and groups, and periods by their place (first day to first day).
    """
    tables = {
        name: _join(table, other.tables[name]) if name in other.tables else table
        for name, table in result.tables.items()
    }
    return replace(result, table=_join(result.table, other.table), tables=tables)


def with_chart(result: Result, other: Result) -> Result:
    """`result` with the chart of `other` as `beside`, and what must be known of that one."""
    caveats = tuple(one for one in other.caveats if one not in result.caveats)
    chart = {**result.chart, "beside": other.chart}
    return replace(result, chart=chart, caveats=(*result.caveats, *caveats))


def _join(table: Table, other: Table) -> Table:
    values = [c for c in table.columns if not _is_key(c)]
    found = _by_key(other)
    rows = []
    for key, row in _by_key(table).items():
        # OTHER holds other groups in the other range; there is nothing to compare it with.
        match = {} if OTHER_LABEL in key else found.get(key, {})
        rows.append({**row, **{f"{c.name}_compared": match.get(c.name) for c in values}})
    added = [
        Column(f"{c.name}_compared", f"{c.zh}（对比）", f"{c.en} (compared)", c.kind)
        for c in values
    ]
    return Table((*table.columns, *added), rows)


def _by_key(table: Table) -> dict[tuple[Any, ...], dict[str, Any]]:
    names = [c.name for c in table.columns if _is_key(c) and c.name != "open"]
    periods = {c.name for c in table.columns if c.kind == "period"}
    places: dict[Any, int] = {}
    out = {}
    for row in table.rows:
        key = [_hashable(row[name]) for name in names]
        for i, name in enumerate(names):
            if name in periods:
                key[i] = places.setdefault(key[i], len(places))
        out[tuple(key)] = row
    return out


def _hashable(value: Any) -> Any:
    """RFM's edges are lists."""
    return tuple(value) if isinstance(value, list) else value
