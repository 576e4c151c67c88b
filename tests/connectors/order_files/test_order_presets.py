"""Every platform's own header, with small made rows."""

import pytest

from yutang.catalog import orders as catalog
from yutang.connectors.order_files import PRESETS, Mapping, recognise
from yutang.errors import BadInput

from .made import EXPORTS, convert_file, export, ms, one, write


@pytest.mark.parametrize("name", EXPORTS)
def test_each_platform_is_recognised_by_its_header(name):
    preset, confidence = recognise(EXPORTS[name])
    assert preset is not None
    assert preset.code == name.removesuffix("_new")
    assert confidence >= 0.75


def test_an_unknown_header_is_not_recognised():
    assert recognise(["订单号", "金额", "日期"]) == (None, 0.0)


def test_every_preset_makes_a_valid_mapping_of_known_fields():
    for preset in PRESETS:
        header = [
            name
            for sources in preset.columns.values()
            for source in sources[:1]
            for name in ([source] if isinstance(source, str) else source)
        ]
        mapping = preset.mapping(header).checked()
        assert Mapping.from_json(mapping.to_json()) == mapping


TMALL = {
    "订单编号": '="3512345678901234567"',
    "买家会员名": "小鱼",
    "买家应付货款": "150.00",
    "买家应付邮费": "0.00",
    "买家实际支付金额": "￥1,150.00",
    "订单状态": "交易成功",
    "收货地址": "浙江省 杭州市 西湖区 文三路**",
    "联系手机": "'13800001111",
    "订单创建时间": "2024-05-01 11:59:00",
    "订单付款时间": "2024-05-01 12:00:00",
    "宝贝标题": "面膜，保湿，10片装，精华液",
    "宝贝种类": "1",
    "宝贝总数量": "3",
    "店铺名称": "鱼塘旗舰店",
    "退款金额": "0元",
    "确认收货时间": "2024-05-05 09:00:00",
    "发货时间": "2024-05-02 10:00:00",
}


def test_a_tmall_order_list_in_gb18030(tmp_path):
    done = convert_file(write(tmp_path, export("tmall_list", TMALL).encode("gb18030")))
    order = one(done.orders)
    assert order == {
        **dict.fromkeys(catalog.ORDER_FIELDS),
        "row": 2,
        "platform": "tmall",
        "shop": "鱼塘旗舰店",
        "order_id": "3512345678901234567",
        "rank_at": ms("2024-05-05 09:00:00"),
        "status": "finished",
        "created_at": ms("2024-05-01 11:59:00"),
        "paid_at": ms("2024-05-01 12:00:00"),
        "shipped_at": ms("2024-05-02 10:00:00"),
        "finished_at": ms("2024-05-05 09:00:00"),
        "paid_fen": 115_000,
        "refund_fen": 0,
        "freight_fen": 0,
        "quantity": 3.0,
        "buyer": "小鱼",
        "buyer_kind": "tmall_buyer",
        "phone": "13800001111",
        "province": "浙江省",
        "city": "杭州市",
    }
    # One kind of item: commas in its title separate nothing, and all pieces are of it.
    line = one(done.lines)
    assert (line["title"], line["quantity"]) == ("面膜，保湿，10片装，精华液", 3.0)
    assert (line["line_id"], line["bought_at"]) == ("#1", ms("2024-05-01 12:00:00"))


def test_joined_titles_of_a_tmall_list_become_items_when_their_count_agrees(tmp_path):
    rows = [
        {**TMALL, "订单编号": "1", "宝贝标题": "面膜，精华，眼霜", "宝贝种类": "3"},
        {**TMALL, "订单编号": "2", "宝贝标题": "面膜，保湿，精华", "宝贝种类": "2"},
    ]
    done = convert_file(write(tmp_path, export("tmall_list", *rows)))
    lines = [
        (x["order_id"], x["line_id"], x["title"], x["quantity"]) for x in done.lines.to_pylist()
    ]
    assert lines == [
        ("1", "#1", "面膜", None),
        ("1", "#2", "精华", None),
        ("1", "#3", "眼霜", None),
        ("2", "#1", "面膜，保湿，精华", 3.0),
    ]
    assert done.orders["paid_fen"].to_pylist() == [115_000, 115_000]
    assert done.stats.joined_rows == 1


