"""Posting to webhooks: bodies by kind, and a sender that does not reach into our own network."""

from yutang.connectors.webhooks.bodies import signature
from yutang.connectors.webhooks.sending import Sending

__all__ = ["Sending", "signature"]
