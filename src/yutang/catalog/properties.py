"""Properties the product knows by name.

PROJECTED belong to the events that are projected from orders when a shard is built; they are
registered when a brand is made, so that no sender can give them another type. SENT come with
events; they are only named here, their type is that of their first value.
"""

from __future__ import annotations

from typing import NamedTuple


class ProjectedProperty(NamedTuple):
    name: str
    type: str  # number | string | bool | time | list
    zh: str
    en: str


PROJECTED: tuple[ProjectedProperty, ...] = (
    ProjectedProperty("order_id", "string", "订单号", "order id"),
    ProjectedProperty("platform", "string", "平台", "platform"),
    ProjectedProperty("shop", "string", "店铺", "shop"),
    ProjectedProperty("domain", "string", "归属", "whose sale"),
    ProjectedProperty("paid", "number", "支付金额（元）", "paid (yuan)"),
    ProjectedProperty("refund", "number", "退款金额（元）", "refund (yuan)"),
    ProjectedProperty("quantity", "number", "件数", "quantity"),
    ProjectedProperty("channel", "string", "渠道", "channel"),
    ProjectedProperty("store", "string", "门店", "store"),
    ProjectedProperty("province", "string", "省份", "province"),
    ProjectedProperty("city", "string", "城市", "city"),
    ProjectedProperty("item_id", "string", "商品编号", "item id"),
    ProjectedProperty("title", "string", "商品名称", "item title"),
    ProjectedProperty("category", "string", "类目", "category"),
    ProjectedProperty("brand", "string", "品牌", "brand"),
)
# Properties of the events in catalog/events.py and of the demo, as pages call them.
SENT: dict[str, tuple[str, str]] = {
    "guide": ("导购", "guide"),
    "group": ("群", "group"),
    "account": ("账号", "account"),
    "channel_code": ("渠道活码", "channel code"),
    "touchpoint": ("触点", "touchpoint"),
    "source": ("来源", "source"),
    "campaign": ("活动", "campaign"),
    "campaign_id": ("活动编号", "campaign id"),
    "campaign_type": ("活动类型", "campaign type"),
    "kind": ("类型", "kind"),
    "content_id": ("内容", "content"),
    "content_type": ("内容类型", "content type"),
    "author": ("作者", "author"),
    "seconds": ("停留（秒）", "seconds"),
    "coupon": ("优惠券", "coupon"),
    "coupon_upc": ("优惠券条码", "coupon bar code"),
    "amount": ("金额（元）", "amount (yuan)"),
    "price": ("价格（元）", "price (yuan)"),
    "page": ("页面", "page"),
    "card": ("包裹卡", "package card"),
    "experiment": ("实验", "experiment"),
    "arm": ("实验组别", "arm"),
    "invitation": ("邀请", "invitation"),
    "inviter": ("邀请人", "inviter"),
    "invitee": ("被邀请人", "invitee"),
}
BY_NAME = {one.name: one for one in PROJECTED}
ORDER_PAID = ("order_id", "platform", "shop", "domain", "paid", "quantity", "channel", "store",
              "province", "city")  # fmt: skip
ORDER_REFUNDED = ("order_id", "platform", "shop", "domain", "refund")
ITEM_BOUGHT = ("order_id", "platform", "shop", "domain", "paid", "quantity", "item_id", "title",
               "category", "brand")  # fmt: skip

# Event that is projected from orders → its properties.
ORDER_EVENTS = {
    "order_paid": ORDER_PAID,
    "order_refunded": ORDER_REFUNDED,
    "item_bought": ITEM_BOUGHT,
}


def label_of(name: str) -> tuple[str, str]:
    """What pages call a property, (zh, en); one that nobody named keeps its own name.

    >>> label_of("channel_code"), label_of("paid"), label_of("colour")
    (('渠道活码', 'channel code'), ('支付金额（元）', 'paid (yuan)'), ('colour', 'colour'))
    """
    if name in BY_NAME:
        return BY_NAME[name].zh, BY_NAME[name].en
    return SENT.get(name, (name, name))
