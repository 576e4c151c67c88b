"""Lists as files: CSV that a spreadsheet opens in Chinese, and XLSX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import xlsxwriter
from fastapi import Response
from fastapi.responses import StreamingResponse

from yutang.errors import BadInput

Cell = str | int | float | bool | None | date | datetime
# A cell that starts so would be run as a formula by a spreadsheet (CWE-1236).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_ROWS = 1_048_575


def download(
    kind: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> Response:
    """The rows as a file called `name`.`kind`; kind is csv or xlsx."""
    if kind == "csv":
        body = StreamingResponse(_csv(header, rows), media_type="text/csv; charset=utf-8")
        return _named(body, f"{name}.csv")
    if kind == "xlsx":
        return _named(Response(_xlsx(header, rows), media_type=XLSX_TYPE), f"{name}.xlsx")
    raise BadInput("Lists can be exported as csv or xlsx, not as “%(kind)s”.", kind=kind[:20])


def safe(cell: Cell) -> Cell:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return "'" + cell
    return cell


def _csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff".encode()  # Excel takes a file without this mark for GBK
    writer.writerow(header)
    for number, row in enumerate(rows, start=1):
        writer.writerow([safe(cell) for cell in row])
        if number % 1000 == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def workbook(
    name: str, sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]
) -> Response:
    """Several lists as one xlsx file, each (title, header, rows) on a sheet of its own."""
    return _named(Response(_book(sheets), media_type=XLSX_TYPE), f"{name}.xlsx")


def _xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    return _book([("", header, rows)])


def _book(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    target = io.BytesIO()
    options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False}
    taken: set[str] = set()
    with xlsxwriter.Workbook(target, {**options, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for title, header, rows in sheets:
            sheet = book.add_worksheet(_sheet_name(title, taken) if title else None)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, header, bold)
            _write(sheet, rows)
    return target.getvalue()


def _write(sheet: Any, rows: Iterable[Sequence[Cell]]) -> None:
    for number, row in enumerate(rows, start=1):
        if number > XLSX_ROWS:
            raise BadInput(
                "A spreadsheet holds at most %(rows)d rows.",
                hint="Export as csv instead.",
                rows=XLSX_ROWS,
            )
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_string(number, column, cell.isoformat())
            elif cell is not None:
                sheet.write(number, column, cell)


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name that spreadsheets take: at most 31 characters, none of []:*?/\\, none twice."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '") or "-"
    plain = "History_" if plain.casefold() == "history" else plain  # a name Excel keeps for itself
    name, number = plain[:31], 1
    while name.casefold() in taken:
        number += 1
        name = f"{plain[: 28 - len(str(number))]} ({number})"
    taken.add(name.casefold())
    return name


def _named(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
