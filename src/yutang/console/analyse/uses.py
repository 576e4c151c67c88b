"""Where a saved report stands, in words."""

from __future__ import annotations

from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.reports import Uses

_KINDS = {
    "dashboards": mark("on the dashboards %(names)s"),
    "alerts": mark("in the alerts %(names)s"),
    "schedules": mark("sent on time as %(names)s"),
}


def in_uses(session: Session, uses: Uses) -> str:
    """Where it stands and would go from when it is removed; "" where it stands nowhere."""
    parts = []
    for kind, words in _KINDS.items():
        names = [f"“{name}”" for name in getattr(uses, kind)]
        if names:
            parts.append(session.text(words, names=session.text(", ").join(names)))
    return session.text("; ").join(parts)
