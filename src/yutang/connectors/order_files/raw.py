"""A table file as text: the shape every reader yields, its limits, and the rows to leave out.

Readers (delimited, sheets, columnar) turn a file into string columns with normalised header
names. What is common to all happens here: empty rows, total rows, cells that are too long.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yutang.catalog.orders import ROW_ERRORS
from yutang.connectors.order_files.headers import BLANKS
from yutang.errors import BadInput

# Cells in which a total row announces itself: nothing but the word, a colon, figures and units.
TOTAL_ROW = (
    r"^[\s'\"=\x{3000}]*(?i:(?:本页)?(?:总计|合计|汇总|小计|总和)|(?:grand )?totals?)"
    r"[\s\x{3000}:：\d.,¥￥元条笔单共\-\"]*$"
)
# A total row names itself in one of its first cells; looking further would cost and mislead.
TOTAL_COLUMNS = 3
# Characters of a cell kept in an error report: enough to see what it was, and to mend most rows.
ERROR_CELL = 1000


@dataclass(frozen=True)
class Limits:
    """What is too much. Bytes of the file, bytes unpacked (XLSX), columns, characters in a cell.

    32,767 is the most a spreadsheet cell can hold; 500 columns is three times the widest export.
    """

    max_bytes: int = 2 << 30
    max_unpacked: int = 4 << 30
    max_columns: int = 500
    max_cell: int = 32_767


LIMITS = Limits()


@dataclass(frozen=True)
class RawFile:
    """A file's rows as text.

    table: string columns named by normalised headers. source_row: for each row of the table the
    1-based row a spreadsheet shows. errors: rows that could not be read (catalog ROW_ERRORS).
    header_row: 1-based row of the header. dropped: counts of `empty` and `total` rows left out,
    `ignored_columns` names nested columns that have no text form.
    """

    table: pa.Table
    source_row: pa.Array
    errors: pa.Table
    format: str
    header_row: int = 1
    encoding: str | None = None
    delimiter: str | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()

    @property
    def header(self) -> list[str]:
        return list(self.table.column_names)


def error_table(rows: Iterable[dict[str, object]]) -> pa.Table:
    """Row errors from dictionaries; columns that a dictionary lacks are null."""
    return pa.Table.from_pylist(list(rows), schema=ROW_ERRORS)


def clip(text: str | None) -> str:
    """A cell as an error report shows it: its first characters."""
    return (text or "")[:ERROR_CELL]


def record_json(names: Sequence[str], cells: Sequence[object]) -> str:
    """One raw row as JSON, cells beyond the header under `more`."""
    record: dict[str, object] = dict(zip(names, cells, strict=False))
    if len(cells) > len(names):
        record["more"] = list(cells[len(names) :])
    return json.dumps(record, ensure_ascii=False)


def check_size(path: Path, limits: Limits) -> None:
    """Raise BadInput for a missing, empty or too large file."""
    if not path.is_file():
        raise BadInput("There is no file %(name)s.", code="no_file", name=path.name)
    size = path.stat().st_size
    if size == 0:
        raise BadInput("The file %(name)s is empty.", code="empty_file", name=path.name)
    if size > limits.max_bytes:
        raise BadInput(
            "The file %(name)s is larger than %(limit)s MB.",
            hint="Split it by month, or raise the limit in the settings.",
            code="file_too_large",
            name=path.name,
            limit=limits.max_bytes >> 20,
        )


def check_columns(count: int, limits: Limits) -> None:
    if count > limits.max_columns:
        raise BadInput(
            "The file has %(count)s columns; at most %(limit)s are read.",
            hint="Remove the columns that are not needed.",
            code="too_many_columns",
            count=count,
            limit=limits.max_columns,
        )


def is_blank(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether each cell is null, empty or only blanks."""
    short = pc.less_equal(pc.fill_null(pc.binary_length(column), 0), 0)
    if pc.any(pc.match_substring_regex(column, r"^[\s\x{3000}\x{a0}]+$")).as_py():
        short = pc.equal(pc.utf8_length(pc.utf8_trim(pc.fill_null(column, ""), BLANKS)), 0)
    return short


def is_total(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(column, TOTAL_ROW), False)


def clean_rows(
    table: pa.Table, source_row: pa.Array, limits: Limits
) -> tuple[pa.Table, pa.Array, pa.Table, dict[str, int]]:
    """Leave out empty rows and total rows; set rows with damaged or endless cells aside.

    Returns table, source rows, errors, and the counts of rows left out.
    """
    if table.num_rows == 0 or table.num_columns == 0:
        return table, source_row, ROW_ERRORS.empty_table(), {"empty": 0, "total": 0}
    empty = _empty_rows(table)
    total = _total_rows(table)
    damaged = _damaged_rows(table, limits)
    reasons = {index: why for index, why in damaged.items() if not total[index]}
    errors = [
        {
            "row": source_row[index].as_py(),
            "column": column,
            "reason": reason,
            "value": clip(table[column][index].as_py()),
            "record": record_json(
                table.column_names, [clip(cells[index].as_py()) for cells in table.columns]
            ),
        }
        for index, (column, reason) in sorted(reasons.items())
    ]
    keep = ~(empty | total)
    keep[list(reasons)] = False
    dropped = {"empty": int(empty.sum()), "total": int(total.sum())}
    if keep.all():
        return table, source_row, error_table(errors), dropped
    mask = pa.array(keep)
    return table.filter(mask), source_row.filter(mask), error_table(errors), dropped


def _mask(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)


def _empty_rows(table: pa.Table) -> np.ndarray:
    """Rows without any text; most rows leave the search at their first column."""
    empty = _mask(is_blank(table.column(0)))
    for column in table.columns[1:]:
        if not empty.any():
            break
        candidates = np.flatnonzero(empty)
        blank = _mask(is_blank(column.take(pa.array(candidates))))
        empty[candidates] = blank
    return empty


def _total_rows(table: pa.Table) -> np.ndarray:
    """Rows whose first cell with text is that of a total row."""
    total = np.zeros(table.num_rows, dtype=bool)
    unread = np.ones(table.num_rows, dtype=bool)
    for column in table.columns[:TOTAL_COLUMNS]:
        places = np.flatnonzero(unread)
        if not len(places):
            break
        cells = column if len(places) == table.num_rows else column.take(pa.array(places))
        total[places] = _mask(is_total(cells))
        unread[places] = _mask(is_blank(cells))
    return total


def _damaged_rows(table: pa.Table, limits: Limits) -> dict[int, tuple[str, str]]:
    """Row index -> (column, reason) for cells that are too long or could not be decoded."""
    found: dict[int, tuple[str, str]] = {}
    for name in table.column_names:
        column = table[name]
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if longest > limits.max_cell:
            long = pc.greater(pc.utf8_length(column), limits.max_cell)
            for index in np.flatnonzero(_mask(pc.fill_null(long, False))):
                found.setdefault(int(index), (name, "too_large"))
        damaged = pc.fill_null(pc.match_substring(column, "\ufffd"), False)
        if pc.any(damaged).as_py():
            for index in np.flatnonzero(_mask(damaged)):
                found.setdefault(int(index), (name, "malformed_row"))
    return found
