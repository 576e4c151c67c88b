"""Tables as files: CSV that a spreadsheet opens in Chinese, and XLSX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter

from yutang.errors import BadInput

Cell = str | int | float | bool | None | date | datetime
# A cell that starts so would be run as a formula by a spreadsheet (CWE-1236).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
XLSX_ROWS = 1_048_575
_NAME = 31  # characters of a sheet's name
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass(frozen=True)
class Sheet:
    """One table under a name."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def safe(cell: Cell) -> Cell:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return "'" + cell
    return cell


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file in pieces."""
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


def xlsx_bytes(sheets: Iterable[Sheet]) -> bytes:
    """The file; names of sheets are cut and made different. Raises BadInput with too many rows."""
    target = io.BytesIO()
    options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False}
    with xlsxwriter.Workbook(target, {**options, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        names: set[str] = set()
        for number, one in enumerate(sheets, start=1):
            _fill(book.add_worksheet(_name(one.name, number, names)), one, bold)
    return target.getvalue()


def _fill(sheet: xlsxwriter.worksheet.Worksheet, one: Sheet, bold: object) -> None:
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, one.header, bold)
    for number, row in enumerate(one.rows, start=1):
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


def _name(name: str, number: int, taken: set[str]) -> str:
    """A name that a workbook takes: short, without signs of its own, none twice."""
    plain = _NOT_IN_NAMES.sub(" ", name).strip(" '") or f"Sheet{number}"
    plain = "History_" if plain.casefold() == "history" else plain  # a name Excel keeps for itself
    kept, again = plain[:_NAME], 1
    while kept.casefold() in taken:
        again += 1
        kept = f"{plain[: _NAME - 3 - len(str(again))]} ({again})"
    taken.add(kept.casefold())
    return kept