def test_joined_rows_among_many_keep_their_orders_and_numbers(tmp_path):
    rows = [
        {**TMALL, "订单编号": str(n), "宝贝种类": "2" if n % 3 else "1",
         "宝贝标题": f"甲{n}，乙{n}" if n % 3 else f"丙{n}"}
        for n in range(3000)
    ]  # fmt: skip
    done = convert_file(write(tmp_path, export("tmall_list", *rows)))
    expected = [
        (str(n), f"#{k}", f"{title}{n}")
        for n in range(3000)
        for k, title in enumerate("甲乙" if n % 3 else "丙", start=1)
    ]
    lines = done.lines.select(["order_id", "line_id", "title"]).to_pylist()
    assert [tuple(line.values()) for line in lines] == expected
    assert done.orders["order_id"].to_pylist() == [str(n) for n in range(3000)]


def test_masked_names_and_phones_are_never_identities(tmp_path):
    rows = [
        {**TMALL, "订单编号": "1", "买家会员名": "小**", "联系手机": "1**********"},
        {**TMALL, "订单编号": "2", "买家会员名": "##abc", "联系手机": "$$xyz"},
        {**TMALL, "订单编号": "3", "买家会员名": "", "联系手机": "13800001111-2345"},
    ]
    done = convert_file(write(tmp_path, export("tmall_list", *rows)))
    for name in ("buyer", "buyer_kind", "phone"):
        assert done.orders[name].to_pylist() == [None, None, None]
    assert done.stats.masked == 4
    assert done.stats.invalid_phones == 1
    assert done.stats.without_customer == 3


def test_a_privacy_number_is_no_identity(tmp_path):
    text = export("tmall_list", TMALL).replace("联系手机,", "联系手机,虚拟号过期时间,", 1)
    text = text.replace("'13800001111,", "'13800001111,2024-06-01 00:00:00,", 1)
    done = convert_file(write(tmp_path, text))
    assert one(done.orders)["phone"] is None
    assert done.stats.virtual_phones == 1


def test_a_closed_order_that_had_been_paid_counts_as_refunded(tmp_path):
    rows = [
        {**TMALL, "订单编号": "1", "订单状态": "交易关闭"},
        {**TMALL, "订单编号": "2", "订单状态": "交易关闭", "订单付款时间": ""},
        {**TMALL, "订单编号": "3", "订单状态": "交易成功", "退款金额": "12.345"},
        {**TMALL, "订单编号": "4", "订单状态": "交易关闭", "退款金额": "1000"},
    ]
    done = convert_file(write(tmp_path, export("tmall_list", *rows)))
    assert done.orders["refund_fen"].to_pylist() == [115_000, 0, 1235, 100_000]
    assert done.orders["status"].to_pylist() == ["closed", "closed", "finished", "closed"]


def test_a_refund_above_the_payment_is_kept_and_reported(tmp_path):
    row = {**TMALL, "退款金额": "2000"}
    done = convert_file(write(tmp_path, export("tmall_list", row)))
    assert one(done.orders)["refund_fen"] == 200_000
    error = one(done.errors)
    assert (error["row"], error["column"], error["reason"], error["value"]) == (
        2,
        "退款金额",
        "refund_over_paid",
        "2000.00",
    )


