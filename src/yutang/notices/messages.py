"""What is told: a template with its parameters, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """kind: alert, schedule or webhook. template: English, `%(name)s` places, translated where it
    is shown; a parameter `why` is a template itself, filled with `why_params`. link: below the
    brand's pages. level: "" information, bad, good. data: what programs get."""

    kind: str
    template: str
    params: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""
    level: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Channels:
    """Who is told. logins: "" is everybody who has the right `needs`; webhooks: their numbers."""

    logins: tuple[str, ...] = ("",)
    webhooks: tuple[int, ...] = ()
    needs: str = "analyse"

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Channels:
        """From the JSON of an alert or a schedule."""
        return cls(tuple(stored.get("logins", [""])), tuple(stored.get("webhooks", [])))


@dataclass(frozen=True)
class Notice:
    """A message in somebody's list."""

    id: int
    at: int
    kind: str
    template: str
    params: Mapping[str, Any]
    link: str
    level: str
    is_read: bool


def filled(message: str, params: Mapping[str, Any], text: Any) -> str:
    """The sentence; `text` translates a template and fills it in."""
    values = dict(params)
    if "why" in values:
        values["why"] = text(str(values["why"]), **values.pop("why_params", {}))
    return str(text(message, **values))
