"""Limits of the checks, working hours, and the words that mark questions and complaints."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from yutang.console.exports import download
from yutang.console.groups.words import tabs_of
from yutang.console.guard import Session, needs, posted
from yutang.console.render import render, see_other
from yutang.errors import BadInput, YutangError
from yutang.groups import CHECKS, COMPLAINT, QUESTION, TRADES, WordLists, hits

ROUTES = APIRouter()
PATH = "/b/{brand}/groups/settings"
LISTS = ("question", "complaint")
NUMBERS = ("least_members", "least_messages", "least_questions", "red_below", "amber_below",
           "opens", "closes")  # fmt: skip
MOST_BYTES = 200_000  # of a word file


@ROUTES.get(PATH)
def settings(request: Request, session: Session = needs("settings")) -> Response:
    if kind := request.query_params.get("as"):
        lists = session.brand.groups.words()
        rows = [[name, word] for name in LISTS for word in getattr(lists, name)]
        return download(kind, "group-words", ["list", "word"], rows)
    return _page(request, session)


@ROUTES.post(PATH)
def set_limits(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Set working hours, least numbers and limits."""
    try:
        values = _limits(form)
        session.brand.groups.set_settings(**values)
    except YutangError as error:
        return _page(request, session, error=error, typed=form)
    _record(session, "group_limits_set", "limits", {"answer_hours": values["answer_hours"]})
    note = session.text("Saved. All groups are judged by it from now on.")
    return see_other(request, f"{session.base}/groups/settings", note)


@ROUTES.post(PATH + "/words")
def set_words(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Set a word list: as typed, of a file, with the words of a trade, or as it was delivered."""
    name = str(form.get("list", ""))
    try:
        if name not in LISTS:
            raise BadInput("There is no such list.")
        words = str(form.get("words", "")).splitlines()
        act = str(form.get("act", ""))
        if act == "reset":
            words = list(QUESTION if name == "question" else COMPLAINT)
        elif act == "trade":
            words += _trade(str(form.get("trade", "")))
        elif act == "file":
            words += _of_file(form.get("file"), name)
        known = getattr(session.brand.groups.words(), name)
        made = getattr(session.brand.groups.set_words(**{name: words}), name)
    except YutangError as error:
        return _page(request, session, error=error, typed=form)
    if made != known:
        detail = {"words": len(made), "added": len(set(made) - set(known)),
                  "removed": len(set(known) - set(made))}  # fmt: skip
        _record(session, "group_words_set", name, detail)
        request.app.state.nudge(session.membership.slug)
    note = session.text("Saved. Messages are counted anew with these words.")
    return see_other(request, f"{session.base}/groups/settings", note)


def _page(
    request: Request,
    session: Session,
    *,
    error: YutangError | None = None,
    typed: FormData | None = None,
) -> Response:
    groups = session.brand.groups
    lists: WordLists = groups.words()
    sentence = request.query_params.get("try", "")[:500]
    shown = {name: "\n".join(getattr(lists, name)) for name in LISTS}
    if typed is not None and str(typed.get("list", "")) in LISTS:
        shown[str(typed["list"])] = str(typed.get("words", ""))
    return render(
        request,
        "groups/settings.html",
        "tried",
        status=422 if error else 200,
        used=groups.settings(),
        checks=CHECKS,
        lists=lists,
        shown=shown,
        typed=typed if typed is not None else {},
        trades=TRADES,
        sentence=sentence,
        found={name: hits(sentence, getattr(lists, name)) for name in LISTS},
        recounting=groups.is_recounting(),
        error=error,
        tabs=tabs_of(session),
        tab="/settings",
    )


def _limits(form: FormData) -> dict[str, Any]:
    """The form's numbers; shares are typed in percent. Raises BadInput."""
    limits = {}
    for check in CHECKS:
        scale = 100 if check.unit == "rate" else 1
        limits[check.id] = {
            "amber": _number(form, f"{check.id}.amber") / scale,
            "red": _number(form, f"{check.id}.red") / scale,
            "weight": _whole(form, f"{check.id}.weight"),
        }
    whole = {name: _whole(form, name) for name in NUMBERS}
    return {"answer_hours": _number(form, "answer_hours"), "limits": limits, **whole}


def _number(form: FormData, name: str) -> float:
    text = str(form.get(name, "")).strip().rstrip("%")
    try:
        return float(text)
    except ValueError:
        raise BadInput(
            "“%(text)s” is no number.", hint="Shares are typed in percent, as 12.5.",
            text=text[:20],
        ) from None  # fmt: skip


def _whole(form: FormData, name: str) -> int:
    value = _number(form, name)
    if value != value or not float(value).is_integer():
        raise BadInput("“%(text)s” is no whole number.", text=str(form.get(name, ""))[:20])
    return int(value)


def _trade(code: str) -> list[str]:
    if code not in TRADES:
        raise BadInput("Choose a trade.")
    return list(TRADES[code][1])


def _of_file(file: object, name: str) -> list[str]:
    """Words of a text file, one a line, or of one list in an exported csv file. Raises BadInput."""
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput("Choose a file with one word a line.")
    raw = file.file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise BadInput("The file is larger than %(n)d kB.", n=MOST_BYTES // 1000)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise BadInput("The file is no text.", hint="Save it as UTF-8.") from None
    pairs = [line.strip().partition(",") for line in text.splitlines()]
    if any(first in LISTS for first, comma, _ in pairs if comma):
        return [word.strip('" \t') for first, _, word in pairs if first == name]
    return [f"{first}{comma}{rest}" for first, comma, rest in pairs]


def _record(session: Session, action: str, target: str, detail: dict[str, Any]) -> None:
    session.brand.audit.record(session.account.login, action, target, detail, session.ip)
