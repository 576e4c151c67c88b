import codecs
import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yutang.connectors.order_files import Limits, read_table
from yutang.errors import BadInput

from .made import write

PLAIN = "订单号,商品名称,实付金额\nA1,面膜,10\nA2,精华,20\n"


def rows(raw):
    return [list(row.values()) for row in raw.table.to_pylist()]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (PLAIN.encode(), "utf-8"),
        (codecs.BOM_UTF8 + PLAIN.encode(), "utf-8"),
        (PLAIN.encode("gb18030"), "gb18030"),
        (PLAIN.encode("utf-16"), "utf-16-le"),
    ],
)
def test_the_encoding_is_found_from_the_bytes(tmp_path, data, encoding):
    raw = read_table(write(tmp_path, data))
    assert raw.encoding == encoding
    assert raw.header == ["订单号", "商品名称", "实付金额"]
    assert rows(raw) == [["A1", "面膜", "10"], ["A2", "精华", "20"]]
    assert raw.source_row.to_pylist() == [2, 3]


def test_a_chinese_character_cut_by_the_read_block_is_still_utf8(tmp_path):
    body = "".join(f"A{n},{'膜' * 11},1\n" for n in range(40_000))
    raw = read_table(write(tmp_path, "订单号,商品名称,实付金额\n" + body))
    assert raw.encoding == "utf-8"
    assert raw.table.num_rows == 40_000


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    raw = read_table(write(tmp_path, PLAIN.replace(",", delimiter)))
    assert raw.delimiter == delimiter
    assert rows(raw)[1] == ["A2", "精华", "20"]


def test_commas_inside_cells_do_not_mislead_the_delimiter(tmp_path):
    raw = read_table(write(tmp_path, "订单号\t商品名称\t备注\nA1\ta,b,c,d\te,f\nA2\ta,b\te,f,g\n"))
    assert raw.delimiter == "\t"
    assert rows(raw)[0] == ["A1", "a,b,c,d", "e,f"]


def test_titles_above_the_header_are_skipped_and_rows_count_as_a_spreadsheet_does(tmp_path):
    text = "订单导出\n2024-05-01 至 2024-05-31,,\n\n" + PLAIN
    raw = read_table(write(tmp_path, text))
    assert raw.header_row == 4
    assert raw.source_row.to_pylist() == [5, 6]


def test_empty_rows_and_total_rows_are_left_out_and_counted(tmp_path):
    text = PLAIN + "\n,,\n　, ,\n总计,,30\n合计：2单\n" + "A3,汇总装饼干,5\n"
    raw = read_table(write(tmp_path, text))
    assert [row[0] for row in rows(raw)] == ["A1", "A2", "A3"]
    assert raw.source_row.to_pylist() == [2, 3, 9]
    assert raw.dropped == {"empty": 3, "total": 2}
    assert raw.errors.num_rows == 0


def test_a_product_called_total_something_is_no_total_row(tmp_path):
    raw = read_table(
        write(tmp_path, "商品,订单号,数量\n总计算器,A1,1\ntotally soft,A2,1\n面膜,合计,1\n")
    )
    assert raw.table.num_rows == 3


def test_rows_of_another_width_become_errors_and_the_rest_is_kept(tmp_path):
    text = '订单号,备注,实付金额\nA1,x,1\nA2,y\nA3,a,b,3\n"A4","多\n行",4\nA5,z,5\n'
    raw = read_table(write(tmp_path, text))
    assert [row[0] for row in rows(raw)] == ["A1", "A4", "A5"]
    # A cell with a line break is still one spreadsheet row.
    assert raw.source_row.to_pylist() == [2, 5, 6]
    errors = raw.errors.to_pylist()
    assert [(error["row"], error["reason"]) for error in errors] == [
        (3, "malformed_row"),
        (4, "malformed_row"),
    ]
    assert '"more": ["3"]' in errors[1]["record"]


def test_surplus_blank_cells_are_harmless(tmp_path):
    some = read_table(write(tmp_path, "a1,b1,c1\n1,2,3\n4,5,6,,\n7,8,9\n"))
    assert rows(some) == [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]]
    assert some.source_row.to_pylist() == [2, 3, 4]
    every = read_table(write(tmp_path, "a1,b1,c1\n1,2,3,\n4,5,6,\n"))
    assert every.header == ["a1", "b1", "c1"]
    assert every.table.num_rows == 2


def test_header_names_are_normalised_and_made_unique(tmp_path):
    raw = read_table(write(tmp_path, "\ufeff 订单号　,*商品总价（元）,备注,备注\nA1,1,x,y\n"))
    assert raw.header == ["订单号", "商品总价(元)", "备注", "备注.2"]


def test_a_row_with_characters_that_cannot_be_decoded_is_an_error(tmp_path):
    body = "订单号,商品名称,实付金额\n".encode("gb18030")
    body += "".join(f"A{n},面膜面膜面膜,10\n" for n in range(50)).encode("gb18030")
    raw = read_table(write(tmp_path, body + b"B1,\xff\xff,3\n"))
    assert raw.encoding == "gb18030"
    assert raw.table.num_rows == 50
    (error,) = raw.errors.to_pylist()
    assert (error["row"], error["column"], error["reason"]) == (52, "商品名称", "malformed_row")


def test_a_cell_beyond_what_a_spreadsheet_holds_is_an_error(tmp_path):
    raw = read_table(write(tmp_path, PLAIN + f"A3,{'长' * 40_000},1\n"))
    assert raw.table.num_rows == 2
    (error,) = raw.errors.to_pylist()
    assert (error["row"], error["reason"]) == (4, "too_large")
    assert len(error["record"]) < 5_000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "html_file"),
        (bytes(range(256)) * 40, "unreadable_encoding"),
        (b"PAR1 but nothing more", "damaged_file"),
        (b"PK\x03\x04 but nothing more", "damaged_file"),
        (",".join(f"c{n}" for n in range(501)).encode(), "too_many_columns"),
    ],
)
def test_files_that_are_no_tables_are_refused_with_a_reason(tmp_path, data, code):
    with pytest.raises(BadInput) as caught:
        read_table(write(tmp_path, data))
    assert caught.value.code == code


def test_a_file_over_the_limit_is_refused(tmp_path):
    path = write(tmp_path, PLAIN)
    with pytest.raises(BadInput) as caught:
        read_table(path, Limits(max_bytes=10))
    assert caught.value.code == "file_too_large"


def test_a_header_without_rows_is_an_empty_table(tmp_path):
    raw = read_table(write(tmp_path, "订单号,商品名称,实付金额\n"))
    assert raw.table.num_rows == 0
    assert raw.header == ["订单号", "商品名称", "实付金额"]


def test_no_transcoded_copy_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read_table(write(tmp_path, PLAIN.encode("gb18030")))
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


CELLS = st.text(st.sampled_from("a1面,;\t\"\n '=元"), max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12), st.sampled_from(",;\t"))
def test_cells_and_row_numbers_equal_the_csv_module_s(tmp_path, body, delimiter):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([("订单号", "商品名称", "实付金额"), *body])
    raw = read_table(write(tmp_path, out.getvalue()))
    expected = [
        (number, list(row)) for number, row in enumerate(body, start=2) if any(map(str.strip, row))
    ]
    assert raw.delimiter == delimiter
    assert list(zip(raw.source_row.to_pylist(), rows(raw), strict=True)) == expected
    assert raw.errors.num_rows == 0
