"""Kinds of webhook: who can be told outside the console."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WebhookKind:
    """signs: our body carries a signature made with a secret; per_minute: how many posts it takes
    in a minute (0: no limit known)."""

    code: str
    zh: str
    en: str
    about_zh: str
    about_en: str
    signs: bool = False
    per_minute: int = 0


KINDS: tuple[WebhookKind, ...] = (
    # The platform's limit: 20 messages a minute and robot (developer.work.weixin.qq.com, 91770).
    WebhookKind(
        "wecom_robot",
        "企业微信群机器人",
        "WeCom group robot",
        "在企业微信群里添加群机器人，把它的 Webhook 地址粘贴到这里",
        "add a robot to a WeCom group and paste its webhook address",
        per_minute=20,
    ),
    WebhookKind(
        "json",
        "自有 JSON",
        "plain JSON",
        "自己的程序接收，带 HMAC-SHA256 签名",
        "your own program receives it, signed with HMAC-SHA256",
        signs=True,
    ),
)
BY_CODE = {kind.code: kind for kind in KINDS}
