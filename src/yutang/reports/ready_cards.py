"""The four ready dashboards, as data.

Each card has one or more ways to ask, the best told first; the first one whose events and
properties a brand has is taken (ready.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Way:
    """One way to ask. `needs`: events and properties without which it says nothing."""

    model: str
    params: Mapping[str, Any]
    needs: tuple[str, ...]
    show: str = "chart"
    measure: str = ""
    title: tuple[str, str] | None = None


@dataclass(frozen=True)
class ReadyCard:
    """The title is that of its first way; another way that asks something else has its own."""

    zh: str
    en: str
    width: int
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Ready:
    """`settings`: the scope that the dashboard opens with."""

    key: str
    zh: str
    en: str
    about: tuple[str, str]
    cards: tuple[ReadyCard, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


MONTH = {"range": "last_30"}
QUARTER = {"range": "last_90"}
BUY = "order_paid"
MONEY = {"event": BUY, "measure": "sum", "property": "paid"}
REVENUE = [{"event": BUY, "property": "paid"}]


def _event(
    *measures: Mapping[str, Any] | str,
    unit: str = "day",
    group: str = "",
    needs: tuple[str, ...] = (),
    show: str = "chart",
    **more: Any,
) -> Way:
    """Measures of events; a bare name counts people."""
    listed = [
        {"event": m, "measure": "people"} if isinstance(m, str) else dict(m) for m in measures
    ]
    asked = {"measures": listed, "unit": unit, **MONTH, **more}
    if group:
        asked |= {"group": [group], "top": 10}
    named = [str(one["event"]) for one in listed]
    named += [str(one["property"]) for one in listed if "property" in one]
    return Way("event", asked, (*named, *needs, *([group] if group else ())), show)


def _number(*measures: Mapping[str, Any] | str, **more: Any) -> Way:
    return _event(*measures, show="number", **more)


def _funnel(*steps: str, days: int = 30, show: str = "chart") -> Way:
    params = {
        "steps": [{"event": one} for one in steps],
        "window": {"value": days, "unit": "day"},
        **QUARTER,
    }
    return Way("funnel", params, steps, show)


def _as(zh: str, en: str, way: Way) -> Way:
    """Another way to fill a card, with a title of its own."""
    return replace(way, title=(zh, en))


def _times(event: str) -> dict[str, Any]:
    return {"event": event, "measure": "times"}


_PER_ORDER = Way(
    "event",
    {"measures": [MONEY, _times(BUY)], "formulas": [{"formula": "A/B"}], "unit": "day", **MONTH},
    (BUY, "paid"),
    "number",
    "F1",
)
_COUPONS = _as("每日核销优惠券人数", "Coupons redeemed by day", _event("coupon_redeemed"))
_COUPON_NUMBER = _as("核销优惠券人数", "Redeemed a coupon", _number("coupon_redeemed"))
_MONEY_NUMBER = ReadyCard("支付金额（元）", "Paid, yuan", 3, (_number(MONEY),))
_ORDERS_NUMBER = ReadyCard("支付订单", "Paid orders", 3, (_number(_times(BUY)),))
_BUYERS_NUMBER = ReadyCard("支付客户", "Buyers", 3, (_number(BUY),))

OPERATIONS = Ready(
    "operations",
    "运营看板",
    "Operations",
    ("每天早上看一眼：卖了多少、谁在买、触达有没有人理。",
     "A look every morning: sales, buyers, reach."),
    (
        _MONEY_NUMBER,
        _ORDERS_NUMBER,
        _BUYERS_NUMBER,
        ReadyCard("客单价（元）", "Per order, yuan", 3, (_PER_ORDER,)),
        ReadyCard(
            "每日支付金额：公域与私域", "Paid each day: public and private", 8,
            (_event(MONEY, group="domain"), _as("每日支付金额", "Paid each day", _event(MONEY))),
        ),
        ReadyCard(
            "各平台支付金额", "Paid by platform", 4,
            (_event(MONEY, unit="total", group="platform"),
             _as("各店铺支付金额", "Paid by shop", _event(MONEY, unit="total", group="shop"))),
        ),
        ReadyCard(
            "触达与回应人数", "Reached, and answered", 6,
            (_event("message_sent", "message_clicked"),
             _as("收到活动与核销优惠券的人数", "Got a campaign, and redeemed a coupon",
                 _event("campaign_received", "coupon_redeemed")),
             _as("支付与退款人数", "Paid, and refunded", _event(BUY, "order_refunded"))),
        ),
        ReadyCard(
            "加粉与删除人数", "Contacts added and deleted", 6,
            (_event("contact_added", "contact_deleted"),
             _as("加粉人数", "Contacts added", _event("contact_added")), _COUPONS),
        ),
        ReadyCard(
            "卖得最多的商品", "Best sellers", 6,
            (_event({"event": "item_bought", "measure": "sum", "property": "quantity"},
                    unit="total", group="title"),
             _as("卖得最多的品类", "Best categories",
                 _event(_times("item_bought"), unit="total", group="category"))),
        ),
        ReadyCard(
            "客户分层（RFM）人数", "Customers by RFM layer", 6,
            (Way("rfm", {"orders": {"event": BUY}, "monetary": REVENUE, "range": "last_365"},
                 (BUY, "paid"), "chart", "people"),),
        ),
    ),
    MONTH,
)  # fmt: skip

ACQUISITION = Ready(
    "acquisition",
    "获客看板",
    "Acquisition",
    ("人从哪里来、来了多少、多久买第一单。",
     "Where people come from, how many, how soon they buy."),
    (
        ReadyCard("扫码人数", "Scanned a code", 3, (
            _number("code_scanned"),
            _as("收到活动的人数", "Received a campaign", _number("campaign_received")),
        )),
        ReadyCard("加粉人数", "Contacts added", 3, (_number("contact_added"), _COUPON_NUMBER)),
        ReadyCard("进群人数", "Joined a group", 3, (_number("group_joined"),)),
        ReadyCard("绑定会员人数", "Became members", 3, (
            _number("member_bound"), _as("支付客户", "Buyers", _number(BUY)),
        )),
        ReadyCard(
            "引流漏斗", "From the first touch to the first order", 6,
            (_funnel("code_scanned", "contact_added", "group_joined", BUY),
             _funnel("code_scanned", "contact_added", BUY),
             _funnel("contact_added", BUY),
             _as("从活动到成交", "From campaign to order",
                 _funnel("campaign_received", "coupon_redeemed", BUY)),
             _as("从浏览到支付", "From visit to order",
                 _funnel("page_viewed", "product_viewed", "cart_added", BUY))),
        ),
        ReadyCard(
            "各触点扫码人数", "Scans by touchpoint", 6,
            (_event("code_scanned", unit="total", group="touchpoint"),
             _as("各渠道扫码人数", "Scans by channel",
                 _event("code_scanned", unit="total", group="channel")),
             _as("各类活动触达的人数", "Reached, by type of campaign",
                 _event("campaign_received", unit="total", group="campaign_type")),
             _as("各平台支付客户", "Buyers by platform",
                 _event(BUY, unit="total", group="platform"))),
        ),
        ReadyCard(
            "每日新增：扫码、加粉、进群", "New each day: scans, contacts, group members", 8,
            (_event("code_scanned", "contact_added", "group_joined"),
             _as("每日加粉", "Contacts added each day", _event("contact_added")),
             _as("每周新客、老客与回流", "New, continuing and returning buyers by week",
                 Way("activity", {"event": {"event": BUY}, "unit": "week", **QUARTER}, (BUY,)))),
        ),
        ReadyCard(
            "客户第一次从哪里来", "First source of customers", 4,
            (Way("property", {"group": ["customer.first_source"]}, ("customer.first_source",)),),
        ),
        ReadyCard(
            "成交归功于哪些触点（末次）", "Which touches get credit (last touch)", 6,
            (Way("attribution",
                 {"target": {"event": BUY}, "value": "paid",
                  "touches": [{"event": "code_scanned"}, {"event": "message_clicked"},
                              {"event": "content_read"}, {"event": "product_viewed"}], **MONTH},
                 (BUY, "paid", "code_scanned", "message_clicked", "content_read",
                  "product_viewed")),
             Way("attribution",
                 {"target": {"event": BUY}, "value": "paid",
                  "touches": [{"event": "campaign_received"}, {"event": "coupon_redeemed"}],
                  **MONTH},
                 (BUY, "paid", "campaign_received", "coupon_redeemed"))),
        ),
        ReadyCard(
            "加粉到首购隔多久", "How long from contact to order", 6,
            (Way("interval", {"first": {"event": "contact_added"}, "next": {"event": BUY},
                              "buckets": 12, **QUARTER}, ("contact_added", BUY)),
             _as("收到活动到下单隔多久", "How long from campaign to order",
                 Way("interval", {"first": {"event": "campaign_received"}, "next": {"event": BUY},
                                  "buckets": 12, **QUARTER}, ("campaign_received", BUY)))),
        ),
        ReadyCard(
            "成交前走过的路", "Paths that led to an order", 12,
            (Way("smart_path",
                 {"target": {"event": BUY},
                  "events": {"event": ["code_scanned", "contact_added", "group_joined",
                                       "content_read", "message_clicked"]}, **MONTH},
                 (BUY, "code_scanned", "contact_added", "group_joined", "content_read",
                  "message_clicked")),
             Way("smart_path", {"target": {"event": BUY}, **MONTH},
                 (BUY, "campaign_received", "coupon_redeemed"))),
        ),
    ),
    MONTH,
)  # fmt: skip

RETENTION = Ready(
    "retention",
    "留存看板",
    "Retention",
    ("来了的人还回不回来，谁快要流失。", "Do they come back, and who is about to be lost."),
    (
        ReadyCard("人均订单数", "Orders per buyer", 4, (
            Way("event", {"measures": [_times(BUY), {"event": BUY, "measure": "people"}],
                          "formulas": [{"formula": "A/B"}], "unit": "day", **MONTH},
                (BUY,), "number", "F1"),
        )),
        ReadyCard("删除好友人数", "Deleted the contact", 4, (
            _number("contact_deleted"),
            _as("退款客户", "Customers with a refund", _number("order_refunded")),
        )),
        ReadyCard("退群人数", "Left a group", 4, (_number("group_left"),)),
        ReadyCard(
            "按周复购", "Buying again, by week", 12,
            (Way("retention", {"start": {"event": BUY}, "return": {"event": BUY}, "unit": "week",
                               "periods": 8, **QUARTER}, (BUY,)),),
        ),
        ReadyCard(
            "新客、老客与回流", "New, continuing and returning buyers", 6,
            (Way("activity", {"event": {"event": BUY}, "unit": "week", **QUARTER}, (BUY,)),),
        ),
        ReadyCard(
            "两次购买隔多久", "Time between two purchases", 6,
            (Way("interval", {"first": {"event": BUY}, "limit": {"value": 180, "unit": "day"},
                              "buckets": 12, "range": "last_365"}, (BUY,)),),
        ),
        ReadyCard(
            "一个客户买几次", "How often one buys", 6,
            (Way("distribution", {"event": {"event": BUY}, "buckets": [1, 2, 3, 4, 5, 10],
                                  "range": "last_365"}, (BUY,)),),
        ),
        ReadyCard(
            "每月互动几天", "Days with an interaction in a month", 6,
            (Way("stickiness", {"event": {"event": ["content_read", "message_clicked",
                                                    "page_viewed"]}, **QUARTER},
                 ("content_read", "message_clicked", "page_viewed")),
             _as("每月购买几天", "Days with an order in a month",
                 Way("stickiness", {"event": {"event": BUY}, **QUARTER}, (BUY,)))),
        ),
        ReadyCard(
            "客户累计价值（元/人）", "Value of a customer so far, yuan", 6,
            (Way("ltv", {"start": {"event": BUY}, "revenue": REVENUE,
                         "days": [1, 7, 30, 60, 90, 180], "range": "last_365"}, (BUY, "paid")),),
        ),
        ReadyCard(
            "客户现在的阶段", "Stages of customers", 6,
            (Way("property", {"group": ["customer.stage"]}, ("customer.stage",)),),
        ),
    ),
)  # fmt: skip

SHOP = Ready(
    "shop",
    "门店看板",
    "Shop",
    ("挂在门店或办公室的屏幕上：今天卖得怎么样。",
     "For a screen in the shop or the office: how we sell."),
    (
        _MONEY_NUMBER,
        _ORDERS_NUMBER,
        _BUYERS_NUMBER,
        ReadyCard("退款（元）", "Refunded, yuan", 3,
                  (_number({"event": "order_refunded", "measure": "sum", "property": "refund"}),
                   _COUPON_NUMBER)),
        ReadyCard(
            "各门店/店铺支付金额", "Paid by shop", 6,
            (_event(MONEY, unit="total", group="shop"),
             _event(MONEY, unit="total", group="store")),
        ),
        ReadyCard(
            "按小时的支付订单", "Orders by the hour", 6,
            (_event(_times(BUY), unit="hour", range="last_7"),),
        ),
        ReadyCard(
            "品类销售", "Sales by category", 6,
            (_event({"event": "item_bought", "measure": "sum", "property": "quantity"},
                    unit="total", group="category"),),
        ),
        ReadyCard(
            "导购加粉", "Contacts added by guide", 6,
            (_event("contact_added", unit="total", group="guide"),
             _as("各省支付客户", "Buyers by province",
                 _event(BUY, unit="total", group="province"))),
        ),
        ReadyCard(
            "小程序访问", "Visits", 6,
            (Way("session", {"events": {"event": ["page_viewed", "product_viewed"]}, **MONTH},
                 ("page_viewed", "product_viewed")),),
        ),
        ReadyCard(
            "页面", "Pages", 6,
            (Way("page", {"by": "page", "items": 10, **MONTH}, ("page_viewed", "page"), "table"),),
        ),
        ReadyCard(
            "从进店到支付怎么走", "How visits go", 12,
            (Way("path", {"events": {"event": ["page_viewed", "product_viewed", "cart_added", BUY]},
                          "layers": 4, "nodes": 6, **MONTH},
                 ("page_viewed", "product_viewed", "cart_added", BUY)),),
        ),
    ),
    MONTH,
)  # fmt: skip

READY: tuple[Ready, ...] = (OPERATIONS, ACQUISITION, RETENTION, SHOP)
