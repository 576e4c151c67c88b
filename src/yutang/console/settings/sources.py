"""Sources of events: who may send, with which keys, what came, and the lines to paste."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.catalog.source_kinds import KINDS, source_kind
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.settings.priority import ordered
from yutang.console.settings.self_test import steps_of, waits
from yutang.console.settings.tabs import tabs_of
from yutang.console.tables import quiet
from yutang.errors import BadInput, YutangError
from yutang.ingest import Source, SourceHealth
from yutang.ingest.live import Outcome
from yutang.kit.clock import DAY_MS

ROUTES = APIRouter()
PATH = "/b/{brand}/settings/sources"
WEEK = 7
GRACES = {  # days that the old key is still taken
    30: mark("30 days: apps are updated slowly"),
    7: mark("7 days"),
    1: mark("1 day"),
    0: mark("not at all: it ends now"),
}
COUNTERS = {
    "accepted": mark("Taken"),
    "duplicates": mark("Known before, dropped"),
    "late": mark("Too late"),
    "future": mark("In the future"),
    "rejected": mark("Unreadable"),
    "quarantined": mark("Set aside"),
}


@dataclass(frozen=True)
class Traffic:
    """What a source sent: today, in seven days, problems of seven days; seen_at UTC ms or None,
    else the last business day."""

    today: int = 0
    week: int = 0
    problems: int = 0
    seen_at: int | None = None
    last_day: str = ""


@ROUTES.get(PATH)
def sources(request: Request, session: Session = needs("analyse")) -> Response:
    return _page(request, session)


@ROUTES.post(PATH)
def add_source(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    name, kind = str(form.get("name", "")), str(form.get("kind", ""))
    try:
        made = session.brand.sources.create(name, kind, by=session.account.login)
    except YutangError as error:
        return _page(request, session, name=name, kind=kind, error=error)
    _log(session, "source_added", made, kind=made.kind)
    note = session.text(
        "Made: %(name)s. Now paste the lines, or let it test itself.", name=made.name
    )
    return see_other(request, f"{session.base}/settings/sources/{made.id}", note)


@ROUTES.get(PATH + "/{source_id}")
def source(request: Request, source_id: int, session: Session = needs("analyse")) -> Response:
    one = session.brand.sources.at(source_id)
    place = request.query_params.get("test", "")
    outcome = session.brand.self_test.look(place) if place else None
    return _one(request, session, one, outcome=outcome)


@ROUTES.post(PATH + "/{source_id}/test")
def send_test(
    request: Request,
    source_id: int,
    session: Session = needs("import"),
    _form: FormData = Depends(posted),
) -> Response:
    """Send one real event; where it arrives, its way is followed on the source's page."""
    one = session.brand.sources.at(source_id)
    try:
        outcome = session.brand.self_test.run(one)
    except YutangError as error:
        return _one(request, session, one, error=error)
    _log(session, "source_tested", one)
    if outcome.record is None:
        return _one(request, session, one, outcome=outcome, status=422)
    page = f"{session.base}/settings/sources/{one.id}"
    return see_other(request, f"{page}?test={outcome.record.place}")


@ROUTES.post(PATH + "/{source_id}")
def change_source(
    request: Request,
    source_id: int,
    session: Session = needs("settings"),
    form: FormData = Depends(posted),
) -> Response:
    """One act on one source: rename, on, off, rotate or revoke."""
    one, act = session.brand.sources.at(source_id), str(form.get("act", ""))
    try:
        note = _act(session, one, act, form)
    except YutangError as error:
        return _one(request, session, one, error=error)
    return see_other(request, f"{session.base}/settings/sources/{one.id}", note)


