"""Lists as files to download."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse

from yutang.errors import BadInput
from yutang.kit.sheets import Cell, Sheet, csv_bytes, xlsx_bytes

__all__ = ["Cell", "Sheet", "download", "named", "workbook"]

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"


def download(
    kind: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> Response:
    """The rows as a file called `name`.`kind`; kind is csv or xlsx."""
    if kind == "csv":
        body = StreamingResponse(csv_bytes(header, rows), media_type=CSV_TYPE)
        return named(body, f"{name}.csv")
    if kind == "xlsx":
        raw = xlsx_bytes([Sheet("Sheet1", header, rows)])
        return named(Response(raw, media_type=XLSX_TYPE), f"{name}.xlsx")
    raise BadInput("Lists can be exported as csv or xlsx, not as “%(kind)s”.", kind=kind[:20])


def workbook(name: str, sheets: Iterable[Sheet]) -> Response:
    """Several lists as one xlsx file."""
    return named(Response(xlsx_bytes(sheets), media_type=XLSX_TYPE), f"{name}.xlsx")


def named(response: Response, name: str) -> Response:
    """The answer as a file of that name."""
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
