"""Saved reports and what is made of them: a model's question under a name, answered anew whenever
it is opened; dashboards of such reports; notes on days and the trade's calendar beside them; and
stored runs of RFM, whose answer stays. Runs are loaded when first used: they bring the kernels'
compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yutang.reports.answering import answer_cards, card_json
from yutang.reports.calendar import ZONES, CalendarDay, announced_until, calendar_days
from yutang.reports.dashboards import SHOWS, WIDTHS, Card, Dashboard, Dashboards
from yutang.reports.day_notes import KINDS, DayNote, DayNotes
from yutang.reports.ranges import CHART, RANGE, RANGES, resolved, span_of
from yutang.reports.ready import find_ready, make_ready, names_of, words_of
from yutang.reports.ready_cards import READY, Ready
from yutang.reports.scope import SQL, Scope, scope_of, scoped
from yutang.reports.service import Report, Reports, Uses

if TYPE_CHECKING:
    from yutang.reports.runs import Movement, Run, Runs, kind_of, until

# The model whose runs can be stored.
RUN_MODEL = "rfm"

__all__ = [
    "CHART",
    "KINDS",
    "RANGE",
    "RANGES",
    "READY",
    "RUN_MODEL",
    "SHOWS",
    "SQL",
    "WIDTHS",
    "ZONES",
    "CalendarDay",
    "Card",
    "Dashboard",
    "Dashboards",
    "DayNote",
    "DayNotes",
    "Movement",
    "Ready",
    "Report",
    "Reports",
    "Run",
    "Runs",
    "Scope",
    "Uses",
    "announced_until",
    "answer_cards",
    "calendar_days",
    "card_json",
    "find_ready",
    "kind_of",
    "make_ready",
    "names_of",
    "resolved",
    "scope_of",
    "scoped",
    "span_of",
    "until",
    "words_of",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from yutang.reports import runs

    return getattr(runs, name)
