"""The answers of a dashboard's cards as plain data, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from yutang import analysis
from yutang.errors import YutangError
from yutang.reports.dashboards import Card, Dashboard
from yutang.reports.scope import SQL, Scope, scoped
from yutang.reports.service import Report


def answer_cards(
    board: Dashboard, reports: Mapping[int, Report], shards: Any, scope: Scope, today: date
) -> list[dict[str, Any]]:
    """Every card with what it shows and its `result`; where it cannot be answered, `error` says
    why and the others are answered all the same."""
    return [_answered(card, reports, shards, scope, today) for card in board.cards]


def card_json(card: Card, reports: Mapping[int, Report]) -> dict[str, Any]:
    """What a card is, without its answer."""
    report = reports.get(card.report_id) if card.report_id is not None else None
    return {
        "id": card.id,
        "report_id": card.report_id,
        "title": card.title or (report.name if report else ""),
        "model": report.model if report else "",
        "note": card.note,
        "show": card.show if report else "words",
        "measure": card.measure,
        "width": card.width,
    }


def _answered(
    card: Card, reports: Mapping[int, Report], shards: Any, scope: Scope, today: date
) -> dict[str, Any]:
    found: dict[str, Any] = {**card_json(card, reports), "result": None, "error": ""}
    report = reports.get(card.report_id) if card.report_id is not None else None
    if report is None:
        return found
    if report.model == SQL:
        return {**found, "error": "Ask SQL reports at /sql: they say their own days."}
    try:
        params = scoped(report.params, scope, today)
        result = analysis.answered(report.model, shards, params, today=today)
    except YutangError as error:
        return {**found, "error": str(error)}
    return {**found, "result": result.to_json()}
