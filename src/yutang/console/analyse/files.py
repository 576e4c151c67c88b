"""A saved report's tables as a page shows them, for a file that nobody is looking at."""

from __future__ import annotations

from typing import Any

from yutang import analysis
from yutang.console.analyse.answer import Asked
from yutang.console.analyse.present import present
from yutang.console.analyse.words import vocabulary
from yutang.console.guard import Session
from yutang.console.language import language
from yutang.kit.sheets import Sheet
from yutang.reports import Report, resolved
from yutang.staff import Account, Membership


def sheets(brand: Any, report: Report, code: str) -> list[Sheet]:
    """The answer's table and its further tables, in one language. Raises BadInput, NotFound."""
    session = reader(brand, code)
    shards = brand.shards()
    today = brand.measure.today()
    params = resolved(report.params, today)
    result = analysis.answered(report.model, shards, params, today=today)
    words = vocabulary(session, shards)
    answer = present(Asked(session, words, report.model, params, result))
    compared = session.text(" (compared)")
    return [
        Sheet(one.title or report.name, one.flat_heads(compared), map(one.flat_row, one.rows))
        for one in (answer.grid, *answer.more)
    ]


def reader(brand: Any, code: str) -> Session:
    """A session of nobody, with a language: for words outside a request."""
    row = brand.row
    return Session(
        account=Account(0, "", "", code, "auto"),
        membership=Membership(row.id, row.slug, row.name, row.label, "analyst"),
        memberships=(),
        brand=brand,
        language=language(code),
        csrf="",
        ip="",
    )
