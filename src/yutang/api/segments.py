"""Segments: people kept under a name."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.api.paging import Cursor, Limit, Page, cursor_at, offset_of
from yutang.errors import BadInput
from yutang.identity import LIST_KINDS
from yutang.segments import Segment

ROUTES = APIRouter(tags=["segments"], responses=PROBLEMS)  # type: ignore[arg-type]
SegmentId = Annotated[int, Path(ge=1, lt=2**53)]
_MOST_IDENTIFIERS = 20_000  # of one request; a larger list goes through the page or the CLI
Name = Annotated[str, Field(min_length=1, max_length=120)]


class SegmentOut(BaseModel):
    """A segment. Times UTC ms; `at` and `facts_version` are those of its newest version."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    description: str
    people: int = Field(description="How many there are today; merged customers count once.")
    origin: dict[str, Any] | None = Field(description="Where the people come from.")
    can_refresh: bool
    at: int
    facts_version: int
    created_by: str
    created_at: int
    changed_at: int
    archived_at: int | None
    kind: str = Field(description="`static`: a list that stays; `dynamic`: asked again by itself.")
    rule: dict[str, Any] | None = Field(description="The conditions, where it has a rule.")


class MatchedOut(SegmentOut):
    """A segment made of identifiers."""

    unknown: list[int] = Field(description="Positions (from 1) that nobody has.")
    several: list[int] = Field(description="Positions that fit more than one customer.")


class Cell(BaseModel):
    """A cell of an analysis: its people become the segment."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(max_length=40)
    params: dict[str, Any]
    cell: dict[str, Any] = Field(default_factory=dict, description="See the model's page.")


class NewSegment(BaseModel):
    """Of identifiers, of a cell of an analysis, or of a rule: one of the three."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    description: str = Field("", max_length=1_000)
    identifiers: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = Field(
        None, max_length=_MOST_IDENTIFIERS, description="Compared as they are kept: phones hashed."
    )
    kind: str = Field("", description=f"Of the identifiers: {', '.join(LIST_KINDS[1:])}.")
    analysis: Cell | None = None
    rule: dict[str, Any] | None = Field(None, description="See docs/segments.md.")
    dynamic: bool = Field(True, description="Of a rule: asked again whenever facts came.")

    @model_validator(mode="after")
    def _one_of_three(self) -> NewSegment:
        if sum(one is not None for one in (self.identifiers, self.analysis, self.rule)) != 1:
            raise ValueError("give `identifiers`, `analysis` or `rule`")
        return self


class RuleIn(BaseModel):
    """A rule to ask."""

    model_config = ConfigDict(extra="forbid")

    rule: dict[str, Any] = Field(description="See docs/segments.md.")


class RuleChange(RuleIn):
    """Another rule of a segment."""

    dynamic: bool = True


class CountOut(BaseModel):
    """How many fulfil a rule. as_of: the newest fact, UTC ms; relative days count from its day."""

    count: int
    customers: int = Field(description="All there are.")
    conditions: list[int] = Field(description="People of each condition by itself, left to right.")
    as_of: int
    seconds: float


class WhyOut(BaseModel):
    """A node of a rule and what came of it. found: what the person has there."""

    model_config = ConfigDict(from_attributes=True)

    holds: bool
    node: dict[str, Any]
    found: Any = None
    parts: list[WhyOut] = []


class ChangeOut(BaseModel):
    """Once that somebody came or went. Times UTC ms; size: of the segment afterwards."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: int
    entered: int
    left: int
    size: int


class SegmentChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: str | None = Field(None, max_length=1_000)
    archived: bool | None = None


class Combination(BaseModel):
    """Two segments, and what becomes of them."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    how: Literal["union", "intersection", "minus"]
    a: int = Field(ge=1)
    b: int = Field(ge=1)


@ROUTES.get("/segments")
def list_segments(archived: bool = False, caller: Caller = needs("analyse")) -> list[SegmentOut]:
    """Segments in use, or the archived ones; newest first."""
    found = caller.brand.segments.list_(archived=archived)
    return [SegmentOut.model_validate(one) for one in found]


@ROUTES.post("/segments", status_code=201)
def make_segment(new: NewSegment, caller: Caller = needs("analyse")) -> MatchedOut:
    """A segment of identifiers, of the people behind a cell of an analysis, or of a rule."""
    segments = caller.brand.segments
    unknown: tuple[int, ...] = ()
    several: tuple[int, ...] = ()
    common = {"by": caller.name, "description": new.description}
    if new.rule is not None:
        made = segments.create_by_rule(new.name, new.rule, dynamic=new.dynamic, **common)
    elif new.analysis is not None:
        origin = {"kind": "analysis", **new.analysis.model_dump()}
        made = segments.create_from(new.name, origin, **common)
    else:
        matched = segments.match_all(new.identifiers or [], new.kind)
        unknown, several = matched.unknown, matched.several
        made = segments.create(new.name, matched.people, matched.to_json(), **common)
    caller.record("segment_made", made.name, {"people": made.people})
    plain = SegmentOut.model_validate(made).model_dump()
    return MatchedOut(**plain, unknown=list(unknown), several=list(several))


