"""Stored runs of RFM: store one, look at them, see who moved between two of them or until today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang import analysis
from yutang.analysis.rfm_table import GONE, NEW
from yutang.console.analyse.pages import OWN, question_of
from yutang.console.analyse.words import SPECIAL, rfm_layer, vocabulary
from yutang.console.charts import Flow, Flows, Heat
from yutang.console.formats import count
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.people import reference
from yutang.console.render import render, see_other
from yutang.errors import BadInput, NotFound
from yutang.reports import RUN_MODEL, Movement, Run, kind_of, until

ROUTES = APIRouter()
PATH = "/b/{brand}/analyse/rfm/runs"
# More layers are no picture any more; the table says it.
_DRAWN = 12
_MOST_ROWS = 200
KINDS = {
    "stayed": mark("stayed"),
    "moved": mark("moved"),
    "new": mark("came"),
    "gone": mark("went"),
}


@dataclass(frozen=True)
class Shown:
    """A movement as the page shows it; rows: (before, after, kind, people, link)."""

    movement: Movement
    flows: Flows | None
    heat: Heat | None
    rows: tuple[tuple[str, str, str, int, str], ...]
    left_out: int


@ROUTES.get(PATH)
def runs(
    request: Request,
    session: Session = needs("analyse"),
    before: int = 0,
    after: int = 0,
    edges: str = "same",
    deleted: int = 0,
) -> Response:
    stored = session.brand.runs.list_()
    before = before or (stored[0].id if stored else 0)
    shown, error = None, None
    if stored:
        try:
            shown = _shown(session, before, after, edges)
        except (BadInput, NotFound) as bad:
            error = bad
    return render(
        request,
        "analyse/runs.html",
        status=422 if error else 200,
        runs=stored,
        before=before,
        after=after,
        edges=edges,
        shown=shown,
        error=error,
        deleted=deleted,
        edge_words=edge_words,
        layer=lambda code: layer_words(session, code),
        kinds=KINDS,
    )


def _shown(session: Session, before: int, after: int, edges: str) -> Shown:
    movement = moved(session, before, after, edges)
    labels = list(movement.labels)

    def link(cell: tuple[str, str]) -> str:
        ref = reference("movement", before=before, after=after, edges=edges, cell=list(cell))
        return f"{session.base}/customers?people={ref}"

    def words(code: str) -> str:
        return layer_words(session, code)

    ranked = sorted(movement.cells.items(), key=lambda one: -len(one[1]))
    flows, heat = None, None
    if len(labels) <= _DRAWN and labels:
        flows = _flows(session, movement, words, link)
        heat = _heat(session, movement, words, link)
    rows = tuple(
        (words(a), words(b), KINDS[kind_of((a, b))], len(who), link((a, b)))
        for (a, b), who in ranked[:_MOST_ROWS]
    )
    return Shown(movement, flows, heat, rows, max(0, len(ranked) - _MOST_ROWS))


def moved(session: Session, before: int, after: int, edges: str) -> Movement:
    """The movement between two runs, or to today. Raises BadInput, NotFound."""
    if edges not in ("same", "own"):
        raise BadInput("There are the edges “same” and “own”, not “%(name)s”.", name=edges)
    brand = session.brand
    found: Movement = brand.runs.movement(
        brand.shards(), before, after, brand.measure.today(), edges=edges
    )
    return found


def layer_words(session: Session, code: str) -> str:
    return session.text(SPECIAL[code]) if code in SPECIAL else session.pick(rfm_layer(code))


def edge_words(run: Run) -> str:
    """Where high begins: R ≤ 30 · F ≥ 2 · M ≥ 300."""
    parts = (("R ≤", "recency"), ("F ≥", "frequency"), ("M ≥", "monetary"))
    return " · ".join(
        f"{sign} {' / '.join(_number(edge) for edge in run.edges[name])}" for sign, name in parts
    )


def _number(value: float) -> str:
    return count(value, 0 if float(value).is_integer() else 2)


def _flows(session: Session, movement: Movement, words: Any, link: Any) -> Flows:
    left = [*movement.labels, NEW]
    right = [*movement.labels, GONE]
    used = [(0, code) for code in left if any(a == code for a, _ in movement.cells)]
    used += [(1, code) for code in right if any(b == code for _, b in movement.cells)]
    place = {node: i for i, node in enumerate(used)}
    cells = movement.cells
    return Flows(
        nodes=[words(code) for _, code in used],
        flows=[Flow(place[0, a], place[1, b], len(who)) for (a, b), who in cells.items()],
        say=session.text("Customers from layer to layer"),
        layers=[layer for layer, _ in used],
        height=max(320, 44 * len(right)),
        links=[link(cell) for cell in cells],
    )


def _heat(session: Session, movement: Movement, words: Any, link: Any) -> Heat:
    rows, columns = [*movement.labels, NEW], [*movement.labels, GONE]
    return Heat(
        corner=session.text("before ↓ after →"),
        rows=[words(code) for code in rows],
        columns=[words(code) for code in columns],
        values=[[len(movement.cells.get((a, b), ())) or None for b in columns] for a in rows],
        say=session.text("Customers by their layer before and after"),
        unit="count",
        links=[[link((a, b)) if (a, b) in movement.cells else "" for b in columns] for a in rows],
    )


@ROUTES.post(PATH)
def store(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    brand, again = session.brand, _number_of(form.get("again"))
    today, by = brand.measure.today(), session.account.login
    params: Mapping[str, Any]
    if again:
        params, edges_of = until(brand.runs.get(again).params, today), again
    else:
        params, edges_of = _params(session, form), _number_of(form.get("edges_of"))
    run = brand.runs.store(brand.shards(), params, today, edges_of=edges_of, by=by)
    _record(session, "run_stored", run)
    note = session.text("Stored: %(n)s customers, counted on %(day)s.", n=count(run.people),
                        day=run.on)  # fmt: skip
    return see_other(request, f"{session.base}/analyse/rfm/runs", note)


def _params(session: Session, form: FormData) -> Mapping[str, Any]:
    """The question that the dialog took along from the form it stands on."""
    words = vocabulary(session, session.brand.shards())
    asked = [(k, str(v)) for k, v in form.multi_items() if k not in (*OWN, "edges_of", "again")]
    question = question_of(analysis.get_model(RUN_MODEL), asked, words)
    if question.error is not None:
        raise question.error
    return question.params


def _number_of(value: Any) -> int:
    text = str(value or "0")
    return int(text) if text.isascii() and text.isdigit() else 0


@ROUTES.post(PATH + "/{run_id}/delete")
def delete(
    request: Request,
    run_id: int,
    session: Session = needs("analyse"),
    _form: FormData = Depends(posted),
) -> Response:
    _record(session, "run_deleted", session.brand.runs.remove(run_id))
    return see_other(request, f"{session.base}/analyse/rfm/runs?deleted={run_id}")


@ROUTES.post(PATH + "/{run_id}/restore")
def restore(
    request: Request,
    run_id: int,
    session: Session = needs("analyse"),
    _form: FormData = Depends(posted),
) -> Response:
    run = session.brand.runs.restore(run_id)
    _record(session, "run_restored", run)
    note = session.text("The run of %(day)s is back.", day=run.on)
    return see_other(request, f"{session.base}/analyse/rfm/runs", note)


def _record(session: Session, action: str, run: Run) -> None:
    detail = {"people": run.people, "on": run.on}
    session.brand.audit.record(session.account.login, action, f"rfm {run.id}", detail, session.ip)
