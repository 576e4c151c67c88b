"""Touchpoints and sources by which people come in, and what pages call them.

A brand may send any other code; it is then shown as it is.
"""

from __future__ import annotations

from yutang.catalog.platforms import BY_CODE as PLATFORM_BY_CODE

Label = tuple[str, str]

TOUCHPOINTS: dict[str, Label] = {
    "package_card": ("包裹卡", "package card"),
    "store_stand": ("门店台卡", "store stand"),
    "banner": ("易拉宝", "roll-up banner"),
    "product_page": ("商品页", "product page"),
    "order_page": ("订单页", "order page"),
    "service_chat": ("客服会话", "service chat"),
    "official_account_menu": ("公众号菜单", "official account menu"),
    "article": ("文章·笔记", "article"),
    "takeaway_card": ("外卖卡", "takeaway card"),
    "livestream": ("直播", "livestream"),
    "moments_ad": ("朋友圈广告", "moments ad"),
    "sms_link": ("短信链接", "SMS link"),
    "ai_call": ("AI 外呼", "AI call"),
    "invitation": ("好友邀请", "friend's invitation"),
    "store_guide": ("门店导购", "store guide"),
    "street_event": ("地推活动", "street event"),
    "search": ("搜索", "search"),
}
SOURCES: dict[str, Label] = {
    **{code: (platform.zh, platform.en) for code, platform in PLATFORM_BY_CODE.items()},
    "wechat": ("微信", "WeChat"),
    "store": ("门店", "store"),
    "referral": ("老带新", "referral"),
    "offline": ("线下", "offline"),
}


def touchpoint_label(code: str) -> Label:
    return TOUCHPOINTS.get(code, (code, code))


def source_label(code: str) -> Label:
    return SOURCES.get(code, (code, code))