def _act(session: Session, one: Source, act: str, form: FormData) -> str:
    known = session.brand.sources
    if act == "rename":
        renamed = known.rename(one.name, str(form.get("name", "")))
        _log(session, "source_renamed", one, to=renamed.name)
        return session.text("It is called %(name)s now.", name=renamed.name)
    if act in ("on", "off"):
        known.turn(one.name, on=act == "on")
        _log(session, f"source_{act}", one)
        text = mark("The source is on.") if act == "on" else mark("The source is off.")
        return session.text(text)
    if act == "rotate":
        days = _days(str(form.get("days", "")))
        known.rotate(one.name, grace_ms=days * DAY_MS)
        _log(session, "source_rotated", one, days=days)
        return session.text(
            "There is a new write key. Put it into the SDK before the old one ends."
        )
    if act == "revoke":
        known.revoke(one.name, str(form.get("key", "")))
        _log(session, "source_key_revoked", one)
        return session.text("The key has ended; receivers refuse it within five seconds.")
    raise BadInput("This cannot be done to a source.")


def _days(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) in GRACES:
        return int(text)
    raise BadInput("Choose how long the old key is still taken.")


def _page(
    request: Request,
    session: Session,
    *,
    name: str = "",
    kind: str = KINDS[0].code,
    error: YutangError | None = None,
) -> Response:
    found = session.brand.sources.list_()
    traffic = _traffic(session, _health(session))
    ranked, alike = ordered(session, [one.name for one in found])
    return render(
        request,
        "settings/sources.html",
        status=422 if error else 200,
        tabs=tabs_of(session),
        tab="sources",
        sources=[(one, traffic.get(one.name, Traffic())) for one in found],
        kinds=KINDS,
        source_kind=source_kind,
        connecting=session.brand.connecting,
        ranked=ranked,
        alike=alike,
        name=name,
        kind=kind,
        error=error,
    )


def _one(
    request: Request,
    session: Session,
    one: Source,
    *,
    outcome: Outcome | None = None,
    error: YutangError | None = None,
    status: int = 200,
) -> Response:
    connecting, now = session.brand.connecting, request.app.state.now()
    steps = []
    if outcome is not None:
        steps = steps_of(session, outcome, address=connecting.base, now=now)
    known = _health(session)
    health = known.get(one.name)
    week = session.brand.intake.days()[-WEEK:]
    days = [(day, _of_day(health, i - WEEK)) for i, day in enumerate(week)]
    return render(
        request,
        "settings/source.html",
        "test",
        status=422 if error else status,
        tabs=tabs_of(session),
        tab="sources",
        one=one,
        traffic=_traffic(session, known).get(one.name, Traffic()),
        days=days,
        counters=COUNTERS,
        quiet=quiet(COUNTERS, (counts for _, counts in days)) - {"accepted"},
        source_kind=source_kind,
        connecting=connecting,
        address=connecting.address(one.kind, one.name, one.key) if one.key else "",
        snippets=connecting.snippets(one.kind, one.name, one.key) if one.key else [],
        graces=GRACES,
        outcome=outcome,
        steps=steps,
        looks_again=waits(steps),
        error=error,
    )


def _health(session: Session) -> dict[str, SourceHealth]:
    return {one.source: one for one in session.brand.intake.look().sources}


def _of_day(health: SourceHealth | None, place: int) -> dict[str, int]:
    """Counter → number of one of the last days (-1 = today)."""
    return {name: by_day[place] for name, by_day in health.daily.items()} if health else {}


def _traffic(session: Session, known: dict[str, SourceHealth]) -> dict[str, Traffic]:
    seen = session.brand.live.last_seen()
    found = {name: Traffic(seen_at=at) for name, at in seen.items()}
    for name, health in known.items():
        found[name] = Traffic(
            health.sum("accepted", 1),
            health.sum("accepted", WEEK),
            health.sum("quarantined", WEEK) + health.sum("rejected", WEEK),
            seen.get(name),
            health.last_day,
        )
    return found


def _log(session: Session, action: str, one: Source, **detail: object) -> None:
    session.brand.audit.record(session.account.login, action, one.name, detail or None, session.ip)
