"""How long events are kept: which rule is about an event (pure).

A rule names an event, a source, both or neither. The most specific one decides alone: event and
source, then the event, then the source, then the rule for everything. 0 days: kept for ever, so
that a general rule can have exceptions. Days are business days of the brand: an event of day D is
kept for `days` whole days after D.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

ANY = ""
LONGEST = 36_500  # days


@dataclass(frozen=True)
class RetentionRule:
    """event, source: "" = any. days: 0 = for ever."""

    event: str
    source: str
    days: int
    created_by: str = ""
    created_at: int = 0

    @property
    def specific(self) -> int:
        """How narrow the rule is; the larger one goes before."""
        return 2 * (self.event != ANY) + (self.source != ANY)

    def is_about(self, event: str, source: str) -> bool:
        return self.event in (ANY, event) and self.source in (ANY, source)


def rule_for(rules: Iterable[RetentionRule], event: str, source: str) -> RetentionRule | None:
    """The rule that decides about an event of this source; None: it is kept for ever."""
    about = [one for one in rules if one.is_about(event, source)]
    return max(about, key=lambda one: one.specific, default=None)


def first_kept_day(rule: RetentionRule | None, today: str) -> str | None:
    """The oldest business day (ISO) whose events stay; None: all of them do."""
    if rule is None or rule.days == 0:
        return None
    return (date.fromisoformat(today) - timedelta(days=rule.days)).isoformat()