def test_the_old_tmall_item_list_has_items_and_no_amounts(tmp_path):
    rows = [
        {"订单编号": '="9001"', "标题": "面膜", "价格": "60", "购买数量": "2", "商家编码": "M1"},
        {
            "订单编号": '="9001"',
            "标题": "精华",
            "价格": "99",
            "购买数量": "1",
            "外部系统编号": "E1",
        },
    ]
    done = convert_file(write(tmp_path, export("tmall_detail", *rows)))
    order = one(done.orders)
    assert (order["order_id"], order["quantity"]) == ("9001", 3.0)
    assert order["paid_fen"] is order["lines_paid_fen"] is order["refund_fen"] is None
    assert order["created_at"] is order["rank_at"] is None
    lines = done.lines.to_pylist()
    assert [(x["line_id"], x["title"], x["sku_code"], x["unit_price_fen"]) for x in lines] == [
        ("#1", "面膜", "M1", 6000),
        ("#2", "精华", "E1", 9900),
    ]
    assert done.stats.without_time == 1


def detail(order, line, paid, **more):
    return {
        "订单编号": order,
        "子订单编号": line,
        "标题": f"商品{line}",
        "价格": "100",
        "购买数量": "1",
        "订单状态": "交易成功",
        "买家实付金额": paid,
        "订单创建时间": "2024-05-01 11:00:00",
        "订单付款时间": "2024-05-01 12:00:00",
        **more,
    }


def test_an_order_amount_repeated_in_each_item_row_counts_once(tmp_path):
    rows = [detail("1", "11", "150"), detail("1", "12", "150"), detail("2", "21", "90")]
    done = convert_file(write(tmp_path, export("tmall_detail_new", *rows)))
    assert done.stats.amount_scope == "order"
    assert done.orders["paid_fen"].to_pylist() == [15_000, 9_000]
    assert done.orders["lines_paid_fen"].to_pylist() == [None, None]
    assert done.lines["line_id"].to_pylist() == ["11", "12", "21"]


def test_amounts_per_item_are_found_out_and_added_up(tmp_path):
    rows = [
        detail("1", "11", "100"),
        detail("1", "12", "50", 退款状态="退款成功", 退款金额="50"),
        detail("2", "21", "90"),
    ]
    done = convert_file(write(tmp_path, export("tmall_detail_new", *rows)))
    assert done.stats.amount_scope == "line"
    assert done.orders["paid_fen"].to_pylist() == [None, None]
    assert done.orders["lines_paid_fen"].to_pylist() == [15_000, 9_000]
    assert done.orders["lines_refund_fen"].to_pylist() == [5_000, 0]
    assert done.lines["item_paid_fen"].to_pylist() == [10_000, 5_000, 9_000]
    assert done.lines["refund_fen"].to_pylist() == [None, 5_000, None]


def test_two_equal_items_paid_at_their_price_are_two_amounts(tmp_path):
    rows = [detail("1", "11", "100"), detail("1", "12", "100")]
    done = convert_file(write(tmp_path, export("tmall_detail_new", *rows)))
    assert done.stats.amount_scope == "line"
    assert one(done.orders)["lines_paid_fen"] == 20_000


def test_an_item_refunded_without_an_amount_came_back_whole(tmp_path):
    rows = [
        detail("1", "11", "100"),
        detail("1", "12", "50", 退款状态="退款成功"),
        detail("1", "13", "70", 退款状态="部分退款成功"),
    ]
    done = convert_file(write(tmp_path, export("tmall_detail_new", *rows)))
    assert one(done.orders)["lines_refund_fen"] == 5_000


def test_a_newer_row_of_the_same_sub_order_replaces_the_older(tmp_path):
    rows = [
        detail("1", "11", "100", 订单状态="买家已付款，等待卖家发货"),
        detail("1", "12", "60"),
        detail("1", "11", "80", 订单付款时间="2024-05-01 12:30:00"),
    ]
    done = convert_file(write(tmp_path, export("tmall_detail_new", *rows)))
    assert done.stats.superseded_lines == 1
    assert one(done.orders)["lines_paid_fen"] == 14_000
    assert done.lines["item_paid_fen"].to_pylist() == [6_000, 8_000]


