"""Dashboards with their cards' answers, and notes on days."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from yutang import analysis
from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.reports import Dashboard, DayNote, answer_cards, card_json, resolved, scope_of

ROUTES = APIRouter(tags=["dashboards"], responses=PROBLEMS)  # type: ignore[arg-type]
Show = Literal["chart", "number", "table"]
NoteKind = Literal["campaign", "release", "incident", "other"]


class ScopeIn(BaseModel):
    """Days and filter that stand over those of every card."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    range: str = Field("", max_length=20, description="last_30 …; empty: each card's own days.")
    from_: str = Field("", alias="from", max_length=10, description="With `to`: days of your own.")
    to: str = Field("", max_length=10)
    filter: dict[str, Any] | None = Field(None, description="A filter as the models take it.")


class CardOut(BaseModel):
    """`result` is the model's answer; null with `error` where there is none, and for words."""

    id: int
    report_id: int | None
    title: str
    model: str
    note: str
    show: str
    measure: str
    width: int = Field(description="Of 12 columns.")
    result: dict[str, Any] | None = None
    error: str = ""


class DashboardOut(BaseModel):
    """A dashboard; `settings` is the scope it opens with."""

    id: int
    name: str
    description: str
    settings: dict[str, Any]
    created_by: str
    created_at: int
    changed_at: int
    cards: list[CardOut]


class DashboardIn(BaseModel):
    """What is left out is empty."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=500)
    settings: ScopeIn = Field(default_factory=ScopeIn)


class DashboardChange(BaseModel):
    """What is left out stays. `cards`: their ids in the new order."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=120)
    description: str | None = Field(None, max_length=500)
    settings: ScopeIn | None = None
    cards: list[int] | None = Field(None, max_length=100)


class CardIn(BaseModel):
    """A saved report (`report_id`), a question that is saved with it (`name`, `model`,
    `params`), or words (`note`)."""

    model_config = ConfigDict(extra="forbid")

    report_id: int | None = None
    name: str = Field("", max_length=120)
    model: str = Field("", max_length=40)
    params: dict[str, Any] | None = None
    note: str = Field("", max_length=4_000)
    title: str = Field("", max_length=120)
    show: Show = "chart"
    measure: str = Field("", max_length=200, description="The column that a number shows.")
    width: int = Field(6, ge=1, le=12)


class CardChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    note: str | None = Field(None, max_length=4_000)
    title: str | None = Field(None, max_length=120)
    show: Show | None = None
    measure: str | None = Field(None, max_length=200)
    width: int | None = Field(None, ge=1, le=12)


class NoteIn(BaseModel):
    """A note on business days, both inclusive; without `last_on` on one day."""

    model_config = ConfigDict(extra="forbid")

    first_on: str = Field(max_length=10)
    last_on: str = Field("", max_length=10)
    kind: NoteKind = "other"
    text: str = Field(min_length=1, max_length=200)


class NoteOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    first_on: str
    last_on: str
    kind: NoteKind
    text: str
    created_by: str
    created_at: int


@ROUTES.get("/dashboards")
def list_dashboards(caller: Caller = needs("analyse")) -> list[DashboardOut]:
    """All dashboards of the brand, without answers."""
    return [_out(caller, one) for one in caller.brand.dashboards.list_()]


@ROUTES.post("/dashboards", status_code=201)
def add_dashboard(made: DashboardIn, caller: Caller = needs("analyse")) -> DashboardOut:
    """An empty dashboard."""
    board = caller.brand.dashboards.add(
        made.name,
        description=made.description,
        settings=_scope(caller, made.settings),
        by=caller.name,
    )
    caller.record("dashboard_added", board.name)
    return _out(caller, board)


@ROUTES.get("/dashboards/{dashboard_id}")
def get_dashboard(
    dashboard_id: int, range: str = "", caller: Caller = needs("analyse")
) -> DashboardOut:
    """A dashboard with the answer of each card; `range` stands over the days it opens with. An
    error of one card is said on that card."""
    board = caller.brand.dashboards.get(dashboard_id)
    today = caller.brand.measure.today()
    scope = scope_of({**board.settings, **({"range": range} if range else {})}, today)
    cards = answer_cards(board, _reports(caller), caller.brand.shards(), scope, today)
    return _out(caller, board, cards)


@ROUTES.patch("/dashboards/{dashboard_id}")
def change_dashboard(
    dashboard_id: int, change: DashboardChange, caller: Caller = needs("analyse")
) -> DashboardOut:
    """Its name, what it is for, the scope it opens with, the order of its cards."""
    boards = caller.brand.dashboards
    settings = _scope(caller, change.settings) if change.settings is not None else None
    boards.change(dashboard_id, name=change.name, description=change.description, settings=settings)
    if change.cards is not None:
        boards.order(dashboard_id, change.cards)
    board = boards.get(dashboard_id)
    caller.record("dashboard_changed", board.name)
    return _out(caller, board)


