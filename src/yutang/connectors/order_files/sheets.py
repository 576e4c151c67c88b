"""XLSX (and old XLS) workbooks: the first sheet with data, every cell as the text it stands for."""

from __future__ import annotations

import datetime as dt
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from yutang.connectors.order_files.headers import find_header, unique_names
from yutang.connectors.order_files.raw import Limits, RawFile, check_columns, clean_rows
from yutang.errors import BadInput

# A spreadsheet keeps 15 significant digits: a longer whole number has lost its last ones.
EXACT_WHOLE = 10**15
CHUNK = 1 << 20


def read_sheet(path: Path, limits: Limits) -> RawFile:
    """Read the first sheet with data; raises BadInput for encrypted or damaged workbooks."""
    check_unpacked(path, limits)
    rows = sheet_rows(path)
    index = find_header(rows)
    if index is None:
        raise BadInput(
            "No header row was found.",
            hint="The first rows must contain the names of the columns.",
            code="no_header",
        )
    width = max(len(row) for row in rows)
    check_columns(width, limits)
    names = unique_names([*rows[index], *[""] * (width - len(rows[index]))])
    body = rows[index + 1 :]
    columns = list(zip(*body, strict=True)) if body else [()] * width
    table = pa.table(
        {name: _text_column(cells) for name, cells in zip(names, columns, strict=True)}
    )
    source = pa.array(np.arange(index + 2, index + 2 + len(body), dtype=np.int64))
    table, source_row, errors, dropped = clean_rows(table, source, limits)
    unnamed = [
        name
        for place, name in enumerate(names, start=1)
        if name == f"column_{place}" and not any(table[name].unique().to_pylist())
    ]
    return RawFile(
        table=table.drop_columns(unnamed) if unnamed else table,
        source_row=source_row,
        errors=errors,
        format="xlsx",
        header_row=index + 1,
        dropped=dropped,
    )


def sheet_rows(path: Path, limit: int | None = None) -> list[list[object]]:
    """Cells of the first sheet that holds any, from row 1; `limit` rows at most."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            for name in book.sheet_names:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=limit)
                if any(cell != "" for row in rows for cell in row):
                    return rows  # type: ignore[return-value]
    except PasswordError as error:
        raise BadInput(
            "The workbook is protected by a password.",
            hint="Remove the password and upload it again.",
            code="encrypted_file",
        ) from error
    except CalamineError as error:
        raise BadInput(
            "The workbook cannot be read: %(detail)s",
            hint="Open it in a spreadsheet program and save it as XLSX again.",
            code="damaged_file",
            detail=str(error),
        ) from error
    raise BadInput("The workbook holds no data.", code="empty_file")


def check_unpacked(path: Path, limits: Limits) -> None:
    """Refuse a workbook that unpacks to more than the limit, whatever its directory claims."""
    if not zipfile.is_zipfile(path):
        return
    left = limits.max_unpacked
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for entry in archive.infolist():
            left -= _inflated(file, entry, left)
            if left < 0:
                raise BadInput(
                    "The workbook unpacks to more than %(limit)s MB.",
                    hint="Split it, or save it as CSV.",
                    code="file_too_large",
                    limit=limits.max_unpacked >> 20,
                )


def _inflated(file: object, entry: zipfile.ZipInfo, most: int) -> int:
    """Bytes the entry really unpacks to, counted by unpacking; stops soon after `most`."""
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        return max(entry.file_size, entry.compress_size)
    file.seek(entry.header_offset + 26)  # type: ignore[attr-defined]
    lengths = file.read(4)  # type: ignore[attr-defined]
    skip = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:4], "little")
    file.seek(entry.header_offset + 30 + skip)  # type: ignore[attr-defined]
    inflater, count, packed = zlib.decompressobj(-15), 0, entry.compress_size
    while packed > 0 and not inflater.eof and count <= most:
        block = file.read(min(CHUNK, packed))  # type: ignore[attr-defined]
        if not block:
            break
        packed -= len(block)
        while block and not inflater.eof and count <= most:
            try:
                count += len(inflater.decompress(block, CHUNK))
            except zlib.error:
                return count
            block = inflater.unconsumed_tail
    return count


def _text_column(cells: tuple[object, ...]) -> pa.Array:
    """A column as text. Mostly text already: only other types go cell by cell."""
    if all(type(cell) is str for cell in cells):
        return pa.array(cells, pa.string())
    return pa.array([cell if type(cell) is str else text_of(cell) for cell in cells], pa.string())


def text_of(cell: object) -> str:
    """The text a cell stands for; whole numbers past 15 digits show that digits were lost.

    >>> text_of(12.0), text_of(2.55), text_of(3512345678901234567.0)
    ('12', '2.55', '3.51234567890123E+18')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number_text(cell)
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat(" ") if isinstance(cell, dt.datetime) else cell.isoformat()
    return str(cell)


def _number_text(number: int | float) -> str:
    if abs(number) >= EXACT_WHOLE:
        return f"{number:.14E}"
    if float(number).is_integer():
        return str(int(number))
    return repr(float(number))
