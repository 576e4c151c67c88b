"""Parquet files: typed columns turned into the text that loses nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yutang.connectors.order_files.headers import unique_names
from yutang.connectors.order_files.raw import Limits, RawFile, check_columns, clean_rows
from yutang.errors import BadInput


def read_columnar(path: Path, limits: Limits) -> RawFile:
    """Read a Parquet file; the header counts as row 1, as if it were a spreadsheet."""
    file = open_parquet(path)
    unpacked = sum(
        file.metadata.row_group(group).total_byte_size
        for group in range(file.metadata.num_row_groups)
    )
    if unpacked > limits.max_unpacked:
        raise BadInput(
            "The file unpacks to more than %(limit)s MB.",
            hint="Split it by month.",
            code="file_too_large",
            limit=limits.max_unpacked >> 20,
        )
    check_columns(len(file.schema_arrow), limits)
    try:
        typed = file.read()
    except pa.ArrowException as error:
        raise _damaged(error) from error
    table, ignored = as_text(typed)
    source = pa.array(np.arange(2, 2 + table.num_rows, dtype=np.int64))
    table, source_row, errors, dropped = clean_rows(table, source, limits)
    return RawFile(
        table=table,
        source_row=source_row,
        errors=errors,
        format="parquet",
        dropped=dropped,
        ignored_columns=ignored,
    )


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file; raises BadInput when it is damaged."""
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> BadInput:
    return BadInput(
        "The Parquet file cannot be read: %(detail)s", code="damaged_file", detail=str(error)
    )


def as_text(table: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    """Every column as text, names normalised; and the names of nested columns left out."""
    nested = tuple(entry.name for entry in table.schema if pa.types.is_nested(entry.type))
    flat = table.drop_columns(list(nested)) if nested else table
    names = unique_names(flat.column_names)
    columns = {name: text_column(column) for name, column in zip(names, flat.columns, strict=True)}
    return pa.table(columns), nested


def text_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Exact text: shortest round-trip digits for floats, ISO for times, `true`/`false`.

    >>> text_column(pa.chunked_array([[17850.0, 2.55, 0.1]])).to_pylist()
    ['17850', '2.55', '0.1']
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return text_column(column.cast(kind.value_type))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return column.cast(pa.string())
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            column, suffix = column.cast(pa.timestamp(kind.unit, "UTC")), "+0000"
            naive = column.cast(pa.timestamp(kind.unit))
            return pc.binary_join_element_wise(_time_text(naive), suffix, "")
        return _time_text(column)
    return column.cast(pa.string())


def _time_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """ISO text in milliseconds, or in seconds when no value has a fraction."""
    millis = column.cast(pa.timestamp("ms"), safe=False)
    seconds = millis.cast(pa.timestamp("s"), safe=False)
    whole = pc.all(pc.equal(seconds.cast(pa.timestamp("ms")), millis)).as_py()
    return (millis if whole is False else seconds).cast(pa.string())
