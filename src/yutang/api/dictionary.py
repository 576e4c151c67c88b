"""The event dictionary: which events and properties came in, what people call them, what is done
with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.catalog.events import event_of
from yutang.ingest import Change, EventLine, PropertyLine, Show

ROUTES = APIRouter(tags=["dictionary"], responses=PROBLEMS)  # type: ignore[arg-type]
Type = Literal["number", "string", "bool", "time", "list"]
Privacy = Literal["allow", "hash", "refuse"]
Search = Annotated[str, Query(max_length=200, description="In name, label, description, owner.")]
Shown = Annotated[
    Show,
    Query(
        description="Only those that are blocked, unused (nothing in 30 days), undescribed, or"
        " ruled (with a privacy rule of their own)."
    ),
]


class WordOut(BaseModel):
    """What events and properties have in common; volumes are of business days."""

    name: str
    label: str = Field(description="What people call it; ours where nobody named it.")
    description: str
    owner: str
    blocked: bool
    today: int
    last_30_days: int
    first_seen_at: int
    last_seen_at: int | None


class EventOut(WordOut):
    """An event that came in. Order events are made from orders and not listed here."""

    group: str
    events: int


class PropertyOut(WordOut):
    """A property of events; its type is that of its first value, volumes count its values."""

    type: Type
    privacy: Privacy | Literal[""] = Field(description="Of personal values; empty: the brand's.")
    from_orders: bool
    examples: list[str]


class EventChange(BaseModel):
    """What to set; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str
    label: str | None = None
    description: str | None = None
    owner: str | None = None
    blocked: bool | None = Field(None, description="Drop what comes under it from now on.")


class PropertyChange(EventChange):
    """What to set; what is left out stays."""

    privacy: Privacy | Literal[""] | None = None


class NewEvent(BaseModel):
    """An event to let in before it comes."""

    model_config = ConfigDict(extra="forbid")

    name: str


class NewProperty(NewEvent):
    """A property to let in before it comes."""

    type: Type


class RulesOut(BaseModel):
    """Rules of the whole dictionary."""

    strict: bool = Field(description="Names that it does not hold are set aside.")
    privacy: Privacy = Field(description="What is done with personal values in properties.")


class RulesChange(BaseModel):
    """What to set; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    strict: bool | None = None
    privacy: Privacy | None = None


class WaitingOut(BaseModel):
    """A name that strict mode set aside. type: what the values of a property look like."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["event", "property"]
    name: str
    type: str
    rows: int
    first_at: int
    last_at: int


class WaitingName(BaseModel):
    """A name that waits; type of a property: instead of what its values look like."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["event", "property"]
    name: str
    type: Type | None = None


class WaitingDecision(BaseModel):
    """Let names in and take what waits under them, or block them and dismiss it."""

    model_config = ConfigDict(extra="forbid")

    act: Literal["allow", "block"]
    names: list[WaitingName] = Field(min_length=1, max_length=1000)


class Decided(BaseModel):
    """How many quarantined rows it concerned."""

    rows: int


@ROUTES.get("/dictionary/events")
def list_events(
    search: Search = "", show: Shown = "", caller: Caller = needs("analyse")
) -> list[EventOut]:
    """Events, the most frequent of 30 days first."""
    return [_event(one) for one in caller.brand.word_list.events(search, show)]


@ROUTES.get("/dictionary/properties")
def list_properties(
    search: Search = "", show: Shown = "", caller: Caller = needs("analyse")
) -> list[PropertyOut]:
    """Properties of all events, order events included; the most frequent of 30 days first."""
    return [_property(one) for one in caller.brand.word_list.properties(search, show)]


@ROUTES.patch("/dictionary/events")
def change_event(change: EventChange, caller: Caller = needs("settings")) -> EventOut:
    """Say what an event is called, means, who answers for it; block it or let it in again."""
    made = caller.brand.dictionary_rules.change_event(change.name, **_wanted(change))
    _record(caller, "event_changed", change.name, made)
    return _event(caller.brand.word_list.event(change.name))


@ROUTES.patch("/dictionary/properties")
def change_property(change: PropertyChange, caller: Caller = needs("settings")) -> PropertyOut:
    """The same of a property, and what is done with its personal values from now on."""
    made = caller.brand.dictionary_rules.change_property(
        change.name, privacy=change.privacy, **_wanted(change)
    )
    _record(caller, "property_changed", change.name, made)
    return _property(caller.brand.word_list.property(change.name))


@ROUTES.post("/dictionary/events", status_code=201)
def add_event(new: NewEvent, caller: Caller = needs("settings")) -> EventOut:
    """Let an event in before it comes (for strict mode)."""
    if caller.brand.dictionary_rules.add_event(new.name):
        caller.record("event_let_in", new.name)
    return _event(caller.brand.word_list.event(new.name))


@ROUTES.post("/dictionary/properties", status_code=201)
def add_property(new: NewProperty, caller: Caller = needs("settings")) -> PropertyOut:
    """Let a property in before it comes, with its type."""
    made = caller.brand.dictionary_rules.add_property(new.name, new.type)
    caller.record("property_let_in", made.name)
    return _property(caller.brand.word_list.property(made.name))


@ROUTES.get("/dictionary/rules")
def read_rules(caller: Caller = needs("analyse")) -> RulesOut:
    """Strict mode, and the brand's rule for personal values."""
    rules = caller.brand.dictionary_rules
    return RulesOut(strict=rules.strict(), privacy=rules.privacy())


