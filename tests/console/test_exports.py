"""Lists as files."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from python_calamine import CalamineWorkbook

from yutang.console.exports import download
from yutang.errors import BadInput
from yutang.kit.sheets import safe

HEADER = ["客户", "金额"]
ROWS = [["陈女士", 12.5], ["=HYPERLINK(1)", -3], [None, True]]


def body(response) -> bytes:
    async def read() -> bytes:
        return b"".join([part async for part in response.body_iterator])

    if not hasattr(response, "body_iterator"):
        return response.body
    with ThreadPoolExecutor(1) as pool:  # the browser tests leave a loop running in this thread
        return pool.submit(asyncio.run, read()).result()


def test_csv_opens_in_a_chinese_spreadsheet():
    response = download("csv", "客户", HEADER, ROWS)
    text = body(response).decode("utf-8-sig")
    assert body(download("csv", "x", HEADER, ROWS))[:3] == b"\xef\xbb\xbf"
    assert text.splitlines() == ["客户,金额", "陈女士,12.5", "'=HYPERLINK(1),-3", ",True"]
    assert "filename*=UTF-8''%E5%AE%A2%E6%88%B7.csv" in response.headers["content-disposition"]


def test_xlsx_holds_the_same_rows():
    raw = body(download("xlsx", "x", HEADER, ROWS))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    assert rows[0] == HEADER
    assert rows[1] == ["陈女士", 12.5]
    assert rows[2] == ["=HYPERLINK(1)", -3.0]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_kept_as_text(cell):
    assert safe(cell) == "'" + cell


def test_numbers_stay_numbers():
    assert safe(-3) == -3


def test_other_kinds_are_refused():
    with pytest.raises(BadInput):
        download("pdf", "x", HEADER, ROWS)
