"""What an export's wording means: order statuses, refunds, platforms. Rules, then functions."""

from __future__ import annotations

from collections.abc import Iterable

from yutang.catalog import platforms

# Rules are tried in order, the first that fits wins: (words of which one must occur, status).
# Closed first: 已发货,退款成功 is closed, not shipped; created before paid: 等待买家付款 contains
# 付款; 待发货 before 发货.
RULES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("关闭", "取消", "退款成功", "已退款", "作废", "cancel", "closed", "void", "refunded"),
        "closed",
    ),
    (
        ("等待买家付款", "待买家付款", "待付款", "未付款", "待支付", "未支付", "等待付款",
         "wait_buyer_pay", "unpaid", "pending", "定金已付", "created"),
        "created",
    ),
    (
        ("交易成功", "已完成", "完成", "已收货", "已签收", "交易完成", "finished",
         "complete", "delivered"),
        "finished",
    ),
    (
        ("等待卖家发货", "待发货", "未发货", "备货", "待出库", "等待出库", "待打包", "待揽收",
         "待成团", "待配送", "unfulfilled", "wait_seller_send"),
        "paid",
    ),
    (
        ("已发货", "部分发货", "待收货", "等待买家确认", "确认收货", "配送中", "运输中", "已出库",
         "发货", "shipped", "fulfilled", "wait_buyer_confirm"),
        "shipped",
    ),
    (("已付款", "已支付", "付款成功", "支付成功", "paid"), "paid"),
)  # fmt: skip

# A word in a platform's name -> its catalog code.
_PLATFORM_WORDS = (
    ("天猫", "tmall"), ("淘宝", "tmall"), ("taobao", "tmall"), ("京东", "jd"), ("拼多多", "pdd"),
    ("抖", "douyin"), ("快手", "kuaishou"), ("小红书", "xiaohongshu"), ("有赞", "youzan"),
    ("微店", "weidian"), ("微信小店", "wechat_shop"), ("视频号", "wechat_shop"),
    ("小程序", "mini_program"), ("门店", "pos"), ("pos", "pos"),
)  # fmt: skip


def status_of(text: str, own: dict[str, str]) -> str | None:
    """The status code for a wording; a mapping's own words come first. None when unknown.

    >>> status_of("买家已付款，等待卖家发货", {}), status_of("未发货，退款成功", {})
    ('paid', 'closed')
    """
    if text in own:
        return own[text]
    lowered = text.casefold()
    for words, code in RULES:
        if any(word in lowered for word in words):
            return code
    return None


def is_refunded(text: str, words: Iterable[str]) -> bool:
    """Whether a wording says that all the money went back; 部分退款 (part of it) does not."""
    return "部分" not in text and any(word in text for word in words)


def platform_code(text: str) -> str:
    """The catalog code for a platform's name as a file writes it; `other` when unknown."""
    lowered = text.strip().casefold()
    if lowered in platforms.BY_CODE:
        return lowered
    for word, code in _PLATFORM_WORDS:
        if word in lowered:
            return code
    return "other"
