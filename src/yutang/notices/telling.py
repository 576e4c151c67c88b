"""One door for telling: in the console and outside it, in the transaction of what happened."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from yutang.notices.messages import Channels, Message
from yutang.notices.service import Notices
from yutang.notices.webhooks import Webhooks


@dataclass(frozen=True)
class Desk:
    """Notices and webhooks of one brand."""

    notices: Notices
    webhooks: Webhooks

    def tell_in(self, connection: Connection, message: Message, channels: Channels) -> None:
        """Write the notices and the posts; they exist if and only if the caller commits."""
        self.notices.add_in(connection, message, channels)
        self.webhooks.queue_in(connection, message, channels.webhooks)