JD = {
    "订单号": "290000000001",
    "商品ID": "100012",
    "商品名称": "牛奶 250ml",
    "订购数量": "2",
    "下单时间": "2024/5/1 12:00",
    "京东价": "49.9",
    "订单金额": "120.0",
    "应付金额": "108.8",
    "订单状态": "完成",
    "下单帐号": "jd_abc",
    "联系电话": "138****1111",
    "运费金额": "6",
    "付款确认时间": "2024-05-01 12:01:00",
    "订单完成时间": "45415.5",
    "货号": "MILK-250",
}


def test_a_jd_order_repeats_its_amount_per_item(tmp_path):
    rows = [JD, {**JD, "商品ID": "100013", "商品名称": "酸奶", "订购数量": "1", "京东价": "9"}]
    done = convert_file(write(tmp_path, export("jd", *rows)))
    order = one(done.orders)
    assert (order["platform"], order["shop"]) == ("jd", "京东")
    assert (order["paid_fen"], order["freight_fen"]) == (10_880, 600)
    assert (order["buyer"], order["buyer_kind"], order["phone"]) == ("jd_abc", "jd_buyer", None)
    assert order["created_at"] == ms("2024-05-01 12:00:00")
    assert order["finished_at"] == ms("2024-05-03 12:00:00")
    assert (order["status"], order["quantity"]) == ("finished", 3.0)
    assert done.lines["item_id"].to_pylist() == ["100012", "100013"]
    assert done.stats.conflicts == 0


DOUYIN = {
    "主订单编号": "\t6920000000000000001",
    "子订单编号": "\t6920000000000000011",
    "选购商品": "口红",
    "商品规格": "正红",
    "商品ID": "3500000001",
    "商品数量": "1",
    "订单应付金额": "199.00",
    "运费": "0",
    "平台实际承担优惠金额": "5",
    "商家实际承担优惠金额": "10",
    "达人实际承担优惠金额": "2",
    "收件人手机号": "1**********",
    "订单提交时间": "2024-05-01 20:00:00",
    "支付完成时间": "2024-05-01 20:00:30",
    "订单状态": "已完成",
    "售后状态": "-",
    "达人ID": "777",
    "流量来源": "直播",
}


def test_a_douyin_export_with_bom_repeats_order_amounts_per_sub_order(tmp_path):
    rows = [
        DOUYIN,
        {**DOUYIN, "子订单编号": "\t6920000000000000012", "选购商品": "眼影"},
        {**DOUYIN, "主订单编号": "2", "子订单编号": "21", "达人ID": "0", "售后状态": "退款成功"},
    ]
    text = "\ufeff" + export("douyin", *rows)
    done = convert_file(write(tmp_path, text))
    first, second = done.orders.to_pylist()
    assert first["order_id"] == "6920000000000000001"
    assert (first["paid_fen"], first["platform_discount_fen"], first["shop_discount_fen"]) == (
        19_900,
        500,
        1_200,
    )
    assert (first["channel"], second["channel"]) == ("777", "直播")
    assert (first["refund_fen"], second["refund_fen"]) == (None, 19_900)
    assert done.lines["line_id"].to_pylist()[:2] == ["6920000000000000011", "6920000000000000012"]
    assert done.stats.masked == 3


def test_douyin_cells_that_join_items_are_taken_apart_together(tmp_path):
    row = {
        **DOUYIN,
        "选购商品": "口红;眼影",
        "商品数量": "1;2",
        "商品ID": "31;32",
        "商品规格": "正红",
    }
    done = convert_file(write(tmp_path, export("douyin", row)))
    lines = [
        (x["line_id"], x["title"], x["quantity"], x["item_id"], x["spec"])
        for x in done.lines.to_pylist()
    ]
    assert lines == [
        ("6920000000000000011#1", "口红", 1.0, "31", None),
        ("6920000000000000011#2", "眼影", 2.0, "32", None),
    ]
    assert one(done.orders)["paid_fen"] == 19_900


