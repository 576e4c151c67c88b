"""Telling people and programs: notices in the console, webhooks outside it."""

from yutang.notices.messages import Channels, Message, Notice, filled
from yutang.notices.service import Notices
from yutang.notices.telling import Desk
from yutang.notices.webhooks import Letter, Post, Taken, Webhook, Webhooks

__all__ = [
    "Channels", "Desk", "Letter", "Message", "Notice", "Notices", "Post", "Taken", "Webhook",
    "Webhooks", "filled",
]  # fmt: skip
