"""Saved reports and what is made of them: a model's question under a name, answered anew whenever
it is opened; dashboards of such reports; notes on days and the trade's calendar beside them."""

from yutang.reports.answering import answer_cards, card_json
from yutang.reports.calendar import ZONES, CalendarDay, announced_until, calendar_days
from yutang.reports.dashboards import SHOWS, WIDTHS, Card, Dashboard, Dashboards
from yutang.reports.day_notes import KINDS, DayNote, DayNotes
from yutang.reports.ranges import RANGE, RANGES, resolved, span_of
from yutang.reports.ready import find_ready, make_ready, names_of, words_of
from yutang.reports.ready_cards import READY, Ready
from yutang.reports.scope import SQL, Scope, scope_of, scoped
from yutang.reports.service import Report, Reports, Uses

__all__ = [
    "KINDS",
    "RANGE",
    "RANGES",
    "READY",
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
    "Ready",
    "Report",
    "Reports",
    "Scope",
    "Uses",
    "announced_until",
    "answer_cards",
    "calendar_days",
    "card_json",
    "find_ready",
    "make_ready",
    "names_of",
    "resolved",
    "scope_of",
    "scoped",
    "span_of",
    "words_of",
]
