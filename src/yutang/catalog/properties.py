"""Properties of the events that are projected from orders when a shard is built.

They are registered when a brand is made, so that no sender can give them another type.
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
    ProjectedProperty("domain", "string", "公域/私域/门店", "domain"),
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
BY_NAME = {one.name: one for one in PROJECTED}
ORDER_PAID = ("order_id", "platform", "shop", "domain", "paid", "quantity", "channel", "store",
              "province", "city")  # fmt: skip
ORDER_REFUNDED = ("order_id", "platform", "shop", "domain", "refund")
ITEM_BOUGHT = ("order_id", "platform", "shop", "domain", "paid", "quantity", "item_id", "title",
               "category", "brand")  # fmt: skip
