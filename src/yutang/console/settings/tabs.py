"""The tabs of the settings section; a role sees those it may open."""

from __future__ import annotations

from yutang.console.guard import Session
from yutang.console.language import mark

TABS = (
    ("me", mark("My account"), "see"),
    ("staff", mark("Staff"), "settings"),
    ("keys", mark("API keys"), "settings"),
    ("webhooks", mark("Telling others"), "settings"),
    ("sources", mark("Sources of events"), "analyse"),
    ("events", mark("Event dictionary"), "analyse"),
    ("privacy", mark("Personal data"), "privacy"),
    ("audit", mark("Audit log"), "settings"),
)


def tabs_of(session: Session) -> list[tuple[str, str]]:
    """(path, title message) of the tabs open to this session."""
    return [(path, title) for path, title, right in TABS if session.may(right)]
