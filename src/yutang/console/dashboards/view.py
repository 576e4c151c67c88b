"""What a card shows: its report's answer under the dashboard's scope, words, or what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from yutang import analysis
from yutang.console.analyse import form as fields
from yutang.console.analyse.answer import Answer, Asked, Grid
from yutang.console.analyse.looks import Looks
from yutang.console.analyse.looks import shown as chosen_look
from yutang.console.analyse.pages import place_of
from yutang.console.analyse.present import present, titled
from yutang.console.analyse.schema import fields_of
from yutang.console.analyse.words import Vocabulary, vocabulary
from yutang.console.charts import Chart, Flows, Heat
from yutang.console.dashboards.figure import Figure, figure_of, with_comparison
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.console.marks import marked
from yutang.console.sql.shown import chart_of as chart_of_sql
from yutang.console.sql.shown import grid_of as grid_of_sql
from yutang.errors import BadInput, NotFound, YutangError
from yutang.reports import CHART, RANGE, SQL, Card, Report, Scope, scoped

MOST_ROWS = 50  # of a table on a card; the file and the report have them all


@dataclass(frozen=True)
class Facts:
    """What all cards of one request are asked of; `shards` is None where nothing came in yet."""

    session: Session
    shards: Any | None
    words: Vocabulary | None


@dataclass(frozen=True)
class Shown:
    """A card ready to be drawn. `title`, `say`, `notes` are final text; `days`: first and last day
    that were asked, where there are such; `link`: where the report opens with the same question."""

    card: Card
    title: str
    link: str = ""
    kind: str = "words"  # words | number | chart | table | empty | error
    picture: Chart | Flows | Heat | None = None
    grid: Grid | None = None
    cut: int = 0
    figure: Figure | None = None
    say: Markup = field(default_factory=Markup)
    days: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()
    error: tuple[str, str] = ("", "")


def facts_of(session: Session) -> Facts:
    try:
        shards = session.brand.shards()
    except NotFound:
        return Facts(session, None, None)
    return Facts(session, shards, vocabulary(session, shards))


def show(facts: Facts, card: Card, report: Report | None, scope: Scope) -> Shown:
    """One card. What is wrong with it is said on it: the others are not troubled."""
    title = card.title or (report.name if report else "")
    if report is None:
        return Shown(card, title)
    link = _link(facts.session, report, scope)
    try:
        if report.model == SQL:
            return _sql(facts.session, card, report, title, scope)
        return _model(facts, card, report, title, link, scope)
    except YutangError as error:
        return Shown(card, title, link, "error", error=_said(facts.session, report, error))


def _said(session: Session, report: Report, error: YutangError) -> tuple[str, str]:
    """What went wrong and what to do; a place in the question by the name its field has."""
    params = dict(error.params)
    if isinstance(error, BadInput) and params.get("place") and report.model != SQL:
        known = fields_of(analysis.get_model(report.model).Params)
        params["place"] = place_of(session, known, error)["title"]
    return session.text(error.message, **params), session.text(error.hint, **params)


def answer_of(facts: Facts, report: Report, scope: Scope, *, compared: bool = False) -> Asked:
    """The report's answer under the scope. Raises BadInput, NotFound."""
    if facts.shards is None or facts.words is None:
        raise NotFound("No data yet.", hint="Import orders or connect a source first.")
    today = facts.session.brand.measure.today()
    params = scoped(report.params, scope, today)
    if compared:
        params = with_comparison(params)
    result = analysis.answered(report.model, facts.shards, params, today=today)
    return titled(Asked(facts.session, facts.words, report.model, params, result))


def _model(facts: Facts, card: Card, report: Report, title: str, link: str, scope: Scope) -> Shown:
    number = card.show == "number"
    asked = answer_of(facts, report, scope, compared=number)
    answer = present(_only(asked, card.measure))
    common: dict[str, Any] = {
        "days": _days(asked),
        "notes": tuple(facts.session.pick(one) for one in asked.result.caveats),
        "say": Markup(answer.say),  # noqa: S704 - built and escaped in present*.py
    }
    figure = figure_of(asked, card.measure) if number else None
    if figure is not None:
        return Shown(card, title, link, "number", figure=figure, **common)
    if answer.nothing:
        return Shown(card, title, link, "empty", **common)
    picture = _first_picture(facts.session, answer, report) if card.show != "table" else None
    if picture is not None:
        return Shown(card, title, link, "chart", picture=picture, **common)
    return _table(card, title, link, answer.grid, **common)


def _table(card: Card, title: str, link: str, grid: Grid, **common: Any) -> Shown:
    cut = max(0, len(grid.rows) - MOST_ROWS)
    first = replace(grid, rows=grid.rows[:MOST_ROWS])
    return Shown(card, title, link, "table", grid=first, cut=cut, **common)


def _only(asked: Asked, measure: str) -> Asked:
    """Of a picture with several numbers the chosen one, where it has that one."""
    chart = asked.result.chart
    kept = [one for one in chart.get("series", ()) if _first_word(one) == measure]
    if not measure or not kept:
        return asked
    return replace(asked, result=replace(asked.result, chart={**chart, "series": kept}))


def _first_word(series: Any) -> str:
    name = series.get("name", "") if isinstance(series, dict) else ""
    return str(name[0] if isinstance(name, (list, tuple)) and name else name)


def _first_picture(session: Session, answer: Answer, report: Report) -> Chart | Flows | Heat | None:
    """The picture of the kind that the report was saved with."""
    answer, _, _ = chosen_look(answer, Looks(chart=str(report.params.get(CHART, ""))))
    pictures = marked(session, answer.pictures[:1])
    return pictures[0] if pictures else None


def _days(asked: Asked) -> tuple[str, str] | None:
    first, last = asked.params.get("from"), asked.params.get("to")
    return (str(first), str(last)) if first and last else None


def _sql(session: Session, card: Card, report: Report, title: str, scope: Scope) -> Shown:
    answer = session.brand.sql.ask(str(report.params.get("sql", "")))
    notes: tuple[str, ...] = ()
    if scope.range or scope.filter:
        notes = (session.text(mark("SQL says its own days: those of the dashboard do not apply.")),)
    link = f"{session.base}/sql?report={report.id}"
    chart = chart_of_sql(answer, session) if card.show != "table" else None
    grid = grid_of_sql(answer)
    if not grid.rows:
        return Shown(card, title, link, "empty", notes=notes)
    if chart is not None:
        return Shown(card, title, link, "chart", picture=chart, notes=notes)
    return _table(card, title, link, grid, notes=notes)


def _link(session: Session, report: Report, scope: Scope) -> str:
    """The saved report itself; under another scope the same question with that scope."""
    if not scope.range and not scope.filter:
        return f"{session.base}/analyse/saved/{report.id}"
    today = session.brand.measure.today()
    params = scoped(report.params, scope, today)
    if scope.range and scope.range != "custom":
        params = {k: v for k, v in params.items() if k not in ("from", "to")}
        params[RANGE] = scope.range
    elif not scope.range and RANGE in report.params:
        params = {k: v for k, v in params.items() if k not in ("from", "to")}
        params[RANGE] = report.params[RANGE]
    return f"{session.base}/analyse/{report.model}?{urlencode(fields.flatten(params))}"


def whole_grid(facts: Facts, report: Report, scope: Scope) -> Grid:
    """All rows of a card's answer, for a file. Raises BadInput, NotFound."""
    if report.model == SQL:
        return grid_of_sql(facts.session.brand.sql.ask(str(report.params.get("sql", ""))))
    return present(answer_of(facts, report, scope)).grid
