"""Sources: who may send events, and with which write keys."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.ingest import Source
from yutang.kit.clock import DAY_MS

ROUTES = APIRouter(tags=["sources"], responses=PROBLEMS)  # type: ignore[arg-type]


class WriteKeyOut(BaseModel):
    """A write key; it stands in public code and is no secret."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    created_at: int
    ends_at: int | None = Field(description="UTC ms from which on it is refused; null: never.")


class TrackingSourceOut(BaseModel):
    """A source. `write_key` and `url` are what an SDK is given; empty where all keys have ended."""

    id: int
    name: str
    kind: Literal["sensors", "segment", "posthog", "json"]
    status: Literal["on", "off"]
    write_key: str
    url: str
    keys: list[WriteKeyOut] = Field(description="Newest first, ended ones included.")
    created_by: str
    created_at: int
    accepted_today: int = Field(description="Events taken in on this business day.")
    accepted_7_days: int
    problems_7_days: int = Field(description="Records set aside or unreadable in seven days.")


class NewSource(BaseModel):
    """What a source is to be."""

    name: str
    kind: Literal["sensors", "segment", "posthog", "json"]


class Rotation(BaseModel):
    """How long the old keys are still taken."""

    grace_days: int = Field(30, ge=0, le=365)


class Priority(BaseModel):
    """Names of sources, the most trusted first. Those left out come last, alike: among them what
    was said last wins."""

    model_config = ConfigDict(extra="forbid")

    sources: list[str] = Field(max_length=1_000)


class PriorityOut(Priority):
    """The order, and the sources that are not in it."""

    alike: list[str]


@ROUTES.get("/sources")
def list_sources(caller: Caller = needs("analyse")) -> list[TrackingSourceOut]:
    """All sources, the oldest first."""
    health = {one.source: one for one in caller.brand.intake.look().sources}
    return [_out(caller, one, health.get(one.name)) for one in caller.brand.sources.list_()]


@ROUTES.post("/sources", status_code=201)
def create_source(new: NewSource, caller: Caller = needs("settings")) -> TrackingSourceOut:
    """A new source with its first write key."""
    made = caller.brand.sources.create(new.name, new.kind, by=caller.name)
    caller.record("source_added", made.name, {"kind": made.kind})
    return _out(caller, made, None)


@ROUTES.post("/sources/{source_id}/rotate")
def rotate_source(
    source_id: int, rotation: Rotation, caller: Caller = needs("settings")
) -> TrackingSourceOut:
    """Give a new write key; those in use end after the grace period."""
    one = caller.brand.sources.at(source_id)
    made = caller.brand.sources.rotate(one.name, grace_ms=rotation.grace_days * DAY_MS)
    caller.record("source_rotated", one.name, {"days": rotation.grace_days})
    health = {known.source: known for known in caller.brand.intake.look().sources}
    return _out(caller, made, health.get(one.name))


@ROUTES.get("/sources/priority")
def get_priority(caller: Caller = needs("analyse")) -> PriorityOut:
    """Which source is believed where several say different things of a customer's attribute."""
    return _priority(caller)


@ROUTES.put("/sources/priority")
def put_priority(new: Priority, caller: Caller = needs("settings")) -> PriorityOut:
    """Order the sources. It holds at once for every customer, also for what was said before."""
    before = caller.brand.attributes.set_priority(new.sources)
    if before != new.sources:
        detail = {"from": " > ".join(before), "to": " > ".join(new.sources)}
        caller.record("source_priority", "", detail)
    return _priority(caller)


def _priority(caller: Caller) -> PriorityOut:
    ranked = caller.brand.attributes.priority()
    names = [one.name for one in caller.brand.sources.list_()]
    return PriorityOut(sources=ranked, alike=[name for name in names if name not in ranked])


def _out(caller: Caller, one: Source, health: Any) -> TrackingSourceOut:
    connecting = caller.brand.connecting
    return TrackingSourceOut(
        id=one.id,
        name=one.name,
        kind=one.kind,
        status=one.status,
        write_key=one.key,
        url=connecting.address(one.kind, one.name, one.key) if one.key else "",
        keys=[WriteKeyOut.model_validate(key) for key in one.keys],
        created_by=one.created_by,
        created_at=one.created_at,
        accepted_today=health.sum("accepted", 1) if health else 0,
        accepted_7_days=health.sum("accepted", 7) if health else 0,
        problems_7_days=health.sum("quarantined", 7) + health.sum("rejected", 7) if health else 0,
    )
