"""The event dictionary: which events and properties came in, and what people call them."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.catalog.events import event_of

ROUTES = APIRouter(tags=["dictionary"], responses=PROBLEMS)  # type: ignore[arg-type]


class EventOut(BaseModel):
    """An event that came in. Order events are made from orders and not listed here."""

    name: str
    label: str = Field(description="What people call it; ours where nobody named it.")
    group: str
    description: str
    owner: str
    events: int
    first_seen_at: int
    last_seen_at: int | None


class PropertyOut(BaseModel):
    """A property of events; its type is that of its first value."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    type: Literal["number", "string", "bool", "time", "list"]
    label: str
    description: str


@ROUTES.get("/dictionary/events")
def list_events(caller: Caller = needs("analyse")) -> list[EventOut]:
    """Events, most frequent first."""
    return [
        EventOut(
            name=one.name,
            label=one.label or event_of(one.name).en,
            group=event_of(one.name).group,
            description=one.description,
            owner=one.owner,
            events=one.events,
            first_seen_at=one.first_seen_at,
            last_seen_at=one.last_seen_at,
        )
        for one in caller.brand.dictionary.names()
    ]


@ROUTES.get("/dictionary/properties")
def list_properties(caller: Caller = needs("analyse")) -> list[PropertyOut]:
    """Properties of all events, order events included."""
    return [PropertyOut.model_validate(one) for one in caller.brand.dictionary.properties()]
