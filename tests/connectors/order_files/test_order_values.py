"""What a mapped cell is taken to mean, whatever the platform."""

import json

import pytest

from yutang.connectors.order_files import Mapping
from yutang.errors import BadInput

from .made import convert_file, ms, one, write

BASIC = Mapping(
    columns={"order_id": ("单号",), "created_at": ("时间",), "paid": ("实付",)},
    constants={"platform": "pos", "shop": "人民路店"},
)


def basic(tmp_path, *cells, mapping=BASIC, header="单号,时间,实付", **given):
    rows = "".join(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\n"
                   for row in cells)  # fmt: skip
    return convert_file(write(tmp_path, f"{header}\n{rows}"), mapping, **given)


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("12", 1200),
        ("0元", 0),
        ("￥1,234.50", 123_450),
        ("¥ 3.2", 320),
        ("1，000.5元", 100_050),
        ('="8.80"', 880),
        ("'9.9", 990),
        ("\t7 ", 700),
        ("0.005", 1),
        ("0.004999", 0),
        ("1.005", 101),
        ("-", None),
        ("null", None),
        ("", None),
    ],
)
def test_amounts_as_exports_write_them(tmp_path, cell, fen):
    assert one(basic(tmp_path, ("A1", "2024-05-01", cell)).orders)["paid_fen"] == fen


def test_a_negative_order_amount_is_a_refund(tmp_path):
    order = one(basic(tmp_path, ("A1", "2024-05-01", "(12.50)")).orders)
    assert (order["paid_fen"], order["refund_fen"]) == (0, 1250)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-05-01 12:30:00",
        "2024/5/1 12:30",
        "2024-05-01T12:30:00",
        "2024-05-01T04:30:00Z",
        "2024-05-01 05:30:00+01:00",
        "2024年5月1日 12:30:00",
        "2024年5月1日 12时30分",
        "2024.5.1 12:30",
        "45413.520833333336",
        "1714537800",
        "1714537800000",
        "20240501123000",
        "'2024-05-01 12:30:00",
    ],
)
def test_times_as_exports_write_them(tmp_path, cell):
    order = one(basic(tmp_path, ("A1", cell, "1")).orders)
    assert order["created_at"] == ms("2024-05-01 12:30:00")


@pytest.mark.parametrize(
    ("order", "expected"), [("mdy", "2024-05-06 00:00:00"), ("dmy", "2024-06-05 00:00:00")]
)
def test_the_mapping_says_whether_the_month_or_the_day_comes_first(tmp_path, order, expected):
    mapping = Mapping(columns=BASIC.columns, date_order=order)
    done = basic(tmp_path, ("A1", "5/6/2024", "1"), mapping=mapping)
    assert one(done.orders)["created_at"] == ms(expected)


def test_local_times_follow_the_zone_and_its_summer_time(tmp_path):
    rows = [("A1", "2024-01-15 12:00:00", "1"), ("A2", "2024-07-15 12:00:00", "1")]
    done = basic(tmp_path, *rows, zone="Europe/Paris")
    assert done.orders["created_at"].to_pylist() == [
        ms("2024-01-15 19:00:00"),
        ms("2024-07-15 18:00:00"),
    ]


def test_an_unknown_zone_is_refused(tmp_path):
    with pytest.raises(BadInput) as caught:
        basic(tmp_path, ("A1", "2024-01-15", "1"), zone="Asia/Nowhere'; DROP")
    assert caught.value.code == "bad_zone"


def test_bad_rows_are_set_aside_with_row_column_reason_and_record(tmp_path):
    done = basic(
        tmp_path,
        ("A1", "2024-05-01", "1"),
        ("", "2024-05-01", "2"),
        ("A3", "昨天", "3"),
        ("A4", "2024-05-01", "十块"),
        ("A5", "2024-05-01", "99999999999999"),
        ("A6", "2024-13-01", "x"),
    )
    assert done.orders["order_id"].to_pylist() == ["A1"]
    errors = [(e["row"], e["column"], e["reason"], e["value"]) for e in done.errors.to_pylist()]
    assert errors == [
        (3, "单号", "missing_order_id", None),
        (4, "时间", "unreadable_time", "昨天"),
        (5, "实付", "unreadable_amount", "十块"),
        (6, "实付", "too_large", "99999999999999"),
        (7, "时间", "unreadable_time", "2024-13-01"),
    ]
    record = json.loads(done.errors["record"][1].as_py())
    assert record == {"单号": "A3", "时间": "昨天", "实付": "3"}
    assert done.stats.bad_rows == 5


