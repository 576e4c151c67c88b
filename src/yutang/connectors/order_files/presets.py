"""The files platforms export, as data: how each is recognised and what its columns mean.

To add one: append a Preset to PRESETS. Header sets come from the platforms' exports of several
years; where names changed, alternatives are listed newest first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from yutang.connectors.order_files.headers import key_of
from yutang.connectors.order_files.mapping import FIELDS, Mapping
from yutang.errors import NotFound

# A column name, or several whose values are added up (money) or tried in turn (text).
Source = str | tuple[str, ...]


@dataclass(frozen=True)
class Preset:
    """One kind of export.

    must: groups of headers, at least one of each group must be there. columns: field ->
    alternatives, the first present is used. options: further keyword arguments of Mapping.
    """

    code: str
    zh: str
    en: str
    platform: str
    must: tuple[tuple[str, ...], ...]
    columns: dict[str, tuple[Source, ...]]
    options: dict[str, Any] = field(default_factory=dict)

    def confidence(self, header: Iterable[str]) -> float:
        """0 when a distinctive header is missing, else 0.6 to 1 by the share of known columns."""
        present = {key_of(name) for name in header}
        if not all(any(key_of(name) in present for name in group) for group in self.must):
            return 0.0
        groups = list(self.columns.values())
        found = sum(1 for sources in groups if _first_present(sources, present))
        return round(0.6 + 0.4 * found / len(groups), 3)

    def mapping(self, header: Iterable[str]) -> Mapping:
        """The mapping of this preset for the columns that the file has."""
        present = {key_of(name) for name in header}
        columns = {
            name: found
            for name, sources in self.columns.items()
            if (found := _first_present(sources, present))
        }
        constants = {"platform": self.platform, **self.options.get("constants", {})}
        options = {key: value for key, value in self.options.items() if key != "constants"}
        if "platform" in columns and self.platform == "other":
            constants.pop("platform")
        return Mapping(preset=self.code, columns=columns, constants=constants, **options)


def _first_present(sources: tuple[Source, ...], present: set[str]) -> tuple[str, ...]:
    for source in sources:
        names = (source,) if isinstance(source, str) else source
        found = tuple(name for name in names if key_of(name) in present)
        if found:
            return found
    return ()


_REFUNDED = ("退款成功", "已退款", "退款完成")
_CANONICAL = {
    column.code: (column.code,) for column in FIELDS if column.kind not in ("money", "phone")
}

PRESETS: tuple[Preset, ...] = (
    Preset(
        code="tmall_list",
        zh="淘宝/天猫 订单报表",
        en="Taobao/Tmall order list",
        platform="tmall",
        must=(("订单编号",), ("买家会员名", "买家应付货款"), ("宝贝种类",)),
        columns={
            "order_id": ("订单编号",),
            "shop": ("店铺名称", "店铺Id"),
            "status": ("订单状态",),
            "created_at": ("订单创建时间",),
            "paid_at": ("订单付款时间",),
            "shipped_at": ("发货时间",),
            "finished_at": ("确认收货时间",),
            "paid": ("买家实际支付金额", "买家实付金额"),
            "refund": ("退款金额",),
            "freight": ("买家应付邮费",),
            "platform_discount": (("天猫卡券抵扣", "集分宝抵扣"),),
            "order_quantity": ("宝贝总数量",),
            "buyer": ("买家会员名",),
            "phone": ("联系手机",),
            "phone_expires": ("虚拟号过期时间",),
            "store": (("新零售导购门店名称", "新零售发货门店名称"),),
            "address": ("收货地址",),
            "title": ("宝贝标题",),
            "item_count": ("宝贝种类",),
        },
        options={"separators": ("；", ";", "，", ","), "closed_means_refunded": True},
    ),
    Preset(
        code="tmall_detail",
        zh="淘宝/天猫 宝贝报表",
        en="Taobao/Tmall item list",
        platform="tmall",
        must=(
            ("订单编号", "主订单编号"),
            ("标题", "商品标题", "宝贝标题"),
            ("购买数量",),
            ("外部系统编号", "套餐信息", "商品属性"),
        ),
        columns={
            "order_id": ("主订单编号", "订单编号"),
            "line_id": ("子订单编号",),
            "status": ("订单状态",),
            "created_at": ("订单创建时间",),
            "paid_at": ("订单付款时间",),
            "shipped_at": ("发货时间",),
            "finished_at": ("确认收货时间",),
            "paid": ("买家实付金额", "买家实际支付金额"),
            "item_refund": ("退款金额",),
            "refund_status": ("退款状态",),
            "item_id": ("商品ID", "宝贝ID"),
            "sku_code": (("外部系统编号", "商家编码"),),
            "title": ("标题", "商品标题", "宝贝标题"),
            "spec": ("商品属性",),
            "quantity": ("购买数量",),
            "unit_price": ("价格", "商品价格"),
        },
        options={"amount_scope": "auto", "refunded": _REFUNDED, "closed_means_refunded": True},
    ),
    Preset(
        code="jd",
        zh="京东 订单导出",
        en="JD orders",
        platform="jd",
        must=(("京东价",), ("下单帐号", "下单账号")),
        columns={
            "order_id": ("订单号", "订单编号"),
            "status": ("订单状态",),
            "created_at": ("下单时间",),
            "paid_at": ("付款确认时间",),
            "finished_at": ("订单完成时间",),
            "paid": ("应付金额", "结算金额", "订单金额"),
            "freight": ("运费金额",),
            "buyer": ("下单帐号", "下单账号"),
            "phone": ("联系电话",),
            "address": ("客户地址",),
            "channel": (("订单渠道", "订单来源"),),
            "item_id": ("商品ID", "商品编号"),
            "sku_code": ("货号",),
            "title": ("商品名称",),
            "quantity": ("订购数量",),
            "unit_price": ("京东价",),
        },
        options={"refunded": _REFUNDED, "closed_means_refunded": True},
    ),
    Preset(
        code="douyin",
        zh="抖音(抖店) 订单导出",
        en="Douyin orders",
        platform="douyin",
        must=(("主订单编号",), ("达人ID", "选购商品")),
        columns={
            "order_id": ("主订单编号",),
            "line_id": ("子订单编号",),
            "status": ("订单状态",),
            "created_at": ("订单提交时间",),
            "paid_at": ("支付完成时间",),
            "shipped_at": ("发货时间",),
            "finished_at": ("订单完成时间",),
            "paid": ("订单应付金额",),
            "freight": ("运费",),
            "platform_discount": ("平台实际承担优惠金额", "平台优惠"),
            "shop_discount": (
                ("商家实际承担优惠金额", "达人实际承担优惠金额"),
                ("商家优惠", "达人优惠"),
            ),
            "phone": ("收件人手机号",),
            "channel": (("达人ID", "流量来源", "流量体裁", "流量渠道"),),
            "store": ("所属门店ID",),
            "province": ("省",),
            "city": ("市",),
            "address": ("详细地址",),
            "item_id": ("商品ID",),
            "sku_code": ("商家编码",),
            "title": ("选购商品",),
            "spec": ("商品规格",),
            "quantity": ("商品数量",),
            "unit_price": ("商品单价",),
            "refund_status": ("售后状态",),
        },
        options={
            "amount_scope": "auto",
            "refunded": _REFUNDED,
            "closed_means_refunded": True,
            "separators": (";", "；"),
            "blanks": {"channel": ("0",)},
        },
    ),
    Preset(
        code="pdd",
        zh="拼多多 订单导出",
        en="Pinduoduo orders",
        platform="pdd",
        must=(("订单号",), ("商家实收金额(元)",), ("用户实付金额(元)", "样式ID")),
        columns={
            "order_id": ("订单号",),
            "status": ("订单状态",),
            "created_at": ("订单成交时间",),
            "paid_at": ("支付时间",),
            "shipped_at": ("发货时间",),
            "finished_at": ("确认收货时间",),
            "paid": ("用户实付金额(元)", "商家实收金额(元)"),
            "item_paid": ("用户实付金额(元)", "商家实收金额(元)"),
            "freight": ("邮费(元)",),
            "platform_discount": (("平台优惠折扣(元)", "多多支付立减金额(元)"),),
            "shop_discount": ("店铺优惠折扣(元)",),
            "province": ("省",),
            "city": ("市",),
            "item_id": ("商品id",),
            "sku_id": ("样式ID",),
            "sku_code": (("商家编码-规格维度", "商家编码-商品维度"),),
            "title": ("商品",),
            "spec": ("商品规格",),
            "quantity": ("商品数量(件)",),
            "refund_status": ("售后状态",),
        },
        options={"refunded": _REFUNDED, "closed_means_refunded": True},
    ),
    Preset(
        code="xiaohongshu",
        zh="小红书 订单导出",
        en="Xiaohongshu orders",
        platform="xiaohongshu",
        must=(("订单号",), ("SKU名称",), ("SKU件数", "商家应收金额(元)(支付金额)")),
        columns={
            "order_id": ("订单号",),
            "status": ("订单状态",),
            "created_at": ("订单创建时间", "下单时间", "用户下单时间"),
            "paid_at": ("订单付款时间", "付款时间", "支付时间"),
            "shipped_at": ("发货时间",),
            "finished_at": ("订单完成时间", "完成时间"),
            "paid": ("商家应收金额(元)(支付金额)", "商家应收金额(元)"),
            "channel": ("达人ID", "达人名称"),
            "province": ("省",),
            "city": ("市",),
            "item_id": ("商品ID",),
            "sku_id": ("SKUID", "规格ID"),
            "sku_code": ("商家编码",),
            "title": ("SKU名称",),
            "spec": ("规格",),
            "quantity": ("SKU件数",),
            "refund_status": ("售后状态",),
        },
        options={
            "amount_scope": "auto",
            "refunded": _REFUNDED,
            "closed_means_refunded": True,
        },
    ),
    Preset(
        code="youzan",
        zh="有赞 订单导出",
        en="Youzan orders",
        platform="youzan",
        must=(("订单号",), ("应收订单金额", "订单实付金额"), ("买家手机号", "买家姓名")),
        columns={
            "order_id": ("订单号",),
            "shop": ("归属店铺", "店铺名称"),
            "status": ("订单状态",),
            "created_at": ("下单时间", "订单创建时间"),
            "paid_at": ("付款时间", "买家付款时间"),
            "shipped_at": ("发货时间",),
            "finished_at": ("交易成功时间", "订单完成时间"),
            "paid": ("订单实付金额", "应收订单金额"),
            "refund": ("订单退款金额", "已退款金额"),
            "freight": ("运费",),
            "phone": ("买家手机号",),
            "channel": ("订单来源",),
            "province": ("收货人省份", "省"),
            "city": ("收货人城市", "市"),
            "title": ("商品名称",),
            "spec": ("商品规格",),
            "sku_code": ("商品编码", "规格编码"),
            "quantity": ("商品数量",),
            "unit_price": ("商品单价",),
            "item_paid": ("商品实付金额", "商品实际成交金额"),
        },
        options={"separators": (";", "；"), "closed_means_refunded": True},
    ),
    Preset(
        code="online_retail",
        zh="UCI Online Retail 公开数据",
        en="UCI Online Retail",
        platform="other",
        must=(("InvoiceNo", "Invoice"), ("StockCode",), ("UnitPrice", "Price")),
        columns={
            "order_id": ("InvoiceNo", "Invoice"),
            "created_at": ("InvoiceDate",),
            "paid_at": ("InvoiceDate",),
            "member_no": ("CustomerID", "Customer ID"),
            "item_id": ("StockCode",),
            "title": ("Description",),
            "quantity": ("Quantity",),
            "unit_price": ("UnitPrice", "Price"),
        },
        options={
            "constants": {"shop": "Online Retail"},
            "price_times_quantity": True,
            "cancel_prefix": "C",
            "date_order": "mdy",
        },
    ),
    Preset(
        code="complete_journey",
        zh="Complete Journey 公开数据",
        en="Complete Journey",
        platform="pos",
        must=(("household_id",), ("basket_id",), ("sales_value",), ("transaction_timestamp",)),
        columns={
            "order_id": ("basket_id",),
            "shop": ("store_id",),
            "store": ("store_id",),
            "created_at": ("transaction_timestamp",),
            "paid_at": ("transaction_timestamp",),
            "buyer": ("household_id",),
            "item_id": ("product_id",),
            "title": ("title", "product_title", "product_type"),
            "category": ("product_category", "category", "department"),
            "brand": ("brand",),
            "spec": ("package_size",),
            "quantity": ("quantity",),
            "item_paid": ("sales_value",),
            "platform_discount": ("coupon_disc",),
            "shop_discount": (("retail_disc", "coupon_match_disc"),),
        },
        options={
            "buyer_kind": "household",
            "per_line": ("platform_discount", "shop_discount"),
            "prefixes": {"shop": "store-", "store": "store-"},
        },
    ),
    Preset(
        code="yutang",
        zh="鱼塘标准订单文件",
        en="Yutang order lines",
        platform="other",
        must=(("order_id",), ("item_paid_fen", "paid_fen")),
        columns={
            **_CANONICAL,
            "phone": ("phone",),
            "paid": ("paid_fen",),
            "refund": ("refund_fen",),
            "freight": ("freight_fen",),
            "platform_discount": ("platform_discount_fen",),
            "shop_discount": ("shop_discount_fen",),
            "unit_price": ("unit_price_fen",),
            "item_paid": ("item_paid_fen",),
            "item_refund": ("item_refund_fen",),
        },
        options={"amount_unit": "fen"},
    ),
)
PRESET_BY_CODE: dict[str, Preset] = {preset.code: preset for preset in PRESETS}


def preset_of(code: str) -> Preset:
    """The built-in preset with this code; raises NotFound."""
    preset = PRESET_BY_CODE.get(code)
    if preset is None:
        raise NotFound(
            "There is no preset called %(preset)s.",
            hint="Built in are: %(known)s.",
            preset=code,
            known=", ".join(PRESET_BY_CODE),
        )
    return preset


def recognise(header: Iterable[str]) -> tuple[Preset | None, float]:
    """The preset whose distinctive headers the file has, with its confidence (0 to 1)."""
    names = list(header)
    scored = [(preset.confidence(names), preset) for preset in PRESETS]
    confidence, preset = max(scored, key=lambda pair: pair[0])
    return (preset, confidence) if confidence > 0 else (None, 0.0)
