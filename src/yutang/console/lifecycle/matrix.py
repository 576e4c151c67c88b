"""The strategy matrix: what each cell gets, why, who is in it; chosen, kept in versions."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.exports import download
from yutang.console.guard import Session, needs, posted
from yutang.console.lifecycle.words import section
from yutang.console.people import reference
from yutang.console.render import render, see_other
from yutang.customers import STAGES, views
from yutang.errors import BadInput, NotFound, YutangError
from yutang.lifecycle import ACTIONS, Cell, Matrix
from yutang.lifecycle.matrix import CellChoice

ROUTES = APIRouter()
PATH = "/b/{brand}/customers/matrix"
TONES = {"coupon": "w", "task": "", "seeding": "", "leave": "g"}


@ROUTES.get(PATH)
def matrix(request: Request, session: Session = needs("analyse"), cell: str = "") -> Response:
    found = session.brand.lifecycle.matrix()
    if kind := request.query_params.get("as"):
        return _export(session, kind, found)
    return _page(request, session, found, cell)


@ROUTES.post(PATH)
def choose(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Choose what a cell gets, take it back, or go back to a version."""
    life, act, key = session.brand.lifecycle, str(form.get("act", "")), str(form.get("cell", ""))
    by = session.account.login
    try:
        if act == "back":
            number = str(form.get("version", ""))
            if not number.isdigit():
                raise NotFound("There is no version %(n)s of the matrix.", n=number[:20])
            made = life.restore_matrix(int(number), by=by)
        else:
            choice = CellChoice(str(form.get("action", "")), str(form.get("note", "")))
            made = life.set_cells({key: None if act == "default" else choice}, by=by)
    except YutangError as error:
        return _page(request, session, life.matrix(), key, error=error, typed=form)
    detail = {"version": made.version, "chosen": len(made.cells), "act": act or "choose"}
    session.brand.audit.record(by, "matrix_set", key or f"#{made.version}", detail, session.ip)
    back = f"{session.base}/customers/matrix" + (f"?cell={key}" if key else "")
    return see_other(request, back, session.text("Saved."))


def _page(
    request: Request,
    session: Session,
    found: Matrix,
    key: str,
    *,
    error: YutangError | None = None,
    typed: FormData | None = None,
) -> Response:
    life, shown = session.brand.lifecycle, None
    try:
        shown = found.cell(key) if key else None
    except NotFound as bad:
        error = error or bad
    rows = [
        (stage, tier, [one for one in found.cells if (one.stage, one.value) == (stage, tier)])
        for stage, tier in dict.fromkeys((one.stage, one.value) for one in found.cells)
    ]
    return render(
        request,
        "lifecycle/matrix.html",
        status=422 if error else 200,
        found=found,
        rows=rows,
        shown=shown,
        typed=_typed(shown, typed),
        actions=ACTIONS,
        tones=TONES,
        by_action=found.by_action(),
        stages={code: words[1:] for code, words in STAGES.items()},
        tiers=views.TIERS,
        fatigues=views.FATIGUES,
        people_of=lambda **what: reference("matrix", **what),
        versions=life.matrix_versions(),
        rule=life.rule().rule,
        edges=_edges(session),
        late=life.is_waiting(),
        error=error,
        may_export=session.may("export"),
        **section(session, "/matrix"),
    )


def _typed(shown: Cell | None, form: FormData | None) -> dict[str, str]:
    if form is not None:
        return {name: str(form.get(name, "")) for name in ("action", "note")}
    return {"action": shown.action if shown else "", "note": shown.note if shown else ""}


def _edges(session: Session) -> tuple[int, int]:
    """The least net fen of high and of middle value."""
    snapshot = session.brand.customers.snapshot()
    people = snapshot.people
    return views.value_edges(people.value_net_fen[people.alive], snapshot.rule.rule)


def _export(session: Session, kind: str, found: Matrix) -> Response:
    session.require("export")
    if not found.people:
        raise BadInput("There is nobody yet.", hint="Import orders first.")
    session.brand.audit.record(
        session.account.login, "lifecycle_exported", "matrix", {"cells": len(found.cells)},
        session.ip,
    )  # fmt: skip
    text, pick = session.text, session.pick
    header = [
        text("Purchase stage"), text("Value tier"), text("Fatigue"), text("People"), text("Share"),
        text("Net value in the window"), text("Action"), text("Why"), text("Note"),
    ]  # fmt: skip
    cells: Any = (
        [
            pick(STAGES[one.stage][1:]), pick(views.TIERS[one.value]),
            pick(views.FATIGUES[one.fatigue]), one.people, one.share, one.net_fen / 100,
            pick(ACTIONS[one.action]), "" if one.chosen else pick(one.reason), one.note,
        ]
        for one in found.cells
    )  # fmt: skip
    return download(kind, "strategy-matrix", header, cells)
