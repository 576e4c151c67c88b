"""Events the product knows by name: what each is called, and which part of the story it tells.

A brand may send any other event; it is then shown under its own name in the group "other".
`order_paid`, `order_refunded` and `item_bought` are projected from the order tables and never
taken from event files, so that no sender can count money twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["trade", "interaction", "reach", "relation", "visit", "other"]
GROUPS: dict[Group, tuple[str, str]] = {
    "trade": ("交易", "trade"),
    "interaction": ("互动", "interaction"),
    "reach": ("触达", "reach"),
    "relation": ("关系", "relation"),
    "visit": ("浏览", "visit"),
    "other": ("其他", "other"),
}


@dataclass(frozen=True)
class EventDef:
    """One event: `name` is `noun_verbed`; `zh` and `en` are what pages show."""

    name: str
    zh: str
    en: str
    group: Group


EVENTS: tuple[EventDef, ...] = (
    EventDef("order_paid", "支付订单", "paid an order", "trade"),
    EventDef("order_refunded", "订单退款", "order refunded", "trade"),
    EventDef("item_bought", "购买商品", "bought an item", "trade"),
    EventDef("coupon_redeemed", "核销优惠券", "redeemed a coupon", "trade"),
    EventDef("content_read", "阅读内容", "read content", "interaction"),
    EventDef("message_clicked", "点击消息", "clicked a message", "interaction"),
    EventDef("code_scanned", "扫码", "scanned a code", "interaction"),
    EventDef("invitation_sent", "发出邀请", "sent an invitation", "interaction"),
    EventDef("invitation_accepted", "接受邀请", "accepted an invitation", "interaction"),
    EventDef("message_sent", "收到消息", "was sent a message", "reach"),
    EventDef("coupon_granted", "获得优惠券", "was granted a coupon", "reach"),
    EventDef("card_sent", "收到包裹卡", "was sent a package card", "reach"),
    EventDef("campaign_received", "收到活动", "received a campaign", "reach"),
    EventDef("contact_added", "加粉", "added a contact", "relation"),
    EventDef("contact_deleted", "删除好友", "deleted the contact", "relation"),
    EventDef("group_joined", "进群", "joined a group", "relation"),
    EventDef("group_left", "退群", "left a group", "relation"),
    EventDef("group_message_sent", "群里发言", "spoke in a group", "interaction"),
    EventDef("group_created", "建群", "a group was made", "relation"),
    EventDef("group_renamed", "群改名", "a group was renamed", "relation"),
    EventDef("group_owner_changed", "换群主", "a group changed its owner", "relation"),
    EventDef("group_dissolved", "解散群", "a group was dissolved", "relation"),
    EventDef("group_statistics_read", "读取群统计", "statistics of groups were read", "relation"),
    EventDef("tag_added", "打上标签", "was given a tag", "relation"),
    EventDef("tag_removed", "去掉标签", "lost a tag", "relation"),
    EventDef("member_bound", "绑定会员", "bound a membership", "relation"),
    EventDef("consent_given", "同意授权", "gave a consent", "relation"),
    EventDef("consent_withdrawn", "撤回授权", "withdrew a consent", "relation"),
    EventDef("page_viewed", "浏览页面", "viewed a page", "visit"),
    EventDef("product_viewed", "浏览商品", "viewed a product", "visit"),
    EventDef("cart_added", "加入购物车", "added to the cart", "visit"),
    EventDef("form_shown", "看到表单", "was shown a form", "visit"),
    EventDef("form_begun", "开始填表单", "began a form", "visit"),
    EventDef("field_filled", "填写一项", "filled a field", "visit"),
    EventDef("form_submitted", "提交表单", "submitted a form", "visit"),
    EventDef("form_succeeded", "表单成功", "succeeded with a form", "visit"),
    EventDef("experiment_assigned", "进入实验分组", "was assigned to an arm", "other"),
)
# Facts of a group itself, and what its staff says: they may come without anybody's identity. They
# lie in the lake as nobody's and reach no shard; `groups` reads them.
WITHOUT_PERSON = frozenset(
    {
        "group_message_sent", "group_created", "group_renamed", "group_owner_changed",
        "group_dissolved", "group_statistics_read",
    }
)  # fmt: skip
BY_NAME = {event.name: event for event in EVENTS}


def event_of(name: str) -> EventDef:
    """The definition of `name`; an unknown event is shown under its own name."""
    return BY_NAME.get(name) or EventDef(name, name, name, "other")
