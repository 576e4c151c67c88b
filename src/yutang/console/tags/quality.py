"""How well do our guides tag? Coverage, freshness, agreement with what customers do."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response

from yutang.console.exports import Cell, download
from yutang.console.guard import Session, needs
from yutang.console.identity.reviews import tabs_of
from yutang.console.language import mark
from yutang.console.render import render
from yutang.console.tables import Column, Pager, Query, read_query
from yutang.console.tags import words
from yutang.tags import FRESH_DAYS, SMALL, GuideQuality

ROUTES = APIRouter()
PERIODS = {"": mark("all live contacts"), "30": mark("contacts of 30 days"),
           "90": mark("contacts of 90 days"), "365": mark("contacts of 365 days")}  # fmt: skip
COLUMNS = (
    Column("guide", mark("Guide"), sortable=True),
    Column("contacts", mark("Live contacts"), "count", sortable=True),
    Column("coverage", mark("Coverage"), "rate", sortable=True),
    Column("per_contact", mark("Tags per contact"), "number", sortable=True),
    Column("fresh", mark("Fresh"), "rate", sortable=True),
    Column("median_days", mark("Median age (days)"), "count", sortable=True),
    Column("set", mark("Set in the period"), "count", sortable=True),
    Column("precision", mark("Right"), "rate", sortable=True),
    Column("recall", mark("Found"), "rate", sortable=True),
    Column("lift", mark("Lift"), "number", sortable=True),
)


@ROUTES.get(words.PATH + "/quality")
def quality(request: Request, session: Session = needs("analyse")) -> Response:
    query = read_query(
        f"{session.base}/customers/tags/quality",
        request.query_params,
        filters=("days", "q"),
        sorts=[column.key for column in COLUMNS],
        default_sort="-contacts",
    )
    days = words.whole(query.filters.get("days"))
    days = days if str(days) in PERIODS else 0
    judged = session.brand.tag_quality.quality(days)
    found = _sorted(judged.guides, query)
    if kind := request.query_params.get("as"):
        return _export(session, kind, found)
    known = words.attributes(session)
    return render(
        request,
        "tags/quality.html",
        "list",
        query=query,
        days=days,
        periods=PERIODS,
        judged=judged,
        rows=found[query.offset : query.offset + query.size],
        value=value_of,
        pager=Pager(query, len(found)),
        columns=COLUMNS,
        group_names=words.group_names(session, session.brand.tags.groups()),
        said=lambda rule: words.condition_said(session, known, rule["filter"]),
        fresh_days=FRESH_DAYS,
        small=SMALL,
        may_export=session.may("export"),
        tabs=tabs_of(session),
        tab=words.TAB,
        waiting=session.brand.hands.count_reviews() if session.may("identity") else 0,
    )


def value_of(one: GuideQuality, key: str) -> float | int | str | None:
    if key in ("precision", "recall", "lift"):
        return getattr(one.agreement, key)  # type: ignore[no-any-return]
    return getattr(one, key)  # type: ignore[no-any-return]


def _sorted(guides: list[GuideQuality], query: Query) -> list[GuideQuality]:
    text = query.filters.get("q", "").casefold()
    found = [one for one in guides if text in one.guide.casefold()]
    known = [one for one in found if value_of(one, query.key) is not None]
    known.sort(key=lambda one: value_of(one, query.key), reverse=query.descending)  # type: ignore[arg-type, return-value]
    return known + [one for one in found if value_of(one, query.key) is None]


def _export(session: Session, kind: str, found: list[GuideQuality]) -> Response:
    session.require("export")
    detail = {"rows": len(found)}
    session.brand.audit.record(session.account.login, "tagging_exported", kind, detail, session.ip)
    header = [session.text(column.title) for column in COLUMNS]

    def rows() -> Iterator[list[Cell]]:
        for one in found:
            yield [value_of(one, column.key) for column in COLUMNS]

    return download(kind, "tagging", header, rows())
