"""The analyse pages: choose a model, ask, look, save, take away. They know no model by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from markupsafe import Markup

from yutang import analysis
from yutang.console.analyse import form as fields
from yutang.console.analyse.answer import Answer, Asked, change
from yutang.console.analyse.choices import ADD
from yutang.console.analyse.conditions import OPERATORS
from yutang.console.analyse.controls import form_of
from yutang.console.analyse.defaults import in_words, missing, usual
from yutang.console.analyse.guide import GUIDES
from yutang.console.analyse.looks import ROWS, SORT, TITLES, Looks, cut, looks_of, shown
from yutang.console.analyse.present import present, said
from yutang.console.analyse.schema import CUSTOM, Field, fields_of, find
from yutang.console.analyse.uses import in_uses
from yutang.console.analyse.why_empty import Why, why_empty
from yutang.console.analyse.words import Vocabulary, suggested, vocabulary
from yutang.console.exports import download
from yutang.console.guard import Session, needs
from yutang.console.marks import marked
from yutang.console.render import render
from yutang.errors import BadInput, NotFound
from yutang.reports import CHART, KINDS, RANGE, RANGES, RUN_MODEL, resolved, span_of

ROUTES = APIRouter()
# Fields of an address that are the page's, not the question's.
OWN = (
    "as",
    "report",
    "csrf",
    "called",
    "over",
    "then",
    "dashboard",
    "new",
    "show",
    CHART,
    SORT,
    ROWS,
)


@dataclass(frozen=True)
class Question:
    """What a model is asked. `tree`: as it was typed; `params` may hold `range`; error: why it
    cannot be asked."""

    fields: tuple[Field, ...]
    tree: Mapping[str, Any]
    params: Mapping[str, Any]
    error: BadInput | None = None

    @property
    def query(self) -> str:
        return urlencode(fields.flatten(self.params))

    @property
    def of_everybody(self) -> str:
        return urlencode(fields.flatten({k: v for k, v in self.params.items() if k != "filter"}))

    def without_follow(self, one: Any) -> str:
        others = [other for other in self.params["follow"] if other is not one]
        return urlencode(fields.flatten({**self.params, "follow": others}))

    @property
    def over_all_days(self) -> str:
        kept = {k: v for k, v in self.params.items() if k not in ("from", "to", "compare")}
        return urlencode(fields.flatten({**kept, RANGE: "all"}))


@ROUTES.get("/b/{brand}/analyse")
def models(request: Request, session: Session = needs("analyse")) -> Response:
    shards = _find_shards(session)
    words = vocabulary(session, shards) if shards is not None else None
    return render(
        request,
        "analyse/index.html",
        models=analysis.MODELS,
        examples={one.NAME: _example(one, words) for one in analysis.MODELS},
        reports=session.brand.reports.list_(),
        uses={of: in_uses(session, one) for of, one in session.brand.reports.all_uses().items()},
        titles={model.NAME: (model.ZH, model.EN) for model in analysis.MODELS},
    )


@ROUTES.get("/b/{brand}/analyse/values")
def values(session: Session = needs("analyse"), name: str = "", q: str = "") -> Response:
    """Known values of a property, for the boxes they are typed into."""
    shards = _find_shards(session)
    found = suggested(session, shards, name, q[:100]) if shards is not None else []
    return JSONResponse([{"value": value, "label": label} for value, label in found])


@ROUTES.get("/b/{brand}/analyse/{model}")
def ask(request: Request, model: str, session: Session = needs("analyse")) -> Response:
    known = analysis.get_model(model)
    shards = _find_shards(session)
    words = vocabulary(session, shards) if shards is not None else None
    example = usual(known, words) if words is not None else None
    asked = [one for one in request.query_params.multi_items() if one[0] not in OWN]
    if words is None or not words.events or (example is None and not asked):
        return _nothing_yet(request, known, words)
    question = question_of(known, asked or fields.flatten(example or {}), words)
    looks = looks_of(request.query_params)
    answered = _answer(session, known, words, question, shards)
    export = request.query_params.get("as")
    if export and answered.answer is not None:
        return _export(session, model, export, answered.answer, looks)
    error = answered.error
    return render(
        request,
        "analyse/model.html",
        "answer",
        status=422 if error and asked else 200,
        asked=bool(asked),
        model=known,
        models=analysis.MODELS,
        words=words,
        form=form_of(question.fields, question.tree),
        ranges=RANGES,
        span=_range(question, session.brand.measure.today()),
        operators=OPERATORS,
        add=ADD,
        guide=GUIDES.get(model),
        change=change,
        events_read=_events_of(shards),
        error=error,
        place=place_of(session, question.fields, error),
        again=question.query,
        all_days=question.over_all_days,
        everybody=question.of_everybody,
        example=(in_words(example or {}, words), urlencode(fields.flatten(example or {}))),
        runs=session.brand.runs.list_() if model == RUN_MODEL else None,
        chart_name=model,
        looks=looks,
        **_keeping(request, session),
        **_shown(answered, question, looks),
    )


def _nothing_yet(request: Request, model: Any, words: Vocabulary | None) -> Response:
    """The page of a model that has nothing to count: which events it needs."""
    lacks = missing(model, words) if words is not None and words.events else ()
    named = [words.event(name) for name in lacks] if words is not None else []
    return render(
        request,
        "analyse/empty.html",
        model=model,
        models=analysis.MODELS,
        lacks=named,
        codes=lacks,
    )


@dataclass(frozen=True)
class Answered:
    """What came of a question: an answer with its result, or an error."""

    answer: Answer | None = None
    result: analysis.Result | None = None
    error: BadInput | None = None
    why: Why | None = None
    caveats: tuple[str, ...] = ()


def _answer(
    session: Session, model: Any, words: Vocabulary, question: Question, shards: Any
) -> Answered:
    if question.error is not None:
        return Answered(error=question.error)
    try:
        today = session.brand.measure.today()
        params = resolved(question.params, today)
        result = analysis.answered(model.NAME, shards, params, today=today)
        answer = present(
            Asked(session, words, model.NAME, params, result, question=question.params)
        )
    except BadInput as bad:
        if (name := str(bad.params.get("name", ""))) in words.types:
            bad.params["name"] = words.property(name)
        return Answered(error=bad)
    answer = replace(answer, pictures=marked(session, answer.pictures))
    why = why_empty(model.NAME, shards, params, result) if answer.nothing else None
    caveats = tuple(said(session, words, one) for one in result.caveats)
    return Answered(answer, result, why=why, caveats=caveats)


def _shown(answered: Answered, question: Question, looks: Looks) -> dict[str, Any]:
    """What the template shows of an answer."""
    found: dict[str, Any] = {"answer": answered.answer, "result": answered.result, "say": ""}
    found |= {"why": answered.why, "kinds": (), "kind": "", "followed": []}
    if answered.answer is None:
        return found
    answer, kinds, kind = shown(answered.answer, looks)
    say = Markup(answer.say)  # noqa: S704 - built and escaped in say.py and present*.py
    followed = [(one, question.without_follow(one)) for one in question.params.get("follow", [])]
    return found | {
        "answer": cut(answer, looks),
        "say": say,
        "kinds": [(one, TITLES.get(one, one)) for one in kinds],
        "kind": kind,
        "followed": followed,
        "caveats": answered.caveats,
    }


def question_of(model: Any, asked: list[tuple[str, str]], words: Vocabulary) -> Question:
    known = fields_of(model.Params)
    tree: Mapping[str, Any] = {}
    try:
        tree = fields.typed(known, asked)
        params = fields.read(known, asked, words.types)
        if params.get(RANGE) in RANGES:  # the days beside it only show what it means today
            params = {key: value for key, value in params.items() if key not in ("from", "to")}
        elif params.get(RANGE) == CUSTOM:
            del params[RANGE]
        return Question(known, tree, params)
    except BadInput as bad:
        return Question(known, tree, {}, bad)


def _range(question: Question, today: Any) -> dict[str, str]:
    """What the range's fields show: the preset, and the days that it means today."""
    tree = question.tree
    name = str(tree.get(RANGE, "custom"))
    if name in RANGES:
        first, last = span_of(name, today)
    else:
        name, first, last = "custom", tree.get("from", ""), tree.get("to", "")
    return {"name": name, "from": str(first or ""), "to": str(last or "")}