def test_a_bad_row_does_not_move_the_numbers_of_its_order_s_other_lines(tmp_path):
    mapping = Mapping(
        columns={"order_id": ("单号",), "title": ("品名",), "item_paid": ("实付",)},
    )
    rows = [("A1", "a", "1"), ("A1", "b", "x"), ("A1", "c", "3")]
    done = basic(tmp_path, *rows, mapping=mapping, header="单号,品名,实付")
    assert done.lines["line_id"].to_pylist() == ["#1", "#3"]
    assert done.lines["row"].to_pylist() == [2, 4]


def test_rows_that_disagree_about_the_order_amount_leave_a_report(tmp_path):
    mapping = Mapping(columns={**BASIC.columns, "modified_at": ("改",), "title": ("品名",)})
    rows = [
        ("A1", "2024-05-01", "10", "2024-05-03", "a"),
        ("A1", "2024-05-01", "30", "2024-05-02", "b"),
        ("A1", "2024-05-01", "10", "2024-05-03", "c"),
    ]
    done = basic(tmp_path, *rows, mapping=mapping, header="单号,时间,实付,改,品名")
    assert one(done.orders)["paid_fen"] == 1000
    error = one(done.errors)
    assert (error["row"], error["column"], error["reason"]) == (
        3,
        "实付",
        "conflicting_order_amount",
    )
    assert done.stats.conflicts == 1
    assert done.stats.bad_rows == 0


def test_rows_of_a_file_without_items_are_revisions_of_the_order(tmp_path):
    mapping = Mapping(columns={**BASIC.columns, "status": ("状态",), "finished_at": ("完成",)})
    rows = [
        ("A1", "2024-05-01", "10", "交易成功", "2024-05-09"),
        ("A1", "2024-05-01", "10", "等待买家付款", ""),
    ]
    done = basic(tmp_path, *rows, mapping=mapping, header="单号,时间,实付,状态,完成")
    assert one(done.orders)["status"] == "finished"
    assert done.lines.num_rows == 0


def test_an_order_is_closed_only_when_all_of_its_items_are(tmp_path):
    mapping = Mapping(columns={**BASIC.columns, "status": ("状态",), "title": ("品名",)})
    rows = [
        ("A1", "2024-05-01", "10", "交易关闭", "a"),
        ("A1", "2024-05-01", "10", "卖家已发货，等待买家确认", "b"),
        ("A2", "2024-05-01", "10", "交易关闭", "a"),
        ("A3", "2024-05-01", "10", "天晓得", "a"),
    ]
    done = basic(tmp_path, *rows, mapping=mapping, header="单号,时间,实付,状态,品名")
    assert done.orders["status"].to_pylist() == ["shipped", "closed", None]
    assert done.stats.unknown_statuses == {"天晓得": 1}


def test_own_words_for_statuses_come_first(tmp_path):
    mapping = Mapping(columns={**BASIC.columns, "status": ("状态",)}, statuses={"天晓得": "paid"})
    done = basic(tmp_path, ("A1", "2024-05-01", "1", "天晓得"), mapping=mapping,
                 header="单号,时间,实付,状态")  # fmt: skip
    assert one(done.orders)["status"] == "paid"


def test_negative_quantities_and_amounts_are_returns(tmp_path):
    mapping = Mapping(
        columns={
            "order_id": ("单号",),
            "paid_at": ("时间",),
            "item_paid": ("实付",),
            "quantity": ("数量",),
            "title": ("品名",),
        }
    )
    rows = [
        ("A1", "2024-05-01", "10.005", "1", "a"),
        ("A1", "2024-05-01", "10.005", "1", "a"),
        ("A1", "2024-05-03", "-4", "1", "b"),
        ("A1", "2024-05-02", "3", "-1件", "c"),
    ]
    done = basic(tmp_path, *rows, mapping=mapping, header="单号,时间,实付,数量,品名")
    order = one(done.orders)
    # Rounded once per order: 20.01, not 10.01 twice.
    assert (order["lines_paid_fen"], order["lines_refund_fen"]) == (2001, 700)
    assert order["paid_at"] == ms("2024-05-01 00:00:00")
    assert order["closed_at"] == order["rank_at"] == ms("2024-05-03 00:00:00")
    assert order["quantity"] == 3.0
    assert done.lines["item_paid_fen"].to_pylist() == [1001, 1001, -400, -300]
    assert done.lines["line_id"].to_pylist() == ["#1", "#2", "#3", "#4"]


@pytest.mark.parametrize(
    ("cell", "phone"),
    [
        ("13800001111", "13800001111"),
        ("13800001111.0", "13800001111"),
        ("'+86 138-0000-1111", "13800001111"),
        ("008613800001111", "13800001111"),
        ("+852 6123 4567", "+85261234567"),
        ("010-12345678", None),
        ("12345678901", None),
        ("138****1111", None),
        ("13800001111转2345", None),
    ],
)
def test_phones(tmp_path, cell, phone):
    mapping = Mapping(columns={**BASIC.columns, "phone": ("电话",)})
    done = basic(tmp_path, ("A1", "2024-05-01", "1", cell), mapping=mapping,
                 header="单号,时间,实付,电话")  # fmt: skip
    assert one(done.orders)["phone"] == phone


