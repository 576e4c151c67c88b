"""Any order file -> RawFile, by what its first bytes say, never by its extension."""

from __future__ import annotations

from pathlib import Path

from yutang.connectors.order_files.columnar import read_columnar
from yutang.connectors.order_files.delimited import read_delimited
from yutang.connectors.order_files.raw import LIMITS, Limits, RawFile, check_size
from yutang.connectors.order_files.sheets import read_sheet
from yutang.errors import BadInput

ZIP, OLE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"


def format_of(path: Path) -> str:
    """`xlsx`, `parquet` or `csv`; raises BadInput for a web page that calls itself a workbook."""
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith((ZIP, OLE)):
        return "xlsx"
    if start.startswith(PARQUET):
        return "parquet"
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<html", b"<!doctype", b"<table")):
        raise BadInput(
            "This is a web page saved with the name of a workbook.",
            hint="Open it in a spreadsheet program, set the id columns to text, save it as XLSX.",
            code="html_file",
        )
    return "csv"


def read_table(path: Path | str, limits: Limits = LIMITS) -> RawFile:
    """Read a CSV, TSV, XLSX or Parquet file as text.

    Raises BadInput for files that are missing, too large, encrypted, damaged or without a header.
    """
    path = Path(path)
    check_size(path, limits)
    readers = {"xlsx": read_sheet, "parquet": read_columnar, "csv": read_delimited}
    return readers[format_of(path)](path, limits)
