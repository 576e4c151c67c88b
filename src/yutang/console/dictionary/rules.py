"""What is let in: names that wait, strict mode, and what is done with personal values."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.dictionary.words import (
    CHANGED,
    KINDS,
    PATH,
    RULES,
    TYPES,
    VIEWS,
    base_of,
    log_changes,
)
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.settings.tabs import tabs_of
from yutang.errors import BadInput, YutangError
from yutang.identity import mask_text
from yutang.ingest import Change

ROUTES = APIRouter()
PREVIEWED = 100  # names shown


@ROUTES.get(PATH + "/waiting")
def waiting(request: Request, session: Session = needs("analyse")) -> Response:
    return _waiting(request, session)


@ROUTES.post(PATH + "/waiting")
def decide(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Let in or block everything that was chosen, with what waits under it."""
    act, chosen = str(form.get("act", "")), [str(one) for one in form.getlist("id")]
    at, done, rows = session.brand.workspace.now(), 0, 0
    try:
        if act not in ("allow", "block"):
            raise BadInput("This cannot be done to a name.")
        if not chosen:
            raise BadInput("Choose at least one name.")
        for one in chosen:
            rows += _decide(session, act, one, str(form.get(f"type.{one}", "")))
            done += 1
    except YutangError as error:
        return _waiting(request, session, error=error)
    finally:
        request.app.state.nudge(session.membership.slug)
    if act == "block":
        note = session.text("%(n)s names blocked, %(rows)s rows dismissed.", n=done, rows=rows)
        return see_other(request, f"{base_of(session)}/waiting", note)
    note = session.text("%(n)s names let in, %(rows)s rows are on their way.", n=done, rows=rows)
    may_look = session.may("import") and rows
    there = f"{session.base}/health/quarantine?work={at}" if may_look else base_of(session)
    return see_other(request, there, note)


@ROUTES.post(PATH + "/add")
def add(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Let a name in before it comes."""
    kind, name = str(form.get("kind", "")), str(form.get("name", "")).strip()
    try:
        if kind not in KINDS:
            raise BadInput("This cannot be done to a name.")
        _let_in(session, kind, name, str(form.get("type", "string")))
    except YutangError as error:
        return _waiting(request, session, error=error, typed=(kind, name))
    note = session.text("Let in: %(name)s.", name=name)
    return see_other(request, f"{base_of(session)}/waiting", note)


@ROUTES.get(PATH + "/rules")
def rules(request: Request, session: Session = needs("analyse")) -> Response:
    brand = session.brand
    preview = brand.waiting_words.preview()
    ruled = brand.word_list.properties(show="ruled")
    return render(
        request,
        "dictionary/rules.html",
        tabs=tabs_of(session),
        tab="events",
        views=VIEWS,
        view="/rules",
        waiting=brand.waiting_words.count(),
        strict=brand.dictionary_rules.strict(),
        privacy=brand.dictionary_rules.privacy(),
        rules=RULES,
        kinds=KINDS,
        preview=preview[:PREVIEWED],
        all_new=len(preview),
        ruled=ruled,
    )


@ROUTES.post(PATH + "/rules")
def set_rules(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Strict mode on or off, or the brand's rule for personal values."""
    known = session.brand.dictionary_rules
    if "strict" in form:
        before, wanted = known.strict(), str(form["strict"]) == "on"
        known.set_strict(wanted)
        _log(session, "dictionary_strict", _on(before), _on(wanted))
        on, off = mark("Strict mode is on."), mark("Strict mode is off.")
        note = session.text(on if wanted else off)
    else:
        rule, old = str(form.get("privacy", "")), known.privacy()
        known.set_default_privacy(rule)
        _log(session, "dictionary_privacy", old, rule)
        note = session.text("The rule for personal values is set.")
    return see_other(request, f"{base_of(session)}/rules", note)


def _decide(session: Session, act: str, one: str, type_: str) -> int:
    """One name, as `kind:name`; the number of rows it concerns."""
    kind, _, name = one.partition(":")
    if kind not in KINDS:
        raise BadInput("This cannot be done to a name.")
    words, by = session.brand.waiting_words, session.account.login
    if act == "block":
        rows = words.block(kind, name, by=by)
        log_changes(session, kind, name, [Change("status", "", "blocked")])
    else:
        rows = words.allow(kind, name, by=by, type_=type_)
        _log_let_in(session, kind, name, rows)
    return int(rows)


def _let_in(session: Session, kind: str, name: str, type_: str) -> None:
    if kind == "event":
        if not session.brand.dictionary_rules.add_event(name):
            raise BadInput("The dictionary holds “%(name)s” already.", name=name)
    else:
        session.brand.dictionary_rules.add_property(name, type_)
    _log_let_in(session, kind, name, 0)


def _log_let_in(session: Session, kind: str, name: str, rows: int) -> None:
    action = CHANGED[kind].replace("changed", "let_in")
    detail = {"rows": rows} if rows else None
    session.brand.audit.record(session.account.login, action, name, detail, session.ip)


def _log(session: Session, action: str, before: str, after: str) -> None:
    if before != after:
        detail = {"from": before, "to": after}
        session.brand.audit.record(session.account.login, action, "", detail, session.ip)


def _on(strict: bool) -> str:
    return "on" if strict else "off"


def _waiting(
    request: Request,
    session: Session,
    *,
    error: YutangError | None = None,
    typed: Sequence[str] = ("event", ""),
) -> Response:
    found = session.brand.waiting_words.list_()
    return render(
        request,
        "dictionary/waiting.html",
        status=422 if error else 200,
        tabs=tabs_of(session),
        tab="events",
        views=VIEWS,
        view="/waiting",
        waiting=len(found),
        strict=session.brand.dictionary_rules.strict(),
        names=found,
        kinds=KINDS,
        types=TYPES,
        masked=mask_text,
        error=error,
        typed=typed,
    )