@ROUTES.patch("/dictionary/rules")
def set_rules(change: RulesChange, caller: Caller = needs("settings")) -> RulesOut:
    """Set them; they hold for what comes from now on."""
    rules, before = caller.brand.dictionary_rules, read_rules(caller)
    if change.strict is not None and change.strict != before.strict:
        rules.set_strict(change.strict)
        words = {False: "off", True: "on"}
        detail = {"from": words[before.strict], "to": words[change.strict]}
        caller.record("dictionary_strict", "", detail)
    if change.privacy is not None and change.privacy != before.privacy:
        rules.set_default_privacy(change.privacy)
        detail = {"from": before.privacy, "to": change.privacy}
        caller.record("dictionary_privacy", "", detail)
    return read_rules(caller)


@ROUTES.get("/dictionary/waiting")
def list_waiting(caller: Caller = needs("analyse")) -> list[WaitingOut]:
    """Names that strict mode set aside, most rows first."""
    return [WaitingOut.model_validate(one) for one in caller.brand.waiting_words.list_()]


@ROUTES.post("/dictionary/waiting", status_code=202)
def decide_waiting(
    request: Request, decision: WaitingDecision, caller: Caller = needs("settings")
) -> Decided:
    """Decide about names that wait. What is let in is taken by the worker."""
    words, rows = caller.brand.waiting_words, 0
    for one in decision.names:
        if decision.act == "allow":
            rows += words.allow(one.kind, one.name, by=caller.name, type_=one.type or "")
            caller.record(f"{one.kind}_let_in", one.name)
        else:
            rows += words.block(one.kind, one.name, by=caller.name)
            _record(caller, f"{one.kind}_changed", one.name, [Change("status", "", "blocked")])
    request.app.state.nudge(caller.key.slug)
    return Decided(rows=rows)


def _wanted(change: EventChange) -> dict[str, str | None]:
    status = None if change.blocked is None else "blocked" if change.blocked else ""
    return {
        "label": change.label,
        "description": change.description,
        "owner": change.owner,
        "status": status,
    }


def _record(caller: Caller, action: str, name: str, made: Sequence[Change]) -> None:
    for one in made:
        caller.record(action, name, {"what": one.what, "from": one.before, "to": one.after})


def _event(line: EventLine) -> EventOut:
    one = line.word
    return EventOut(
        name=one.name,
        label=one.label or event_of(one.name).en,
        group=event_of(one.name).group,
        description=one.description,
        owner=one.owner,
        blocked=one.status == "blocked",
        today=line.today,
        last_30_days=line.month,
        events=one.events,
        first_seen_at=one.first_seen_at,
        last_seen_at=one.last_seen_at,
    )


def _property(line: PropertyLine) -> PropertyOut:
    one = line.word
    return PropertyOut(
        name=one.name,
        type=one.type,
        label=one.label,
        description=one.description,
        owner=one.owner,
        blocked=one.status == "blocked",
        privacy=one.privacy,
        from_orders=line.from_orders,
        today=line.today,
        last_30_days=line.month,
        first_seen_at=one.first_seen_at,
        last_seen_at=one.last_seen_at,
        examples=list(one.examples),
    )