@ROUTES.post("/segments/combine", status_code=201)
def combine_segments(asked: Combination, caller: Caller = needs("analyse")) -> SegmentOut:
    """A new segment of two: `union`, `intersection`, or the first `minus` the second."""
    made = caller.brand.segments.combine(asked.name, asked.how, asked.a, asked.b, by=caller.name)
    return _out(caller, "segment_made", made)


@ROUTES.post("/segments/count")
def count_rule(asked: RuleIn, caller: Caller = needs("analyse")) -> CountOut:
    """How many customers fulfil a rule now, and each of its conditions by itself."""
    counted = caller.brand.segments.rules.count(asked.rule, each=True)
    return CountOut(
        count=counted.count, customers=counted.total, conditions=list(counted.each),
        as_of=counted.as_of, seconds=counted.seconds,
    )  # fmt: skip


@ROUTES.get("/segments/{segment_id}")
def get_segment(segment_id: SegmentId, caller: Caller = needs("analyse")) -> SegmentOut:
    """One segment."""
    return SegmentOut.model_validate(caller.brand.segments.get(segment_id))


@ROUTES.patch("/segments/{segment_id}")
def change_segment(
    segment_id: SegmentId, change: SegmentChange, caller: Caller = needs("analyse")
) -> SegmentOut:
    """Rename, describe, archive or restore it."""
    segments = caller.brand.segments
    found = segments.get(segment_id)
    if change.archived is False:
        found = segments.restore(segment_id)
    if change.name is not None or change.description is not None:
        found = segments.change(segment_id, name=change.name, description=change.description)
    if change.archived:
        found = segments.archive(segment_id)
    return _out(caller, "segment_archived" if change.archived else "segment_changed", found)


@ROUTES.post("/segments/{segment_id}/refresh")
def refresh_segment(segment_id: SegmentId, caller: Caller = needs("analyse")) -> SegmentOut:
    """A new version: who is behind the same origin today. Lists cannot be refreshed."""
    found = caller.brand.segments.refresh(segment_id, by=caller.name)
    return _out(caller, "segment_refreshed", found)


@ROUTES.put("/segments/{segment_id}/rule")
def change_rule(
    segment_id: SegmentId, change: RuleChange, caller: Caller = needs("analyse")
) -> SegmentOut:
    """Another rule: a new version. A rule cannot ask about its own segment."""
    found = caller.brand.segments.change_rule(
        segment_id, change.rule, by=caller.name, dynamic=change.dynamic
    )
    return _out(caller, "segment_rule_changed", found)


@ROUTES.get("/segments/{segment_id}/why")
def why_in(
    segment_id: SegmentId,
    customer: Annotated[int, Query(ge=1, lt=2**31, description="A customer's number.")],
    caller: Caller = needs("analyse"),
) -> WhyOut:
    """Why a customer fulfils the segment's rule or does not, condition by condition."""
    tree = caller.brand.segments.get(segment_id).rule
    if tree is None:
        raise BadInput("This segment has no rule: its people came as they are.")
    survivor = caller.brand.customers.get(customer, evidence=False).id
    return WhyOut.model_validate(caller.brand.segments.rules.why(tree, survivor))


@ROUTES.get("/segments/{segment_id}/changes")
def segment_changes(
    segment_id: SegmentId, since: int = 0, caller: Caller = needs("analyse")
) -> list[ChangeOut]:
    """Who entered and left, newest first; since: only after that moment (UTC ms)."""
    caller.brand.segments.get(segment_id)
    found = caller.brand.living.changes(segment_id, since=since)
    return [ChangeOut.model_validate(one) for one in found]


@ROUTES.get("/segments/{segment_id}/members")
def segment_members(
    segment_id: SegmentId,
    limit: Limit = 500,
    cursor: Cursor = "",
    caller: Caller = needs("export"),
) -> Page[int]:
    """Customer ids, ascending. The first page of a reading is noted in the audit log."""
    people = caller.brand.segments.people(segment_id)
    after = offset_of(cursor)  # the last id that was given, not a place: a merge moves places
    if not after:
        name = caller.brand.segments.get(segment_id).name
        caller.record("segment_exported", name, {"people": len(people)})
    rows = list(islice(people.iter_equal_or_larger(after + 1), limit))
    more = bool(rows) and rows[-1] < people.max()
    return Page(rows=rows, total=len(people), next_cursor=cursor_at(rows[-1]) if more else None)


def _out(caller: Caller, action: str, segment: Segment) -> SegmentOut:
    caller.record(action, segment.name, {"people": segment.people})
    return SegmentOut.model_validate(segment)
