"""When somebody is told: one word per change, silence in between. Pure.

calm → firing → calm, each change told once; `late` is told only when it lasts a day, since data
that come by file each morning are late each night; `empty` is never told.
"""

from __future__ import annotations

from typing import Literal

from yutang.kit.clock import DAY_MS

State = Literal["", "calm", "firing", "late", "empty", "broken"]
Word = Literal["", "fires", "calm", "late", "broken", "reminder"]
LATE_AFTER_MS = DAY_MS


def word_for(
    state: State, told: State, *, since: int, told_at: int, now: int, remind_days: int
) -> Word:
    """What is said now. told: the state that was said last, at `told_at`; since: when this one
    began.

    >>> word_for("firing", "calm", since=5, told_at=0, now=5, remind_days=0)
    'fires'
    >>> word_for("firing", "firing", since=5, told_at=5, now=9, remind_days=0)
    ''
    """
    if state == "firing":
        if told != "firing":
            return "fires"
        waited = now - told_at >= remind_days * DAY_MS
        return "reminder" if remind_days and waited else ""
    if state == "broken":
        return "broken" if told != "broken" else ""
    if state == "late":
        return "late" if told != "late" and now - since >= LATE_AFTER_MS else ""
    if state == "calm" and told in ("firing", "broken", "late"):
        return "calm"
    return ""
