"""The sentence of a look: a template that is translated where it is shown, numbers as text."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from yutang.alerts.judging import CALM
from yutang.alerts.looking import Look
from yutang.alerts.records import Alert
from yutang.kit.messages import mark
from yutang.notices import Message

REMINDER = mark("Still so: %(why)s")
NOTHING = "–"


def number(value: float | None, kind: str) -> str:
    """A value as text that both languages read.

    >>> number(1234.0, "count"), number(0.1234, "rate"), number(None, "count")
    ('1,234', '12.3%', '–')
    """
    if value is None:
        return NOTHING
    if kind == "rate":
        return f"{value * 100:,.1f}%".replace("-", "−")
    digits = 0 if float(value).is_integer() or abs(value) >= 1000 else 2
    shown = f"{value:,.{digits}f}".replace("-", "−")
    return f"{shown} s" if kind == "seconds" else shown


def params_of(name: str, seen: Look, rule_measure: str, zone: str) -> dict[str, Any]:
    """What the templates of a look are filled with."""
    verdict, kind = seen.verdict, seen.kind
    change = NOTHING
    if verdict is not None and verdict.change is not None:
        sign = "+" if verdict.change > 0 else ""
        percent = rule_measure == "percent"
        shown = f"{verdict.change:,.1f}%" if percent else number(verdict.change, kind)
        change = sign + shown.replace("-", "−")
    newest = NOTHING
    if seen.newest_at is not None:
        newest = datetime.fromtimestamp(seen.newest_at / 1000, ZoneInfo(zone)).strftime(
            "%Y-%m-%d %H:%M"
        )
    return {
        "name": name,
        "period": seen.period.label if seen.period else NOTHING,
        "value": number(seen.value, kind),
        "low": number(verdict.low if verdict else None, kind),
        "high": number(verdict.high if verdict else None, kind),
        "before": number(verdict.before if verdict else None, kind),
        "change": change,
        "newest": newest,
        **seen.params,
    }


def message_of(alert: Alert, seen: Look, word: str, zone: str) -> Message:
    """What is told of a look."""
    params = params_of(alert.name, seen, alert.rule.measure, zone)
    template = CALM if word == "calm" else seen.said
    if word == "reminder":
        params = {**params, "why": template, "why_params": dict(params)}
        template = REMINDER
    level = {"fires": "bad", "reminder": "bad", "broken": "bad", "calm": "good"}.get(word, "")
    data = {"alert": alert.id, "name": alert.name, "word": word, **seen.to_json()}
    return Message("alert", template, params, f"alerts/{alert.id}", level, data)