PDD = {
    "商品": "大米 5kg",
    "订单号": "240501-000000000000001",
    "订单状态": "已收货",
    "商品总价(元)": "60.00",
    "邮费(元)": "0.00",
    "店铺优惠折扣(元)": "3.00",
    "平台优惠折扣(元)": "2.00",
    "多多支付立减金额(元)": "0.50",
    "用户实付金额(元)": "54.50",
    "商家实收金额(元)": "57.00",
    "商品数量(件)": "1",
    "订单成交时间": "2024-05-01 12:00:00",
    "支付时间": "2024-05-01 12:00:00",
    "商品id": "88",
    "样式ID": "99",
    "省": "河南省",
    "市": "郑州市",
}


def test_a_pdd_export_has_an_item_per_order_and_refunds_by_status(tmp_path):
    rows = [
        PDD,
        {**PDD, "订单号": "2", "订单状态": "已发货，退款成功", "售后状态": "退款成功"},
        {
            **PDD,
            "订单号": "3",
            "订单状态": "待发货",
            "用户实付金额(元)": "",
            "商家实收金额(元)": "",
        },
    ]
    done = convert_file(write(tmp_path, export("pdd", *rows)))
    first, second, third = done.orders.to_pylist()
    assert (first["paid_fen"], first["lines_paid_fen"], first["lines_refund_fen"]) == (
        5450,
        5450,
        0,
    )
    assert (first["platform_discount_fen"], first["shop_discount_fen"]) == (250, 300)
    assert (first["province"], first["city"]) == ("河南省", "郑州市")
    assert [x["status"] for x in (first, second, third)] == ["finished", "closed", "paid"]
    assert second["lines_refund_fen"] == 5450
    assert third["paid_fen"] is None
    assert done.lines["sku_id"].to_pylist() == ["99"] * 3
    assert done.stats.without_customer == 3


def test_a_xiaohongshu_export_without_times(tmp_path):
    row = {"订单号": "P1", "SKU名称": "精华 30ml", "SKU件数": "2", "订单状态": "已完成",
           "商家应收金额(元)(支付金额)": "88.8", "达人ID": "k1"}  # fmt: skip
    done = convert_file(write(tmp_path, export("xiaohongshu", row)))
    order = one(done.orders)
    assert (order["platform"], order["paid_fen"], order["channel"]) == ("xiaohongshu", 8880, "k1")
    assert (order["status"], order["quantity"]) == ("finished", 2.0)


def test_a_youzan_export(tmp_path):
    row = {"订单号": "E2024", "订单状态": "交易完成", "订单来源": "小程序", "商品名称": "蛋糕",
           "商品数量": "1", "应收订单金额": "139", "订单实付金额": "129",
           "买家手机号": "+86 13900002222",
           "下单时间": "2024-05-01 09:00", "付款时间": "2024-05-01 09:01"}  # fmt: skip
    done = convert_file(write(tmp_path, export("youzan", row)), shop="小程序店")
    order = one(done.orders)
    assert (order["platform"], order["shop"], order["paid_fen"]) == ("youzan", "小程序店", 12_900)
    assert (order["phone"], order["channel"]) == ("13900002222", "小程序")


def test_the_original_online_retail_csv_with_american_dates(tmp_path):
    text = (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850.0,United Kingdom\n"
        "536365,71053,LANTERN,2,12/1/2010 8:26,0.125,17850.0,United Kingdom\n"
        "C536379,D,Discount,-1,12/1/2010 9:41,27.5,,United Kingdom\n"
    )
    done = convert_file(write(tmp_path, text), zone="Europe/London")
    sale, cancelled = done.orders.to_pylist()
    assert sale["lines_paid_fen"] == 1555
    assert (sale["member_no"], cancelled["member_no"]) == ("17850", None)
    assert (cancelled["lines_paid_fen"], cancelled["lines_refund_fen"]) == (0, 2750)
    assert cancelled["paid_at"] is None
    assert cancelled["closed_at"] == 1_291_196_460_000  # 2010-12-01 09:41 in London, UTC
    assert done.lines["item_paid_fen"].to_pylist() == [1530, 25, -2750]


