"""Who is one customer, and why; decisions by hand, carried out by the worker within seconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.identity import HandRequest, Review

ROUTES = APIRouter(tags=["identity"], responses=PROBLEMS)  # type: ignore[arg-type]
Reason = Annotated[str, Field(min_length=1, max_length=500, description="Kept for good.")]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class KnownBy(_Out):
    """One identity, as it may be shown: phones and e-mails are masked."""

    id: int
    kind: str
    shown: str
    source: str
    first_seen_at: int


class TieOut(_Out):
    """One piece of evidence that two identities (by number) are one person."""

    id: int
    a: int
    b: int
    evidence: str = Field(description="event, order, login, bind, alias, twin or manual")
    strength: str = Field(description="person, app or device: that of the weaker end")
    source: str
    time: int
    by: str
    note: str


class HandOut(_Out):
    """From `since` on the facts of `device` are those of `customer`."""

    device: int
    since: int
    owner: int
    customer: int


class SplitOut(_Out):
    """Identities that were taken apart from others by hand."""

    id: str
    identities: list[int]
    by: str
    note: str
    at: int


class WhyOut(BaseModel):
    """Why a customer is one person, told from the identity `asked`."""

    customer: int
    asked: int
    identities: list[KnownBy]
    chains: dict[int, list[TieOut]] = Field(description="identity → the ties that lead to it")
    hands: list[HandOut]
    splits: list[SplitOut]


class ReviewOut(_Out):
    """An identity tied to so many people that it joins nobody until somebody decides."""

    id: int
    identity: int
    kind: str
    shown: str
    customer: int
    people: int
    at: int
    status: Literal["open", "joined", "apart"]
    resolved_by: str


class DecisionOut(_Out):
    """A link or a split made by hand; an undone one says when and by whom."""

    id: str
    identities: list[int]
    by: str
    note: str
    at: int
    revoked_at: int | None
    revoked_by: str


class RequestOut(_Out):
    """A decision that was asked for: `waiting`, then `done`, or `refused` with `error`."""

    id: int
    kind: Literal["link", "split", "undo", "decide"]
    status: Literal["waiting", "done", "refused"]
    decision: str = Field(description="What came of it: undo it by this name.")
    error: dict[str, Any] | None
    at: int
    done_at: int | None


class LinkIn(BaseModel):
    """Two customers who are one person."""

    model_config = ConfigDict(extra="forbid")

    customer: int
    other: int
    reason: Reason


class SplitIn(BaseModel):
    """Identities of one customer who are somebody else."""

    model_config = ConfigDict(extra="forbid")

    identities: list[int] = Field(min_length=1, max_length=1_000)
    reason: Reason


class UndoIn(BaseModel):
    """A decision by its id, as `link:7` or `split:7`."""

    model_config = ConfigDict(extra="forbid")

    decision: str = Field(max_length=40)


class AnswerIn(BaseModel):
    """`joined`: one person all the same. `apart`: the identity joins nobody."""

    model_config = ConfigDict(extra="forbid")

    answer: Literal["joined", "apart"]


@ROUTES.get("/customers/{customer_id}/identity")
def explain(customer_id: int, caller: Caller = needs("see")) -> WhyOut:
    """Why everything that is this customer is this customer; a merged one is followed."""
    why = caller.brand.customers.get(customer_id).why
    return WhyOut(
        customer=why.customer,
        asked=why.asked,
        identities=[KnownBy.model_validate(one) for one in why.identities],
        chains={
            id_: [TieOut.model_validate(tie) for tie in ties] for id_, ties in why.chains.items()
        },
        hands=[HandOut.model_validate(one) for one in why.hands],
        splits=[SplitOut.model_validate(one) for one in why.splits],
    )


@ROUTES.get("/identity/reviews")
def list_reviews(
    status: Annotated[Literal["open", "joined", "apart"], Query()] = "open",
    caller: Caller = needs("identity"),
) -> list[ReviewOut]:
    """What waits for a decision, the most crowded first."""
    found: list[Review] = caller.brand.hands.reviews(status)
    return [ReviewOut.model_validate(one) for one in found]


@ROUTES.get("/identity/decisions")
def list_decisions(caller: Caller = needs("identity")) -> list[DecisionOut]:
    """Links and splits by hand, newest first."""
    return [DecisionOut.model_validate(one) for one in caller.brand.hands.decisions()]


@ROUTES.get("/identity/requests/{request_id}")
def get_request(request_id: int, caller: Caller = needs("identity")) -> RequestOut:
    """What became of a decision that was asked for."""
    return RequestOut.model_validate(caller.brand.hand_requests.get(request_id))


@ROUTES.post("/identity/link", status_code=202)
def link(request: Request, asked: LinkIn, caller: Caller = needs("identity")) -> RequestOut:
    """Make two customers one."""
    found = caller.brand.hand_requests.link(
        asked.customer, asked.other, note=asked.reason, by=caller.name, ip=caller.ip
    )
    return _handed(request, caller, found)


@ROUTES.post("/identity/split", status_code=202)
def split(request: Request, asked: SplitIn, caller: Caller = needs("identity")) -> RequestOut:
    """Take identities out of their customer."""
    found = caller.brand.hand_requests.split(
        asked.identities, note=asked.reason, by=caller.name, ip=caller.ip
    )
    return _handed(request, caller, found)


@ROUTES.post("/identity/undo", status_code=202)
def undo(request: Request, asked: UndoIn, caller: Caller = needs("identity")) -> RequestOut:
    """Take a decision back."""
    found = caller.brand.hand_requests.undo(asked.decision, by=caller.name, ip=caller.ip)
    return _handed(request, caller, found)


@ROUTES.post("/identity/reviews/{review_id}", status_code=202)
def decide(
    request: Request, review_id: int, asked: AnswerIn, caller: Caller = needs("identity")
) -> RequestOut:
    """Answer a review, or change its answer."""
    found = caller.brand.hand_requests.decide(review_id, asked.answer, by=caller.name, ip=caller.ip)
    return _handed(request, caller, found)


def _handed(request: Request, caller: Caller, found: HandRequest) -> RequestOut:
    request.app.state.nudge(caller.key.slug)
    return RequestOut.model_validate(found)
