"""One customer as a whole; what he agreed to; what is written down of him."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from pyroaring import BitMap

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.followups import MOST_TEXT
from yutang.portrait import to_json

ROUTES = APIRouter(tags=["customers"], responses=PROBLEMS)  # type: ignore[arg-type]
CustomerId = Annotated[int, Path(ge=1, lt=2**31)]


class Word(BaseModel):
    """What he said about a purpose."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(max_length=60, description="marketing, profiling, sharing, sensitive, …")
    state: Literal["given", "withdrawn"]
    at: int | None = Field(None, description="When he said it, UTC ms; now where it is left out.")
    note: str = Field("", max_length=500)


class NewFollowUp(BaseModel):
    """Something to write down."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["note", "chat", "call", "visit", "service", "complaint"] = "note"
    text: str = Field(min_length=1, max_length=MOST_TEXT)


@ROUTES.get("/customers/{customer_id}/portrait")
def get_whole(customer_id: CustomerId, caller: Caller = needs("see")) -> dict[str, Any]:
    """Everything: stage with its reason, relations, tags, consents, follow-ups, segments, what he
    did and was sent, coupons, content, what is expected of him, restocks, and what to do next with
    the reason. Times UTC ms, amounts fen; phones are masked, whole ones are not stored."""
    return to_json(caller.brand.portraits.whole(customer_id))


@ROUTES.post("/customers/{customer_id}/consents", status_code=201)
def say_consent(
    customer_id: CustomerId, word: Word, caller: Caller = needs("see")
) -> list[dict[str, Any]]:
    """Write down a word of consent; the words that count now."""
    who = caller.brand.customers.get(customer_id, evidence=False).id
    caller.brand.consents.say(
        BitMap([who]), word.purpose, word.state, source="api", by=caller.name, note=word.note,
        at=word.at,
    )  # fmt: skip
    caller.record("consent_said", word.purpose, {"customer": who, "state": word.state})
    return [vars(one) for one in caller.brand.consents.of_customer(who)]


@ROUTES.get("/customers/{customer_id}/consents")
def list_consents(customer_id: CustomerId, caller: Caller = needs("see")) -> list[dict[str, Any]]:
    """All words of consent, newest first."""
    who = caller.brand.customers.get(customer_id, evidence=False).id
    return [vars(one) for one in caller.brand.consents.history(who)]


@ROUTES.get("/customers/{customer_id}/follow-ups")
def list_follow_ups(customer_id: CustomerId, caller: Caller = needs("see")) -> list[dict[str, Any]]:
    """What is written down, newest first."""
    who = caller.brand.customers.get(customer_id, evidence=False).id
    return [vars(one) for one in caller.brand.follow_ups.of_customer(who)]


@ROUTES.post("/customers/{customer_id}/follow-ups", status_code=201)
def add_follow_up(
    customer_id: CustomerId, new: NewFollowUp, caller: Caller = needs("see")
) -> dict[str, Any]:
    """Write something down."""
    who = caller.brand.customers.get(customer_id, evidence=False).id
    made = caller.brand.follow_ups.add(who, new.kind, new.text, by=caller.name)
    caller.record("followed_up", f"#{who}", {"kind": new.kind})
    return dict(vars(made))
