"""Customers who may be one person: suggestions, decided by people or programs."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.identity import RequestOut
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, cursor_at, offset_of
from yutang.linkage import Suggestion

ROUTES = APIRouter(tags=["identity"], responses=PROBLEMS)  # type: ignore[arg-type]
Status = Literal["open", "joined", "apart", "stale"]


class SuggestionOut(BaseModel):
    """Two customers who may be one person. `evidence`: by field how well they agree (same, alike,
    tail …, differs, unknown)."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    a: int
    b: int
    probability: float
    weight: float = Field(description="Match weight: log2 of the odds.")
    evidence: dict[str, str]
    status: Status
    at: int
    decided_by: str
    decided_at: int | None


class SuggestionAnswer(BaseModel):
    """`joined`: one person, merged by the worker within seconds (give a reason; it is kept for
    good). `apart`: different people, never suggested again."""

    model_config = ConfigDict(extra="forbid")

    answer: Literal["joined", "apart"]
    reason: Annotated[str, Field(max_length=500)] = ""


class AnsweredOut(BaseModel):
    """The suggestion, and the request that merges, where it is one person."""

    suggestion: SuggestionOut
    request: RequestOut | None


@ROUTES.get("/identity/suggestions")
def list_suggestions(
    status: Annotated[Status, Query()] = "open",
    limit: Limit = 100,
    cursor: Cursor = "",
    caller: Caller = needs("identity"),
) -> Page[SuggestionOut]:
    """The most probable first; found by `yutang identity suggest`."""
    found = caller.brand.suggestions.list_(status)
    first = offset_of(cursor)
    end = first + limit
    return Page(
        rows=[_out(one) for one in found[first:end]],
        total=len(found),
        next_cursor=cursor_at(end) if end < len(found) else None,
    )


@ROUTES.post("/identity/suggestions/{suggestion_id}", status_code=202)
def answer_suggestion(
    request: Request,
    suggestion_id: int,
    asked: SuggestionAnswer,
    caller: Caller = needs("identity"),
) -> AnsweredOut:
    """Say whether the two are one person."""
    suggestions = caller.brand.suggestions
    if asked.answer == "apart":
        kept = suggestions.keep_apart(suggestion_id, by=caller.name)
        caller.record("identity.kept_apart", str(suggestion_id), {"a": kept.a, "b": kept.b})
        return AnsweredOut(suggestion=_out(kept), request=None)
    made = suggestions.join(suggestion_id, note=asked.reason, by=caller.name, ip=caller.ip)
    request.app.state.nudge(caller.key.slug)
    return AnsweredOut(
        suggestion=_out(suggestions.get(suggestion_id)), request=RequestOut.model_validate(made)
    )


def _out(one: Suggestion) -> SuggestionOut:
    return SuggestionOut.model_validate(one)