def test_our_own_order_file_in_fen(tmp_path):
    text = (
        "platform,shop,order_id,line_id,status,created_at,paid_at,modified_at,paid_fen,refund_fen,"
        "item_id,title,quantity,item_paid_fen,buyer,buyer_kind,phone,member_no,store\n"
        "tmall,旗舰店,T1,L1,finished,2024-05-01T04:00:00Z,1714536000000,,15000,0,i1,面膜,2,10000,"
        "ouid1,tmall_buyer,13800001111,,\n"
        "tmall,旗舰店,T1,L2,finished,2024-05-01T04:00:00Z,1714536000000,,15000,0,i2,精华,1,5000,"
        "ouid1,tmall_buyer,13800001111,,\n"
        "pos,人民路店,T1,L1,finished,2024-05-01T12:00:00+08:00,,,800,,i3,牛奶,1,800,,,,M9,S1\n"
    )
    done = convert_file(write(tmp_path, text))
    tmall, pos = done.orders.to_pylist()
    assert (tmall["platform"], tmall["shop"], tmall["paid_fen"]) == ("tmall", "旗舰店", 15_000)
    assert tmall["lines_paid_fen"] == 15_000
    assert tmall["created_at"] == tmall["paid_at"] == pos["created_at"] == 1_714_536_000_000
    assert (pos["platform"], pos["shop"], pos["member_no"]) == ("pos", "人民路店", "M9")
    assert done.lines.num_rows == 3
    assert done.lines["platform"].to_pylist() == ["tmall", "tmall", "pos"]


def test_complete_journey_rows_add_up_per_basket_and_its_discounts_per_line(tmp_path):
    text = (
        "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,"
        "coupon_match_disc,week,transaction_timestamp,product_type,brand\n"
        "900,330,31198570044,1095275,1,0.5,0.1,0.0,0.02,1,2017-01-01 11:53:26,ROLLS,National\n"
        "900,330,31198570044,1095276,2,1.25,0.1,0.3,0.0,1,2017-01-01 11:53:26,MILK,Private\n"
    )
    done = convert_file(write(tmp_path, text))
    order = one(done.orders)
    assert (order["platform"], order["shop"], order["store"]) == ("pos", "store-330", "store-330")
    assert (order["lines_paid_fen"], order["paid_fen"]) == (175, None)
    assert (order["shop_discount_fen"], order["platform_discount_fen"]) == (22, 30)
    assert (order["buyer"], order["buyer_kind"]) == ("900", "household")
    assert done.lines["title"].to_pylist() == ["ROLLS", "MILK"]
    assert done.lines["brand"].to_pylist() == ["National", "Private"]


@pytest.mark.parametrize("cell", ["3.51235E+18", '="3.5E+18"', " 3.51234567890123e+18"])
def test_a_file_whose_ids_excel_has_destroyed_is_refused(tmp_path, cell):
    rows = [TMALL, {**TMALL, "订单编号": cell}]
    with pytest.raises(BadInput) as caught:
        convert_file(write(tmp_path, export("tmall_list", *rows)))
    assert caught.value.code == "destroyed_ids"
    assert caught.value.params["column"] == "订单编号"
    assert caught.value.params["row"] == 3
    assert "CSV" in str(caught.value)


def test_ids_that_lost_their_tails_without_a_sign_are_refused_too(tmp_path):
    rows = [{**TMALL, "订单编号": f"35123456789012{n}0000"} for n in (3, 4)]
    with pytest.raises(BadInput) as caught:
        convert_file(write(tmp_path, export("tmall_list", *rows)))
    assert caught.value.code == "destroyed_ids"


def test_a_lone_round_id_among_whole_ones_is_no_damage(tmp_path):
    rows = [{**TMALL, "订单编号": "3512345678901230000"}, TMALL]
    assert convert_file(write(tmp_path, export("tmall_list", *rows))).orders.num_rows == 2
