"""Rules of segments: one tree of conditions, as it is stored, edited and sent by programs.

A node is a group, `{"and": [nodes]}`, `{"or": [nodes]}` or `{"not": node}`, or a condition, an
object with `kind`:

    attribute    what is known of a customer: {"name": "stage", "op": "=", "value": "repeat"}
    tag          {"tags": [3, 7], "has": "any" | "all" | "none"}
    segment      membership of other segments: {"segments": [2], "has": …}
    consent      {"purpose": "marketing", "state": "given" | "withdrawn" | "unknown"}
    relation     {"relation": "contact" | "group" | "follow" | "any", "state": "live" | "ended" |
                 "ever", "keys": [guides, groups or accounts], "channel_codes": […],
                 "began": days, "ended": days}
    event        did, did not, how often, how much: {"events": […], "filter": {…}, "when": days,
                 "measure": "times" | "days" | "sum" | "average" | "min" | "max" | "distinct",
                 "property": "paid", "op": ">=", "value": 1}
    edge         his first or last such event: {"which": "first" | "last", "events": […],
                 "filter": {…}, "when": days, "then": {filter on that very event}, "at": days}
    sequence     these in this order within a window: {"steps": [{"events": […], "filter": {…}}],
                 "within": {"value": 7, "unit": "day"}, "when": days of the first step}
    after        something followed another thing, or did not: {"anchor": {"events", "filter",
                 "which": "first" | "last", "when": days}, "then": {"events", "filter"},
                 "within": {…}, "did": true | false}
    anniversary  a birthday comes: {"attribute": "birthday", "calendar": "solar" | "lunar",
                 "from": 0, "to": 7} days from today
    share        a random share that stays the same: {"rate": 0.1, "salt": "autumn", "part": 0}
    people       behind a number: {"origin": {…}} (origins.py)

Days (`when`, `began` …) are one of {"last": n}, {"before_last": n}, {"from": day, "to": day} and
{"festival": {"calendar": "lunar", "month": 8, "day": 15, "year": -1, "before": 7, "after": 3}}.
A condition may also be written as filters of analyses are: {"property": "customer.stage", …}.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from yutang.errors import BadInput

MOST_DEPTH = 8
MOST_CONDITIONS = 100
_MOST_DAYS = 36_500
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Names = Annotated[list[Text], Field(min_length=1, max_length=50)]
Has = Literal["any", "all", "none"]
Number = Annotated[float, Field(allow_inf_nan=False)]
Compare = Literal["=", "!=", "<", "<=", ">", ">=", "between"]
MEASURES = ("times", "days", "sum", "average", "min", "max", "distinct")
# Measures of somebody without such an event are 0; the others have no value.
ZERO_WITHOUT = ("times", "days", "sum", "distinct")
_NEEDS_PROPERTY = ("sum", "average", "min", "max", "distinct")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class Festival(Strict):
    """A day of a year, and the days around it. year: 0 = this year's, -1 = last year's."""

    calendar: Literal["solar", "lunar"] = "lunar"
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    year: int = Field(0, ge=-10, le=1)
    before: int = Field(0, ge=0, le=60)
    after: int = Field(0, ge=0, le=60)


class Days(Strict):
    """Business days: one of the four ways to say which. Without any: ever."""

    last: int | None = Field(None, ge=1, le=_MOST_DAYS)
    before_last: int | None = Field(None, ge=1, le=_MOST_DAYS)
    from_: date | None = Field(None, alias="from")
    to: date | None = None
    festival: Festival | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Days:
        ways = (self.last, self.before_last, self.from_ or self.to, self.festival)
        if sum(way is not None for way in ways) > 1:
            raise ValueError("days are said in one way: last, before_last, from and to, festival")
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("`to` is before `from`")
        return self


EVER = Days()


class Window(Strict):
    value: int = Field(ge=1, le=10_000)
    unit: Literal["minute", "hour", "day"] = "day"

    @property
    def ms(self) -> int:
        return self.value * {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}[self.unit]


class Asked(Strict):
    """Some events, optionally filtered."""

    events: Names
    filter: dict[str, Any] | None = None


class Attribute(Strict):
    kind: Literal["attribute"] = "attribute"
    name: Text
    op: Annotated[str, StringConstraints(max_length=20)] = "="
    value: Any = None


class TagHeld(Strict):
    kind: Literal["tag"]
    tags: Annotated[list[int], Field(min_length=1, max_length=100)]
    has: Has = "any"


class InSegment(Strict):
    kind: Literal["segment"]
    segments: Annotated[list[int], Field(min_length=1, max_length=100)]
    has: Has = "any"


class Consent(Strict):
    kind: Literal["consent"]
    purpose: Text
    state: Literal["given", "withdrawn", "unknown"] = "given"


class Relation(Strict):
    kind: Literal["relation"]
    relation: Literal["contact", "group", "follow", "any"] = "any"
    state: Literal["live", "ended", "ever"] = "live"
    keys: Annotated[list[Text], Field(max_length=200)] = []
    channel_codes: Annotated[list[Text], Field(max_length=200)] = []
    began: Days = EVER
    ended: Days = EVER

    @model_validator(mode="after")
    def _ended_only_if_it_did(self) -> Relation:
        if self.state == "live" and self.ended != EVER:
            raise ValueError("a live relation has not ended")
        return self


class Event(Asked):
    kind: Literal["event"]
    when: Days = EVER
    measure: Literal["times", "days", "sum", "average", "min", "max", "distinct"] = "times"
    property: Text | None = None
    op: Compare = ">="
    value: Number | Annotated[list[Number], Field(min_length=2, max_length=2)] = 1.0

    @model_validator(mode="after")
    def _fit(self) -> Event:
        if (self.measure in _NEEDS_PROPERTY) != (self.property is not None):
            raise ValueError(f"the measure {self.measure} and `property` do not go together")
        if (self.op == "between") != isinstance(self.value, list):
            raise ValueError("`between` takes two numbers, the others one")
        return self


class Edge(Asked):
    kind: Literal["edge"]
    which: Literal["first", "last"] = "last"
    when: Days = EVER
    then: dict[str, Any] | None = None
    at: Days = EVER


class Sequence(Strict):
    kind: Literal["sequence"]
    steps: Annotated[list[Asked], Field(min_length=2, max_length=10)]
    within: Window = Window(value=7)
    when: Days = EVER


class Anchor(Asked):
    which: Literal["first", "last"] = "first"
    when: Days = EVER


class After(Strict):
    kind: Literal["after"]
    anchor: Anchor
    then: Asked
    within: Window = Window(value=30)
    did: bool = True


class Anniversary(Strict):
    kind: Literal["anniversary"]
    attribute: Text = "birthday"
    calendar: Literal["solar", "lunar"] = "solar"
    from_: int = Field(0, alias="from", ge=-60, le=60)
    to: int = Field(7, ge=-60, le=60)

    @model_validator(mode="after")
    def _in_order(self) -> Anniversary:
        if self.to < self.from_:
            raise ValueError("`to` is before `from`")
        return self


class Share(Strict):
    """The part-th share of the customers, by a hash of number and salt: rate 0.5 has parts 0, 1."""

    kind: Literal["share"]
    rate: float = Field(gt=0, le=1)
    salt: Text = "share"
    part: int = Field(0, ge=0, le=10_000)

    @model_validator(mode="after")
    def _there_is_such_a_part(self) -> Share:
        if (self.part + 1) * self.rate > 1 + 1e-9:
            raise ValueError("there is no such part: the shares before it are everybody")
        return self


class Behind(Strict):
    kind: Literal["people"]
    origin: dict[str, Any]


class AllOf(Strict):
    and_: Annotated[list[Node], Field(alias="and", min_length=1, max_length=100)]


class AnyOf(Strict):
    or_: Annotated[list[Node], Field(alias="or", min_length=1, max_length=100)]


class Not(Strict):
    not_: Node = Field(alias="not")


Condition = (
    Attribute | TagHeld | InSegment | Consent | Relation | Event | Edge | Sequence | After
    | Anniversary | Share | Behind
)  # fmt: skip
KINDS = (
    "attribute", "tag", "segment", "consent", "relation", "event", "edge", "sequence", "after",
    "anniversary", "share", "people",
)  # fmt: skip
_GROUPS = {"and_": "and", "or_": "or", "not_": "not"}


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        if "kind" in value:
            return str(value["kind"])
        return next((word for word in ("and", "or", "not") if word in value), "")
    for name, word in _GROUPS.items():
        if hasattr(value, name):
            return word
    return str(getattr(value, "kind", ""))


Node = Annotated[
    Annotated[AllOf, Tag("and")]
    | Annotated[AnyOf, Tag("or")]
    | Annotated[Not, Tag("not")]
    | Annotated[Attribute, Tag("attribute")]
    | Annotated[TagHeld, Tag("tag")]
    | Annotated[InSegment, Tag("segment")]
    | Annotated[Consent, Tag("consent")]
    | Annotated[Relation, Tag("relation")]
    | Annotated[Event, Tag("event")]
    | Annotated[Edge, Tag("edge")]
    | Annotated[Sequence, Tag("sequence")]
    | Annotated[After, Tag("after")]
    | Annotated[Anniversary, Tag("anniversary")]
    | Annotated[Share, Tag("share")]
    | Annotated[Behind, Tag("people")],
    Discriminator(_kind),
]


class Rule(Strict):
    """A whole rule. what: its node."""

    what: Node


for _model in (AllOf, AnyOf, Not, Rule):
    _model.model_rebuild()


def read_rule(tree: Any) -> Node:
    """The checked tree. Raises BadInput that names the place, such as `and[1].value`."""
    if not isinstance(tree, dict) or not tree:
        raise BadInput("A rule is an object with conditions.", hint="See docs/segments.md.")
    try:
        node = Rule(what=_plain(tree, 1)).what
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"].startswith("union_tag"):
            raise BadInput(
                "The rule, at %(place)s: there is no condition of this kind.",
                hint="There are: %(known)s.",
                place=_place(first["loc"]),
                known=", ".join(KINDS),
            ) from None
        raise BadInput(
            "The rule, at %(place)s: %(why)s.",
            place=_place(first["loc"]),
            why=first["msg"].removeprefix("Value error, "),
        ) from None
    if len(conditions(node)) > MOST_CONDITIONS:
        raise BadInput("A rule has at most %(n)d conditions.", n=MOST_CONDITIONS)
    return node


def _plain(node: Any, depth: int) -> Any:
    """Conditions written as filters of analyses turned into conditions on attributes."""
    if not isinstance(node, dict):
        return node
    if depth > MOST_DEPTH:
        raise BadInput("A rule is nested at most %(n)d deep.", n=MOST_DEPTH)
    for word in ("and", "or"):
        if isinstance(node.get(word), list):
            return {**node, word: [_plain(one, depth + 1) for one in node[word]]}
    if "not" in node:
        return {**node, "not": _plain(node["not"], depth + 1)}
    if "property" in node and "kind" not in node:
        name = str(node["property"]).removeprefix("customer.")
        rest = {key: value for key, value in node.items() if key != "property"}
        return {"kind": "attribute", "name": name, **rest}
    return node


def _place(loc: tuple[int | str, ...]) -> str:
    """`("what", "and", "and", 1, "event", "value")` → `and[1].value`: tags left out."""
    out, words, before = "", ("and", "or", "not"), False
    for part in loc[1:]:
        if isinstance(part, int):
            out += f"[{part}]"
            before = False
        elif part in words:
            if not before:
                out += f".{part}" if out else str(part)
            before = not before
        elif part not in KINDS:
            out += f".{part}" if out else str(part)
    return out or "its beginning"


def conditions(node: Any) -> list[Any]:
    """The conditions of a tree, from left to right."""
    if isinstance(node, AllOf):
        return [one for part in node.and_ for one in conditions(part)]
    if isinstance(node, AnyOf):
        return [one for part in node.or_ for one in conditions(part)]
    if isinstance(node, Not):
        return conditions(node.not_)
    return [node]


def to_json(node: Any) -> dict[str, Any]:
    """A tree as plain data; `read_rule` gives it again. What is usual is left out."""
    if isinstance(node, AllOf):
        return {"and": [to_json(one) for one in node.and_]}
    if isinstance(node, AnyOf):
        return {"or": [to_json(one) for one in node.or_]}
    if isinstance(node, Not):
        return {"not": to_json(node.not_)}
    found = node.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"kind": node.kind, **{key: value for key, value in found.items() if key != "kind"}}


def parents_of(node: Any) -> set[int]:
    """Segments that a rule asks for."""
    return {id_ for one in conditions(node) if isinstance(one, InSegment) for id_ in one.segments}
