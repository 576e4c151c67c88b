import pytest

from yutang.connectors.order_files import read_orders
from yutang.errors import BadInput

from .made import ZONE, export, ms, write


def read(path, **given):
    return read_orders(
        path,
        **{"preset": "", "mapping": None, "platform": "", "shop": "", "zone": ZONE, **given},
    )


def test_a_known_export_is_read_without_being_told(tmp_path):
    path = write(tmp_path, export("jd", {"订单号": "1", "下单时间": "2024-05-01", "应付金额": "5"}))
    done = read(path, shop="京东自营店")
    assert done.preset == "jd"
    assert done.orders["shop"].to_pylist() == ["京东自营店"]
    assert done.stats.rows == 1


def test_an_unknown_file_is_read_by_its_header_names_and_sample(tmp_path):
    rows = "".join(f"S{n},{n}/6/2024,1\n" for n in range(1, 29))
    done = read(write(tmp_path, f"小票号,日期,实付金额\n{rows}"), platform="pos")
    assert done.preset == "generic"
    assert done.orders["created_at"][1].as_py() == ms("2024-06-02 00:00:00")
    assert done.errors.num_rows == 0


def test_a_mapping_somebody_made_wins(tmp_path):
    path = write(tmp_path, "甲,乙\nA1,5\n")
    mapping = {"columns": {"order_id": ["甲"], "paid": ["乙"]}, "amount_unit": "fen"}
    done = read(path, mapping=mapping)
    assert done.preset == "custom"
    assert done.orders["paid_fen"].to_pylist() == [5]


def test_a_file_nobody_understands_asks_for_a_mapping(tmp_path):
    with pytest.raises(BadInput) as caught:
        read(write(tmp_path, "甲,乙\nA1,5\n"))
    assert caught.value.code == "unknown_header"
