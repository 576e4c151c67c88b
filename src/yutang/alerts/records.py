"""What the alerts feature hands out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yutang.alerts.rule import Rule


@dataclass(frozen=True)
class Alert:
    """An alert. state: "" until it was looked at; seen: the numbers of the last look
    (looking.Look.to_json); channels: logins, webhooks, quiet_until (UTC ms)."""

    id: int
    report_id: int
    name: str
    rule: Rule
    channels: Mapping[str, Any]
    status: str
    state: str
    seen: Mapping[str, Any]
    checked_at: int | None
    created_by: str
    created_at: int

    def is_quiet(self, now: int) -> bool:
        """Is it snoozed?"""
        return int(self.channels.get("quiet_until") or 0) > now


@dataclass(frozen=True)
class AlertEvent:
    """A change of an alert's state."""

    at: int
    state: str
    detail: Mapping[str, Any]
