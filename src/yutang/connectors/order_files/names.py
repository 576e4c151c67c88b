"""Common header names of order files in Chinese and English, to suggest a mapping: data only."""

from __future__ import annotations

# Better-fitting names first: the first name found in a file is suggested for the field.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "order_id": (
        "主订单编号", "订单编号", "订单号", "主订单号", "订单ID", "交易单号", "交易编号", "单号",
        "小票号", "销售单号", "平台单号", "原始单号", "线上订单号", "order_id", "order number",
        "order no", "order", "InvoiceNo", "Invoice", "basket_id", "transaction_id", "receipt_no",
    ),
    "platform": ("平台", "来源平台", "平台名称", "销售平台", "platform"),
    "shop": ("店铺名称", "店铺", "店铺名", "网店名称", "店铺ID", "shop", "shop_name", "shop_id"),
    "status": ("订单状态", "交易状态", "状态", "status", "order_status", "Financial Status"),
    "created_at": (
        "订单创建时间", "下单时间", "订单提交时间", "创建时间", "拍单时间", "订单成交时间",
        "订单时间", "交易时间", "销售时间", "销售日期", "下单日期", "日期", "created_at",
        "create_time", "order_time", "order_date", "InvoiceDate", "transaction_timestamp",
        "Created at", "date", "time",
    ),
    "paid_at": (
        "订单付款时间", "付款时间", "支付时间", "支付完成时间", "付款确认时间", "付款日期",
        "paid_at", "pay_time", "payment_time", "Paid at",
    ),
    "shipped_at": ("发货时间", "发货日期", "shipped_at", "ship_time", "Fulfilled at"),
    "finished_at": (
        "订单完成时间", "确认收货时间", "完成时间", "交易成功时间", "finished_at", "finish_time",
    ),
    "closed_at": ("关闭时间", "订单关闭时间", "取消时间", "closed_at", "Cancelled at"),
    "refunded_at": ("退款时间", "退款完成时间", "退货时间", "refunded_at", "refund_time"),
    "modified_at": ("修改时间", "更新时间", "最后修改时间", "modified_at", "updated_at"),
    "paid": (
        "买家实付金额", "买家实际支付金额", "订单实付金额", "用户实付金额(元)", "实付金额",
        "实付款", "实际支付金额", "支付金额", "订单应付金额", "应付金额", "实收金额", "订单金额",
        "付款金额", "成交金额", "总金额", "paid", "order_paid", "amount_paid", "total", "amount",
    ),
    "refund": ("退款金额", "退款总额", "已退款金额", "refund", "refund_amount", "Refunded Amount"),
    "freight": (
        "运费", "邮费", "买家应付邮费", "运费金额", "邮费(元)", "freight", "shipping", "Shipping",
    ),
    "platform_discount": ("平台优惠", "平台优惠金额", "平台优惠折扣(元)", "platform_discount"),
    "shop_discount": (
        "店铺优惠", "商家优惠", "店铺优惠折扣(元)", "优惠金额", "shop_discount", "Discount Amount",
    ),
    "order_quantity": ("宝贝总数量", "总数量", "总件数", "order_quantity"),
    "buyer": (
        "买家会员名", "买家昵称", "买家账号", "买家", "下单帐号", "下单账号", "会员昵称", "用户ID",
        "客户ID", "buyer", "buyer_id", "user_id", "customer", "household_id",
    ),
    "buyer_kind": ("buyer_kind",),
    "phone": (
        "联系手机", "买家手机号", "收件人手机号", "收货人手机号", "收货人手机", "手机号", "手机",
        "手机号码", "联系电话", "电话", "phone", "mobile", "tel", "Phone",
    ),
    "phone_expires": ("虚拟号过期时间",),
    "member_no": (
        "会员号", "会员卡号", "会员编号", "会员ID", "member_no", "member_id", "CustomerID",
        "Customer ID", "customer_no", "customer_id",
    ),
    "channel": ("渠道", "订单来源", "来源", "流量来源", "channel", "source"),
    "store": ("门店", "门店名称", "门店编号", "下单门店", "store", "store_id", "store_name"),
    "guide": ("导购", "导购员", "导购姓名", "销售员", "营业员", "guide", "salesperson"),
    "province": ("省", "省份", "收货省份", "province", "Shipping Province"),
    "city": ("市", "城市", "收货城市", "city", "Shipping City"),
    "address": ("收货地址", "详细地址", "收货人地址"),
    "line_id": ("子订单编号", "子订单号", "商品单号", "明细编号", "line_id", "sub_order_id"),
    "item_id": (
        "商品ID", "商品编号", "商品编码", "货品编号", "宝贝ID", "item_id", "product_id",
        "StockCode", "spu_id",
    ),
    "sku_id": ("SKU ID", "样式ID", "规格ID", "规格编码", "sku_id"),
    "sku_code": (
        "商家编码", "外部系统编号", "货号", "条码", "条形码", "sku_code",
        "barcode", "sku",
    ),
    "title": (
        "商品名称", "商品标题", "宝贝标题", "标题", "选购商品", "货品名称", "品名", "商品",
        "SKU名称", "title", "product_name", "item_name", "Description",
        "Lineitem name", "product_type",
    ),
    "spec": ("商品规格", "商品属性", "规格", "规格名称", "spec", "variant", "package_size"),
    "category": ("品类", "类目", "商品分类", "分类", "category", "product_category", "department"),
    "brand": ("品牌", "brand"),
    "quantity": (
        "购买数量", "商品数量", "商品数量(件)", "订购数量", "数量", "件数", "SKU件数", "销售数量",
        "quantity", "qty", "Lineitem quantity",
    ),
    "unit_price": (
        "单价", "价格", "商品单价", "商品价格", "京东价", "售价", "unit_price", "UnitPrice",
        "price", "Lineitem price",
    ),
    "item_paid": (
        "商品实付金额", "商品实付", "实付小计", "小计", "金额小计", "明细金额", "item_paid",
        "line_total", "sales_value", "line_amount",
    ),
    "item_refund": ("商品退款金额", "item_refund", "line_refund"),
    "refund_status": ("退款状态", "售后状态", "refund_status"),
    "item_count": ("宝贝种类", "商品种类"),
}  # fmt: skip

# Headers that only platforms' own exports have; they help to find the header row.
_OTHER_KNOWN = (
    "买家支付宝账号", "支付单号", "买家应付货款", "订单备注", "物流单号", "物流公司", "套餐信息",
    "结算金额", "订单类型", "支付方式", "达人ID", "达人昵称", "快递单号", "快递公司", "区", "week",
    "Country", "retail_disc", "coupon_disc", "paid_fen", "item_paid_fen", "收件人", "收货人姓名",
)  # fmt: skip


def _key(name: str) -> str:
    return "".join(ch for ch in name.casefold() if ch not in " _-")


KNOWN_KEYS: frozenset[str] = frozenset(
    _key(name) for names in (*SYNONYMS.values(), _OTHER_KNOWN) for name in names
)
