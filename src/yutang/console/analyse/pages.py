"""The analyse pages: choose a model, ask, look, save, take away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.datastructures import FormData

from yutang import analysis
from yutang.console.analyse import form as fields
from yutang.console.analyse.defaults import defaults
from yutang.console.analyse.present import STATS, Answer, Asked, present
from yutang.console.analyse.words import Vocabulary, vocabulary
from yutang.console.exports import download
from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.errors import BadInput, NotFound

ROUTES = APIRouter()
OWN_FORM = {"funnel", "event"}
LISTS = ("steps", "measures", "group", "formulas", "exclusions")


@ROUTES.get("/b/{brand}/analyse")
def models(request: Request, session: Session = needs("analyse")) -> Response:
    return render(
        request,
        "analyse/index.html",
        models=analysis.MODELS,
        reports=session.brand.reports.list_(),
        titles={model.NAME: (model.ZH, model.EN) for model in analysis.MODELS},
    )


@ROUTES.get("/b/{brand}/analyse/saved/{report_id}")
def saved(report_id: int, session: Session = needs("analyse")) -> Response:
    report = session.brand.reports.get(report_id)
    if report.model == "sql":  # a question in SQL has a page of its own
        return RedirectResponse(f"{session.base}/sql?report={report_id}", status_code=303)
    query = urlencode([*fields.flatten(report.params), ("report", str(report_id))])
    return RedirectResponse(f"{session.base}/analyse/{report.model}?{query}", status_code=303)


@ROUTES.post("/b/{brand}/analyse/saved/{report_id}/delete")
def delete_report(
    request: Request,
    report_id: int,
    session: Session = needs("analyse"),
    _form: FormData = Depends(posted),
) -> Response:
    report = session.brand.reports.get(report_id)
    session.brand.reports.remove(report_id)
    session.brand.audit.record(
        session.account.login, "report_deleted", report.name, None, session.ip
    )
    note = session.text("Deleted: %(name)s.", name=report.name)
    return see_other(request, f"{session.base}/analyse", note)


@ROUTES.get("/b/{brand}/analyse/{model}")
def ask(request: Request, model: str, session: Session = needs("analyse")) -> Response:
    known = analysis.get_model(model)
    shards = _find_shards(session)
    if shards is None:
        return render(request, "analyse/empty.html", model=known)
    words = vocabulary(session, shards)
    asked = [(k, v) for k, v in request.query_params.multi_items() if k not in ("as", "report")]
    usual = defaults(model, list(shards.event_names), session.brand.measure.today())
    if usual is None:
        return render(request, "analyse/empty.html", model=known)
    error = answer = result = None
    params: Mapping[str, Any] = usual
    try:
        if asked:
            params = _params(model, asked, words)
        result = analysis.run(model, shards, params)
        answer = present(Asked(session, words, model, params, result))
    except BadInput as bad:
        error = bad
    export = request.query_params.get("as")
    if export and answer is not None:
        return _export(model, export, answer)
    return render(
        request,
        "analyse/model.html",
        "answer",
        status=422 if error else 200,
        model=known,
        models=analysis.MODELS,
        words=words,
        params=fields.loosen(params),
        rows_of=fields.conditions,
        operators=fields.OPERATORS,
        stats=STATS,
        sentence=f"analyse/forms/{model}.html" if model in OWN_FORM else "analyse/forms/any.html",
        answer=answer,
        say=Markup(answer.say) if answer else "",  # noqa: S704 - built and escaped in present.py
        result=result,
        events_read=_events_of(shards),
        error=error,
        again=urlencode(fields.flatten(params)),
        report=_report(request, session),
        chart_name=model,
    )


@ROUTES.post("/b/{brand}/analyse/{model}/save")
def save(
    request: Request,
    model: str,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    known = analysis.get_model(model)
    shards = session.brand.shards()
    asked = [(key, str(value)) for key, value in form.multi_items() if key not in ("csrf", "name")]
    params = _params(model, asked, vocabulary(session, shards))
    analysis.read_params(known, params)
    report = session.brand.reports.add(
        str(form.get("name", "")), model, params, by=session.account.login
    )
    session.brand.audit.record(
        session.account.login, "report_saved", report.name, {"model": model}, session.ip
    )
    note = session.text("Saved: %(name)s.", name=report.name)
    return see_other(request, f"{session.base}/analyse/saved/{report.id}", note)


def _params(model: str, asked: list[tuple[str, str]], words: Vocabulary) -> dict[str, Any]:
    params = fields.with_filters(fields.nest(asked), words.types)
    if not isinstance(params, dict) or not _shaped(params):
        raise BadInput("The address of this analysis cannot be read.")
    if str(params.get("sample", "")).isdigit():
        params["sample"] = int(params["sample"])
    if model == "funnel":
        # A row whose event is still to be chosen is not a step yet.
        params["steps"] = [s for s in params.get("steps", []) if s.get("event")]
    if model == "event":
        params["measures"] = [m for m in params.get("measures", []) if m.get("event")]
        for one in params["measures"]:
            if one.get("measure", "times") in ("times", "people", "times_per_person"):
                one.pop("property", None)
            elif not one.get("property"):
                raise BadInput(
                    "Choose the property that is measured.",
                    hint="It stands beside the measure.",
                )
    if "group" in params:
        params["group"] = [g for g in params["group"] if g.get("property")]
    return params


def _shaped(params: dict[str, Any]) -> bool:
    """Whether the parts that the forms look into have the shape that the forms give them."""
    lists = [params.get(key, []) for key in LISTS]
    return isinstance(params.get("window", {}), dict) and all(
        isinstance(one, list) and all(isinstance(row, dict) for row in one) for one in lists
    )


def _find_shards(session: Session) -> Any | None:
    try:
        return session.brand.shards()
    except NotFound:
        return None


def _events_of(shards: Any) -> int:
    return sum(int(shard.rows) for shard in shards.shards)


def _report(request: Request, session: Session) -> Any | None:
    value = request.query_params.get("report", "")
    return session.brand.reports.get(int(value)) if value.isascii() and value.isdigit() else None


def _export(model: str, kind: str, answer: Answer) -> Response:
    heads = [head.title for head in answer.heads]
    return download(kind, model, heads, ([c.value for c in row] for row in answer.rows))