def place_of(session: Session, known: tuple[Field, ...], error: BadInput | None) -> dict[str, str]:
    """Where an error belongs: the field's name in the form, and what a person calls it."""
    place = str(error.params.get("place", "")) if error else ""
    name = place.replace("[", ".").replace("]", "")
    titles = [session.pick(field.title) for field in find(known, place)]
    numbers = [str(int(part) + 1) for part in name.split(".") if part.isdigit()]
    if titles and numbers:
        titles[0] = f"{titles[0]} {numbers[0]}"
    return {"name": name, "title": " › ".join(titles) or place}


def _example(model: Any, words: Vocabulary | None) -> str:
    found = usual(model, words) if words is not None else None
    return in_words(found, words) if found and words is not None else ""


def _find_shards(session: Session) -> Any | None:
    try:
        return session.brand.shards()
    except NotFound:
        return None


def _events_of(shards: Any) -> int:
    return sum(int(shard.rows) for shard in shards.shards)


def _keeping(request: Request, session: Session) -> dict[str, Any]:
    """What the dialogs need that keep a question (keep.html)."""
    boards = session.brand.dashboards.list_()
    return {"report": _report(request, session), "note_kinds": KINDS, "boards": boards}


def _report(request: Request, session: Session) -> Any | None:
    value = request.query_params.get("report", "")
    return session.brand.reports.get(int(value)) if value.isascii() and value.isdigit() else None


def _export(session: Session, model: str, kind: str, answer: Answer, looks: Looks) -> Response:
    """All rows, in the order they are shown in."""
    grid = answer.grid.sorted(looks.sort)
    heads = grid.flat_heads(session.text(" (compared)"))
    return download(kind, model, heads, (grid.flat_row(row) for row in grid.rows))
