"""The live view: records as they arrive, parsed and raw, with personal values masked."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.ingest.live import MOST, Ask, LiveRecord

ROUTES = APIRouter(tags=["sources"], responses=PROBLEMS)  # type: ignore[arg-type]


class ProblemOut(BaseModel):
    """What was left out or set aside: the property, a reason code, and the value."""

    model_config = ConfigDict(from_attributes=True)

    column: str | None
    reason: str
    value: str | None


class LiveIdentity(BaseModel):
    """An identity, masked where its kind asks for it."""

    kind: str
    value: str


class LiveRecordOut(BaseModel):
    """One record of a request."""

    place: str = Field(description="Where it stands; stable as long as it is kept.")
    received_at: int
    time: int | None = Field(description="By the sender's clock, UTC ms.")
    source: str = Field(description="Empty where the key is no longer known.")
    protocol: str
    act: str = Field(description="event, login, bind, unbind, profile, item, alias, or bad.")
    event: str
    identities: list[LiveIdentity]
    properties: dict[str, Any]
    operations: list[tuple[str, str, Any]] = Field(description="(operation, attribute, value).")
    library: str
    problems: list[ProblemOut]
    raw: str = Field(description="The record as it came, JSON text.")
    stored: bool = Field(description="Taken in by the worker.")


class LiveOut(BaseModel):
    """The newest records that match, newest first."""

    rows: list[LiveRecordOut]
    looked_at: int = Field(description="How many records were looked through.")
    since: int | None = Field(description="When the oldest of those came.")
    is_whole: bool = Field(description="Everything that is kept was looked through.")
    waiting_bytes: int = Field(description="What the worker has not taken in yet.")
    waiting_since: int | None


@ROUTES.get("/live")
def get_live(
    q: Annotated[
        str, Query(max_length=200, description="Words; `property=value` asks for both.")
    ] = "",
    source: Annotated[str, Query(description="A source's name.")] = "",
    problems: Annotated[bool, Query(description="Only records with a problem.")] = False,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    caller: Caller = needs("analyse"),
) -> LiveOut:
    """What arrived in the last minutes. Nothing of it is stored or logged here."""
    ask = Ask(text=q, source=source, problems=problems, limit=limit)
    look, waiting = caller.brand.live.look(ask), caller.brand.live.waiting()
    return LiveOut(
        rows=[_out(one) for one in look.rows],
        looked_at=look.looked_at,
        since=look.since,
        is_whole=look.is_whole,
        waiting_bytes=waiting.bytes,
        waiting_since=waiting.oldest_at,
    )


def _out(one: LiveRecord) -> LiveRecordOut:
    return LiveRecordOut(
        place=one.place,
        received_at=one.received_at,
        time=one.time,
        source=one.source,
        protocol=one.protocol,
        act=one.act,
        event=one.event,
        identities=[LiveIdentity(kind=kind, value=value) for kind, value in one.identities],
        properties=one.properties,
        operations=list(one.operations),
        library=one.library,
        problems=[ProblemOut.model_validate(problem) for problem in one.problems],
        raw=one.raw,
        stored=one.stored,
    )
