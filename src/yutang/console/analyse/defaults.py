"""What a model's page asks when nobody has asked anything yet: something this brand can answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yutang.analysis import Model, read_params
from yutang.console.analyse.schema import Field, fields_of
from yutang.console.analyse.words import Vocabulary
from yutang.errors import BadInput
from yutang.reports import RANGE

# Ways people come in, best told first; the first one of which a brand has two steps is taken.
WAYS = (
    ("code_scanned", "contact_added", "group_joined", "order_paid"),
    ("campaign_received", "coupon_redeemed", "order_paid"),
    ("page_viewed", "product_viewed", "cart_added", "order_paid"),
    ("order_paid", "order_refunded"),
)
# What a question aims at, and what may lead there; the first that a brand has is taken.
AIMS = ("order_paid", "order_completed", "coupon_redeemed", "contact_added")
PROPERTIES = ("paid", "platform", "touchpoint", "channel", "source")
# Names of fields that ask for where things end, not where they begin.
_ENDS = (
    "next",
    "target",
    "return",
    "end",
    "to",
    "conversion",
    "goal",
    "second",
    "revenue",
    "value",
)
# What may be left out, but tells little then.
_BETTER_WITH = ("next",)
_LONG = {"value": 30, "unit": "day"}
USUAL_RANGE = "last_90"


@dataclass(frozen=True)
class Known:
    """What of a brand a usual question can use."""

    words: Vocabulary

    @property
    def way(self) -> list[str]:
        events = self.words.event_names
        found = (way for way in WAYS if len([e for e in way if e in events]) > 1)
        way = next(found, ())
        return [e for e in way if e in events] or [name for name, _, _ in self.words.events][:2]

    @property
    def aim(self) -> str:
        return next((e for e in AIMS if e in self.words.event_names), self.way[-1])

    def property(self, field: Field) -> str:
        fits = [
            one.name
            for one in self.words.properties
            if (not field.only or one.type == field.only)
            and (not field.of or one.of_customer == (field.of == "customer"))
        ]
        return next((name for name in PROPERTIES if name in fits), fits[0] if fits else "")


def usual(model: Model, words: Vocabulary) -> dict[str, Any] | None:
    """Parameters for the model; None where the brand has too little to ask about."""
    if not words.events:
        return None
    known = Known(words)
    fields = fields_of(model.Params)
    params = {
        field.name: _filled(field, known)
        for field in fields
        if field.required or field.name in _BETTER_WITH
    }
    steps = params.get("steps")
    if steps is not None and len(steps) < next(f.least for f in fields if f.name == "steps"):
        return None
    if any(field.name == "window" and field.kind == "object" for field in fields) and steps:
        params["window"] = dict(_LONG)
    return {**_accepted(model, params, fields, known), RANGE: USUAL_RANGE}


def _accepted(
    model: Model, params: dict[str, Any], fields: tuple[Field, ...], known: Known
) -> dict[str, Any]:
    """The parameters, if need be with the first optional event that makes the model take them."""
    optional = [{field.name: _filled(field, known)} for field in fields if _may_be_left(field)]
    for more in ({}, *optional):
        try:
            read_params(model, {**params, **more})
        except BadInput:
            continue
        return {**params, **more}
    return params


def _may_be_left(field: Field) -> bool:
    return (
        field.nullable and field.kind == "object" and any(p.kind == "event" for p in field.fields)
    )


def _filled(field: Field, known: Known) -> Any:
    """Something that fits a required field."""
    if field.kind == "event":
        name = known.aim if _is_end(field.name) else known.way[0]
        return name if field.bare else [name]
    if field.kind == "property":
        return known.property(field)
    parts = field.forms[0][1] if field.forms else field.fields
    if field.kind in ("object", "choice_or_object") and parts:
        name = known.aim if _is_end(field.name) else known.way[0]
        return {
            part.name: (name if part.bare else [name])
            if part.kind == "event"
            else _filled(part, known)
            for part in parts
            if part.required
        }
    if field.kind == "list":
        return _rows(field, known)
    if field.kind == "choice":
        return field.choices[0][0]
    if field.kind == "numbers":
        return [1, 7, 30]
    return field.low or 1 if field.kind in ("integer", "number") else ""


def _rows(field: Field, known: Known) -> list[dict[str, Any]]:
    events = [part.name for part in field.fields if part.kind == "event" and part.required]
    needed = {part.name: _filled(part, known) for part in field.fields if part.required}
    if not events:
        return [needed]
    names: Sequence[str] = known.way if field.least > 1 else [known.aim]
    return [{**needed, events[0]: name} for name in names]


def _is_end(name: str) -> bool:
    return any(part in _ENDS for part in name.split("_"))


def in_words(params: dict[str, Any], words: Vocabulary) -> str:
    """The events that a question is about, as a short text; "" where it names none."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)
        elif isinstance(value, str) and value in words.event_names and value not in found:
            found.append(value)

    walk(params)
    return " → ".join(words.event(name) for name in found)
