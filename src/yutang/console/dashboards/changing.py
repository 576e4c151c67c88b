"""Making, changing and removing dashboards and their cards."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.dashboards.scoping import query_of, read_scope
from yutang.console.dashboards.view import facts_of
from yutang.console.guard import Session, needs, posted
from yutang.console.render import see_other
from yutang.errors import BadInput, NotFound
from yutang.reports import READY, Dashboard, Ready, make_ready, names_of, words_of

ROUTES = APIRouter()


@ROUTES.post("/b/{brand}/dashboards")
def add(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    board = session.brand.dashboards.add(_text(form, "name"), by=session.account.login)
    _record(session, "dashboard_added", board.name)
    note = session.text("Made: %(name)s.", name=board.name)
    return see_other(request, f"{_url(session, board.id)}?edit=1", note)


@ROUTES.post("/b/{brand}/dashboards/ready")
def add_ready(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    """One of the ready dashboards, or all that were not made yet."""
    key = _text(form, "key")
    there = {one.ready for one in session.brand.dashboards.list_()}
    wanted = [one for one in READY if (one.key not in there if key == "all" else one.key == key)]
    if not wanted:
        raise NotFound("There is no such dashboard.")
    facts = facts_of(session)
    if facts.shards is None:
        raise BadInput(
            "There are no events to show yet.", hint="Import orders or connect a source first."
        )
    made = [_make(session, facts, one) for one in wanted]
    note = session.text("Made: %(name)s.", name="、".join(one.name for one in made))
    there_url = _url(session, made[0].id) if len(made) == 1 else f"{session.base}/dashboards"
    return see_other(request, there_url, note)


def _make(session: Session, facts: Any, ready: Ready) -> Dashboard:
    spoken = session.language.code
    board, left_out = make_ready(
        ready, names_of(facts.shards), session.brand.dashboards, session.brand.reports,
        language=spoken, by=session.account.login,
    )  # fmt: skip
    missing = {name for one in left_out for name in one.missing}
    names = {name: facts.words.event(name) for name in missing}
    words = words_of(left_out, names, language=spoken)
    if words:
        title = session.text("Not there yet")
        session.brand.dashboards.add_card(board.id, note=words, width=12, settings={"title": title})
    _record(session, "dashboard_added", board.name, {"ready": ready.key})
    return board


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/change")
def change(
    request: Request,
    dashboard_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    before = session.brand.dashboards.get(dashboard_id)
    board = session.brand.dashboards.change(
        dashboard_id, name=_text(form, "name"), description=_text(form, "description")
    )
    _record(session, "dashboard_changed", board.name, {"before": before.name})
    return see_other(request, f"{_url(session, board.id)}?edit=1", session.text("Saved."))


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/scope")
def keep_scope(
    request: Request,
    dashboard_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """From now on it opens with these days and this filter, for everybody."""
    board = session.brand.dashboards.get(dashboard_id)
    asked = [(key, str(value)) for key, value in form.multi_items() if key != "csrf"]
    scope = read_scope(session, asked, {}, facts_of(session).words)
    session.brand.dashboards.change(dashboard_id, settings=scope.to_json())
    _record(session, "dashboard_changed", board.name, scope.to_json())
    note = session.text("It opens with these days and this filter from now on.")
    return see_other(request, f"{_url(session, board.id)}?{query_of(scope)}", note)


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/copy")
def copy(
    request: Request,
    dashboard_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    before = session.brand.dashboards.get(dashboard_id)
    name = _text(form, "name") or session.text("%(name)s, copy", name=before.name)[:120]
    board = session.brand.dashboards.copy(dashboard_id, name, by=session.account.login)
    _record(session, "dashboard_added", board.name, {"copy of": before.name})
    note = session.text("Made: %(name)s.", name=board.name)
    return see_other(request, f"{_url(session, board.id)}?edit=1", note)


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/delete")
def remove(
    request: Request,
    dashboard_id: int,
    session: Session = needs("analyse"),
    _form: FormData = Depends(posted),
) -> Response:
    board = session.brand.dashboards.get(dashboard_id)
    session.brand.dashboards.remove(dashboard_id)
    _record(session, "dashboard_deleted", board.name, {"cards": len(board.cards)})
    note = session.text("Deleted: %(name)s.", name=board.name)
    return see_other(request, f"{session.base}/dashboards", note)


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/cards")
def add_card(
    request: Request,
    dashboard_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """A saved report, or words."""
    report = _text(form, "report")
    words = _text(form, "note") if not report else ""
    card = session.brand.dashboards.add_card(
        dashboard_id,
        report_id=_whole(report) if report else None,
        note=words,
        width=_whole(_text(form, "width") or "6"),
        settings={"show": _text(form, "show"), "title": _text(form, "title")},
    )
    _record_card(session, dashboard_id, "added")
    return _edited(request, session, dashboard_id, card.id)


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/order")
def order(
    request: Request,
    dashboard_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """The cards as they were dragged (`id`, in order), or one of them a place on (`card`, `by`)."""
    if "card" in form:
        card, by = _whole(_text(form, "card")), _whole(_text(form, "by"))
        ids = [one.id for one in session.brand.dashboards.get(dashboard_id).cards]
        if card in ids:
            place = ids.index(card)
            ids.insert(max(0, place + (1 if by > 0 else -1)), ids.pop(place))
        anchor = card
    else:
        ids, anchor = [_whole(str(one)) for one in form.getlist("id")], 0
    session.brand.dashboards.order(dashboard_id, ids)
    _record_card(session, dashboard_id, "moved")
    return _edited(request, session, dashboard_id, anchor)


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/cards/{card_id}/change")
def change_card(
    request: Request,
    dashboard_id: int,
    card_id: int,
    session: Session = needs("analyse"),
    form: FormData = Depends(posted),
) -> Response:
    """What is not in the form stays."""
    board = session.brand.dashboards.get(dashboard_id)
    before: Any = next((one.settings for one in board.cards if one.id == card_id), {})
    settings = dict(before)
    settings |= {key: _text(form, key) for key in ("show", "title", "measure") if key in form}
    session.brand.dashboards.change_card(
        dashboard_id,
        card_id,
        width=_whole(_text(form, "width")) if "width" in form else None,
        note=_text(form, "note") if "note" in form else None,
        settings=settings,
    )
    _record_card(session, dashboard_id, "changed")
    return _edited(request, session, dashboard_id, card_id)


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/cards/{card_id}/remove")
def remove_card(
    request: Request,
    dashboard_id: int,
    card_id: int,
    session: Session = needs("analyse"),
    _form: FormData = Depends(posted),
) -> Response:
    session.brand.dashboards.remove_card(dashboard_id, card_id)
    _record_card(session, dashboard_id, "removed")
    return _edited(request, session, dashboard_id)


@ROUTES.post("/b/{brand}/dashboards/{dashboard_id}/cards/{card_id}/restore")
def restore_card(
    request: Request,
    dashboard_id: int,
    card_id: int,
    session: Session = needs("analyse"),
    _form: FormData = Depends(posted),
) -> Response:
    session.brand.dashboards.restore_card(dashboard_id, card_id)
    _record_card(session, dashboard_id, "put back")
    return _edited(request, session, dashboard_id, card_id)


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()


def _whole(text: str) -> int:
    """Raises BadInput."""
    try:
        return int(text)
    except ValueError:
        raise BadInput("“%(place)s” needs a number.", place=text[:20]) from None


def _url(session: Session, dashboard_id: int) -> str:
    return f"{session.base}/dashboards/{dashboard_id}"


def _edited(request: Request, session: Session, dashboard_id: int, card_id: int = 0) -> Response:
    anchor = f"#card-{card_id}" if card_id else ""
    return see_other(request, f"{_url(session, dashboard_id)}?edit=1{anchor}")


def _record(session: Session, action: str, target: str, detail: Any = None) -> None:
    session.brand.audit.record(session.account.login, action, target, detail, session.ip)


def _record_card(session: Session, dashboard_id: int, act: str) -> None:
    board = session.brand.dashboards.get(dashboard_id)
    _record(session, "dashboard_changed", board.name, {"card": act, "cards": len(board.cards)})