@ROUTES.delete("/dashboards/{dashboard_id}", status_code=204)
def remove_dashboard(dashboard_id: int, caller: Caller = needs("analyse")) -> Response:
    """With its cards and schedules; its reports stay."""
    board = caller.brand.dashboards.get(dashboard_id)
    caller.brand.dashboards.remove(dashboard_id)
    caller.record("dashboard_deleted", board.name)
    return Response(status_code=204)


@ROUTES.post("/dashboards/{dashboard_id}/cards", status_code=201)
def add_card(dashboard_id: int, card: CardIn, caller: Caller = needs("analyse")) -> CardOut:
    """A card at the end."""
    board = caller.brand.dashboards.get(dashboard_id)
    report_id = card.report_id
    if report_id is None and card.params is not None:
        model = analysis.get_model(card.model)
        analysis.read_params(model, resolved(card.params, caller.brand.measure.today()))
        report = caller.brand.reports.add(
            card.name or card.title, card.model, card.params, by=caller.name
        )
        caller.record("report_saved", report.name, {"model": card.model})
        report_id = report.id
    made = caller.brand.dashboards.add_card(
        dashboard_id,
        report_id=report_id,
        note=card.note,
        width=card.width,
        settings={"show": card.show, "title": card.title, "measure": card.measure},
    )
    caller.record("dashboard_changed", board.name, {"card": "added"})
    return CardOut(**card_json(made, _reports(caller)))


@ROUTES.patch("/dashboards/{dashboard_id}/cards/{card_id}")
def change_card(
    dashboard_id: int, card_id: int, change: CardChange, caller: Caller = needs("analyse")
) -> CardOut:
    """Its width, title, words and what is shown."""
    board = caller.brand.dashboards.get(dashboard_id)
    before: Any = next((one.settings for one in board.cards if one.id == card_id), {})
    new = change.model_dump(include={"show", "title", "measure"}, exclude_none=True)
    card = caller.brand.dashboards.change_card(
        dashboard_id, card_id, width=change.width, note=change.note, settings={**before, **new}
    )
    caller.record("dashboard_changed", board.name, {"card": "changed"})
    return CardOut(**card_json(card, _reports(caller)))


@ROUTES.delete("/dashboards/{dashboard_id}/cards/{card_id}", status_code=204)
def remove_card(dashboard_id: int, card_id: int, caller: Caller = needs("analyse")) -> Response:
    """The report stays."""
    board = caller.brand.dashboards.get(dashboard_id)
    caller.brand.dashboards.remove_card(dashboard_id, card_id)
    caller.record("dashboard_changed", board.name, {"card": "removed"})
    return Response(status_code=204)


@ROUTES.get("/day-notes")
def list_notes(caller: Caller = needs("analyse")) -> list[NoteOut]:
    """Notes on days, the newest day first."""
    return [NoteOut.model_validate(one) for one in caller.brand.day_notes.list_()]


@ROUTES.post("/day-notes", status_code=201)
def add_note(note: NoteIn, caller: Caller = needs("analyse")) -> NoteOut:
    """A note, drawn on every chart over time."""
    made = caller.brand.day_notes.add(
        note.first_on, note.last_on, note.kind, note.text, by=caller.name
    )
    return _noted(caller, "day_note_added", made)


@ROUTES.put("/day-notes/{note_id}")
def change_note(note_id: int, note: NoteIn, caller: Caller = needs("analyse")) -> NoteOut:
    """The note as it is to be."""
    made = caller.brand.day_notes.change(note_id, note.first_on, note.last_on, note.kind, note.text)
    return _noted(caller, "day_note_changed", made)


@ROUTES.delete("/day-notes/{note_id}", status_code=204)
def remove_note(note_id: int, caller: Caller = needs("analyse")) -> Response:
    """The note goes for good."""
    note = caller.brand.day_notes.get(note_id)
    caller.brand.day_notes.remove(note_id)
    _noted(caller, "day_note_deleted", note)
    return Response(status_code=204)


def _noted(caller: Caller, action: str, note: DayNote) -> NoteOut:
    caller.record(action, note.text, {"day": note.first_on})
    return NoteOut.model_validate(note)


def _scope(caller: Caller, given: ScopeIn) -> dict[str, Any]:
    """Checked as it will be asked. Raises BadInput."""
    asked = given.model_dump(by_alias=True)
    return scope_of(asked, caller.brand.measure.today()).to_json()


def _reports(caller: Caller) -> dict[int, Any]:
    return {one.id: one for one in caller.brand.reports.list_()}


def _out(
    caller: Caller, board: Dashboard, cards: list[dict[str, Any]] | None = None
) -> DashboardOut:
    if cards is None:
        reports = _reports(caller)
        cards = [card_json(card, reports) for card in board.cards]
    names = ("id", "name", "description", "settings", "created_by", "created_at", "changed_at")
    return DashboardOut(**{name: getattr(board, name) for name in names}, cards=cards)