def test_several_columns_of_one_field_add_up_or_take_turns(tmp_path):
    mapping = Mapping(
        columns={**BASIC.columns, "paid": ("现金", "储值"), "store": ("门店", "仓库")}
    )
    rows = [("A1", "2024-05-01", "1.5", "2", "", "W"), ("A2", "2024-05-01", "-", "", "S", "W")]
    done = basic(tmp_path, *rows, mapping=mapping, header="单号,时间,现金,储值,门店,仓库")
    assert done.orders["paid_fen"].to_pylist() == [350, None]
    assert done.orders["store"].to_pylist() == ["W", "S"]


def test_amounts_in_fen(tmp_path):
    mapping = Mapping(columns=BASIC.columns, amount_unit="fen")
    assert one(basic(tmp_path, ("A1", "2024-05-01", "1234"), mapping=mapping).orders)[
        "paid_fen"
    ] == 1234  # fmt: skip


def test_platform_and_shop_come_from_the_file_the_import_or_the_mapping(tmp_path):
    columns = {**BASIC.columns, "platform": ("平台",), "shop": ("店铺",)}
    mapping = Mapping(columns=columns, constants={"platform": "erp"})
    several = [("A1", "2024-05-01", "1", "天猫", "甲"), ("A1", "2024-05-01", "2", "京东商城", "乙"),
               ("A2", "2024-05-01", "3", "", "")]  # fmt: skip
    header = "单号,时间,实付,平台,店铺"
    done = basic(tmp_path, *several, mapping=mapping, header=header, shop="丙")
    keys = [(x["platform"], x["shop"], x["order_id"]) for x in done.orders.to_pylist()]
    assert keys == [("tmall", "甲", "A1"), ("jd", "乙", "A1"), ("erp", "丙", "A2")]
    single = basic(tmp_path, several[0], mapping=mapping, header=header, shop="丙", platform="jd")
    assert (one(single.orders)["platform"], one(single.orders)["shop"]) == ("jd", "丙")
    assert single.stats.shop_source == "given"


def test_a_shop_that_nobody_named_is_the_platform(tmp_path):
    mapping = Mapping(columns=BASIC.columns, constants={"platform": "jd"})
    done = basic(tmp_path, ("A1", "2024-05-01", "1"), mapping=mapping)
    assert one(done.orders)["shop"] == "京东"
    assert done.stats.shop_source == "default"


def test_quotes_in_constants_and_cells_are_only_text(tmp_path):
    mapping = Mapping(columns=BASIC.columns, constants={"shop": "O'Brien'); DROP TABLE rows; --"})
    done = basic(tmp_path, ("A'1", "2024-05-01", "1"), mapping=mapping)
    assert one(done.orders)["shop"] == "O'Brien'); DROP TABLE rows; --"
    assert one(done.orders)["order_id"] == "A'1"


def test_a_mapped_amount_column_that_is_gone_refuses_the_file(tmp_path):
    with pytest.raises(BadInput) as caught:
        basic(tmp_path, ("A1", "2024-05-01", "1"), header="单号,时间,应付")
    assert caught.value.code == "missing_column"


def test_another_mapped_column_that_is_gone_is_noted(tmp_path):
    mapping = Mapping(columns={**BASIC.columns, "province": ("省份",)})
    done = basic(tmp_path, ("A1", "2024-05-01", "1"), mapping=mapping)
    assert done.stats.missing_columns == ("省份",)


def test_a_file_without_rows_converts_to_empty_tables(tmp_path):
    mapping = Mapping(columns={**BASIC.columns, "title": ("品名",), "quantity": ("数量",)})
    done = basic(tmp_path, mapping=mapping, header="单号,时间,实付,品名,数量")
    assert (done.orders.num_rows, done.lines.num_rows, done.errors.num_rows) == (0, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        '{"columns": {"paid": ["x"]}}',
        '{"columns": {"order_id": ["x"], "nonsense": ["y"]}}',
        '{"columns": {"order_id": ["x"]}, "statuses": {"a": "gone"}}',
        '{"columns": {"order_id": ["x"]}, "surprise": 1}',
        '{"columns": {"order_id": ["x"]}, "date_order": "xyz"}',
        "[]",
    ],
)
def test_a_saved_mapping_that_makes_no_sense_is_refused(text):
    with pytest.raises(BadInput) as caught:
        Mapping.from_json(text)
    assert caught.value.code == "bad_mapping"


def test_a_mapping_survives_being_saved():
    mapping = Mapping(columns=BASIC.columns, statuses={"好": "paid"}, separators=(";",))
    assert Mapping.from_json(mapping.to_json()) == mapping
