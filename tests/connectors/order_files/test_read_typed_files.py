import datetime as dt
import decimal
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from yutang.connectors.order_files import Limits, read_table
from yutang.errors import BadInput


def workbook(path, rows, sheet="订单", empty_first=False):
    with xlsxwriter.Workbook(path) as book:
        if empty_first:
            book.add_worksheet("空")
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, dt.datetime):
                    page.write_datetime(r, c, cell, day)
                elif cell is not None:
                    page.write(r, c, cell)
    return path


def test_a_workbook_is_read_as_text_from_its_first_sheet_with_data(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx",
        [
            ["订单导出"],
            ["订单号", "下单时间", "实付金额", "数量"],
            ["A1", dt.datetime(2024, 5, 1, 12, 30), 10.5, 2],
            [None, None, None, None],
            ["A2", "2024/5/1 12:00", "￥3.00", 1],
            ["合计", None, 13.5, 3],
        ],
        empty_first=True,
    )
    raw = read_table(path)
    assert raw.format == "xlsx"
    assert raw.header_row == 2
    assert [list(row.values()) for row in raw.table.to_pylist()] == [
        ["A1", "2024-05-01 12:30:00", "10.5", "2"],
        ["A2", "2024/5/1 12:00", "￥3.00", "1"],
    ]
    assert raw.source_row.to_pylist() == [3, 5]
    assert raw.dropped == {"empty": 1, "total": 1}


def test_a_number_with_more_digits_than_a_spreadsheet_keeps_shows_its_damage(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["订单号", "实付金额"], [3512345678901230000, 1]])
    assert read_table(path).table["订单号"].to_pylist() == ["3.51234567890123E+18"]


def test_a_workbook_that_unpacks_to_too_much_is_refused_whatever_its_directory_says(tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["订单号", "实付金额"], ["A1", 1]])
    buffer = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", b"0" * 3_000_000)
    data = bytearray(buffer.getvalue())
    # The central directory claims ten bytes; the stream holds three million.
    place = data.rfind(b"xl/media/bomb.bin") - 46
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with pytest.raises(BadInput) as caught:
        read_table(path, Limits(max_unpacked=1_000_000))
    assert caught.value.code == "file_too_large"


def test_parquet_columns_become_exact_text(tmp_path):
    table = pa.table(
        {
            "订单号 ": pa.array([3512345678901234567, None], pa.int64()),
            "单价": pa.array([0.1, 2.55]),
            "会员号": pa.array([17850.0, None]),
            "金额": pa.array([decimal.Decimal("1.10"), decimal.Decimal("2.00")]),
            "时间": pa.array([dt.datetime(2024, 5, 1, 12), None], pa.timestamp("ns")),
            "付款": pa.array([dt.datetime(2024, 5, 1, 4), None], pa.timestamp("us", "UTC")),
            "品类": pa.array(["a", "b"]).dictionary_encode(),
            "嵌套": pa.array([[1], [2]]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    raw = read_table(tmp_path / "a.parquet")
    assert raw.ignored_columns == ("嵌套",)
    assert raw.source_row.to_pylist() == [2, 3]
    assert raw.table.to_pylist()[0] == {
        "订单号": "3512345678901234567",
        "单价": "0.1",
        "会员号": "17850",
        "金额": "1.10",
        "时间": "2024-05-01 12:00:00",
        "付款": "2024-05-01 04:00:00+0000",
        "品类": "a",
    }
