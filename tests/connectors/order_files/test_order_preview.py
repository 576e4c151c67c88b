import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from yutang.connectors.order_files import mapping_for, preview, suggest
from yutang.errors import BadInput, NotFound

from .made import export, write


def test_a_known_export_is_previewed_with_its_preset(tmp_path):
    rows = [{"订单编号": str(n), "标题": "面膜", "购买数量": "1"} for n in range(50)]
    seen = preview(write(tmp_path, export("tmall_detail", *rows).encode("gb18030")), limit=5)
    assert (seen.preset, seen.format, seen.encoding) == ("tmall_detail", "csv", "gb18030")
    assert len(seen.rows) == 5
    assert seen.rows[1][:2] == ["1", "面膜"]
    assert seen.mapping == mapping_for("tmall_detail", seen.header)
    assert seen.missing == ("created_at", "paid")


def test_an_unknown_file_gets_a_mapping_from_its_headers(tmp_path):
    text = "门店日报\n小票号,销售时间,会员卡号,品名,数量,单价,小计,导购员\n"
    text += "S1,31/12/2024 10:00,M1,奶,2,3,6,小王\n"
    seen = preview(write(tmp_path, text))
    assert seen.preset is None
    assert seen.confidence == 0
    assert seen.header_row == 2
    assert seen.mapping.columns == {
        "order_id": ("小票号",),
        "created_at": ("销售时间",),
        "paid_at": ("销售时间",),
        "member_no": ("会员卡号",),
        "title": ("品名",),
        "quantity": ("数量",),
        "unit_price": ("单价",),
        "item_paid": ("小计",),
        "guide": ("导购员",),
    }
    assert seen.mapping.date_order == "dmy"
    assert seen.missing == ()


def test_english_headers_are_understood_too():
    mapping = suggest(["Order ID", "Order Date", "Qty", "Price", "Mobile"], [["1", "5/1/2024"]])
    assert mapping.columns["order_id"] == ("Order ID",)
    assert mapping.columns["phone"] == ("Mobile",)
    assert mapping.price_times_quantity
    assert mapping.date_order == "mdy"


def test_what_a_suggestion_lacks_is_named(tmp_path):
    seen = preview(write(tmp_path, "甲,乙,丙\nx,y,z\n"))
    assert seen.mapping.columns == {}
    assert seen.missing == ("order_id", "created_at", "paid")


def test_workbooks_and_parquet_are_previewed(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["报表"])
        page.write_row(1, 0, ["订单号", "京东价", "下单帐号"])
        for n in range(30):
            page.write_row(2 + n, 0, [f"J{n}", 9.9, "u"])
    seen = preview(tmp_path / "a.xlsx", limit=3)
    assert (seen.preset, seen.header_row, len(seen.rows)) == ("jd", 2, 3)
    assert seen.rows[0] == ["J0", "9.9", "u"]
    columns = ["household_id", "basket_id", "sales_value", "transaction_timestamp"]
    pq.write_table(pa.table({name: [1.0, 2.5] for name in columns}), tmp_path / "b.parquet")
    seen = preview(tmp_path / "b.parquet", limit=1)
    assert (seen.preset, seen.rows) == ("complete_journey", [["1", "1", "1", "1"]])


def test_a_preset_for_a_file_without_its_order_number_is_refused():
    with pytest.raises(BadInput):
        mapping_for("jd", ["京东价", "下单帐号"])
    with pytest.raises(NotFound):
        mapping_for("nowhere", ["订单号"])
