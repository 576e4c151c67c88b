"""The overview: numbers, what needs somebody today, the pond, the money."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from yutang.catalog.platforms import DOMAINS
from yutang.console.cards import Card, card_of
from yutang.console.charts import Chart, Series
from yutang.console.exports import download
from yutang.console.guard import Session, needs
from yutang.console.language import mark
from yutang.console.marks import marked
from yutang.console.navigation import SECTIONS
from yutang.console.people import reference
from yutang.console.period import PeriodChoice, read_period
from yutang.console.render import render
from yutang.measure import COMPARES, PRESETS, Finding, Overview

ROUTES = APIRouter()
# The first row: is it growing, is it worth it, do they come back, is the pond filling?
# What cannot be told yet gives its place to the next that can.
KEYS = ("gmv_net", "private_share", "buyers", "repurchase_rate", "pool_stock", "upt", "orders")
KEYS_SHOWN = 5
# The steps of a trend.
STEPS = {"day": mark("day"), "week": mark("week"), "month": mark("month")}
UNITS = {
    "fen": mark("yuan"),
    "count": mark("units"),
    "rate": mark("share (1 = 100 %)"),
    "ratio": mark("multiple"),
    "days": mark("days"),
}
PAGES = {
    "customers": "customers", "import": "imports", "shops": "shops",
    "groups": "groups?health=red",
}  # fmt: skip


@ROUTES.get("/b/{brand}/overview")
def overview(request: Request, session: Session = needs("see")) -> Response:
    choice = read_period(session, request.query_params)
    found = session.brand.measure.overview(choice.period, choice.compare)
    cards = {
        one.metric.id: card_of(session, one, _people_link(session, choice, one.metric.id))
        for one in found.numbers
    }
    if export := request.query_params.get("as"):
        return _export(session, export, found, list(cards.values()))
    trends = marked(
        session, (_money(session, found), _domains(session, found), _buyers(session, found))
    )
    return render(
        request,
        "overview/overview.html",
        choice=choice,
        presets=PRESETS,
        compares=COMPARES,
        compared=found.compare,
        path=request.url.path,
        found=found,
        numbers={one.metric.id: one for one in found.numbers},
        cards=cards,
        keys=_keys(found, cards),
        needs=[(one, _finding_link(session, choice, one)) for one in found.needs],
        pond=_pond(session, choice, found) if found.pool.measured else None,
        money=trends[0],
        domains=trends[1],
        buyers=trends[2],
    )


def _keys(found: Overview, cards: dict[str, Card]) -> list[Card]:
    """The first row's cards; those without a value only where too few have one."""
    told = {one.metric.id for one in found.numbers if one.value is not None}
    chosen = [key for key in KEYS if key in told] + [key for key in KEYS if key not in told]
    shown = set(chosen[:KEYS_SHOWN])
    return [cards[key] for key in KEYS if key in shown]


def _people_link(session: Session, choice: PeriodChoice, metric: str) -> str:
    return f"{session.base}/customers?people=" + reference(
        "metric",
        metric=metric,
        period=choice.period.preset,
        first=choice.period.first.isoformat(),
        last=choice.period.last.isoformat(),
    )


def _finding_link(session: Session, choice: PeriodChoice, finding: Finding) -> str:
    """Where a finding can be mended; "" where this role may not go."""
    if finding.page == "customers" and "metric" in finding.params:
        return _people_link(session, choice, finding.params["metric"])
    path = PAGES.get(finding.page, "overview")
    name = path.partition("?")[0]
    right = next((section.right for section in SECTIONS if section.path == name), "see")
    return f"{session.base}/{path}" if session.may(right) else ""


def _pond(session: Session, choice: PeriodChoice, found: Overview) -> Chart:
    pool = found.pool
    labels = [session.text("At the start")]
    values: list[float] = [pool.before]
    links = [""]
    for kind, flows, sign in (("pool_inflow", pool.inflow, 1), ("pool_outflow", pool.outflow, -1)):
        for flow in flows:
            labels.append(session.pick(flow.label))
            values.append(sign * flow.people)
            links.append(_people_link(session, choice, f"{kind}:{flow.key}"))
    labels.append(session.text("Now"))
    values.append(pool.after)
    links.append(_people_link(session, choice, "pool_stock"))
    say = session.text(
        "The pond had %(before)s people and has %(after)s now.",
        before=f"{pool.before:,}",
        after=f"{pool.after:,}",
    )
    name = session.text("People")
    return Chart("waterfall", labels, [Series(name, values)], say, height=250, links=links)


def _money(session: Session, found: Overview) -> Chart:
    trend = found.trend
    whole = _sum(list(trend.net_fen.values()), len(trend.labels))
    series = [Series(session.text("This period"), whole)]
    if trend.compare_net_fen is not None:
        before: list[float | None] = [float(v) for v in trend.compare_net_fen]
        fitted = (before + [None] * len(whole))[: len(whole)]
        series.append(Series(session.text("Compared"), fitted, "compare"))
    say = session.text(
        "Net GMV by %(unit)s, highest %(high)s.",
        unit=session.text(STEPS[found.unit]),
        high=f"¥{max(whole, default=0) / 100:,.0f}",
    )
    return Chart("area", trend.labels, series, say, unit="money", height=250)


def _domains(session: Session, found: Overview) -> Chart:
    """Net GMV by whose sale it is; what nobody sells in is left out."""
    trend = found.trend
    series = [
        Series(session.pick(DOMAINS[code]), [max(0, v) for v in values])
        for code, values in trend.net_fen.items()
        if any(values)
    ]
    say = session.text("Net GMV by private, public and store.")
    return Chart("stacked", trend.labels, series, say, unit="money", height=220)


def _buyers(session: Session, found: Overview) -> Chart:
    trend = found.trend
    series = [
        Series(session.text("Returning"), list(trend.returning_buyers)),
        Series(session.text("New"), list(trend.new_buyers)),
    ]
    say = session.text("Buyers by day of payment, new and returning.")
    return Chart("stacked", trend.labels, series, say, height=220)


def _sum(series: Sequence[Sequence[int]], length: int) -> list[float]:
    return [float(sum(values[i] for values in series)) for i in range(length)]


def _export(session: Session, kind: str, found: Overview, cards: list[Card]) -> Response:
    header = [
        session.text(t)
        for t in (
            mark("Number"),
            mark("Value"),
            mark("Unit"),
            mark("Compared with"),
            mark("Change"),
            mark("How it is computed"),
        )
    ]
    rows = [
        [
            card.name,
            _cell(one.metric.unit, one.value),
            session.text(UNITS[one.metric.unit]),
            _cell(one.metric.unit, one.compare),
            one.change,
            card.formula,
        ]
        for one, card in zip(found.numbers, cards, strict=True)
    ]
    name = f"overview-{found.period.first.isoformat()}-{found.period.last.isoformat()}"
    return download(kind, name, header, rows)


def _cell(unit: str, value: float | None) -> float | None:
    """Money leaves in yuan, as in every other file."""
    if value is None or unit != "fen":
        return value
    return round(value / 100, 2)
