"""What a model's page asks when nobody has asked anything yet: something this brand can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yutang.analysis import Model, read_params
from yutang.console.analyse.schema import Field, fields_of
from yutang.console.analyse.words import CUSTOMER, Vocabulary
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
# Models that look at a customer's life, not at a season.
_LONG_RANGE = {"ltv": "last_365", "rfm": "last_365"}
# What happens with an order or by itself, not on the way to one.
COMPANIONS = ("item_bought", "coupon_redeemed", "coupon_granted", "experiment_assigned")
# What may earn credit for an order.
TOUCHES = (
    "campaign_received", "code_scanned", "invitation_accepted", "message_clicked", "content_read",
    "page_viewed",
)  # fmt: skip
FORM = ("form_shown", "form_begun", "field_filled", "form_submitted", "form_succeeded")
# Without these (one of them is enough) a model has nothing to count.
NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "form": (FORM, ("product_viewed", "cart_added", "order_paid")),
    "page": (("page_viewed",), ("code_scanned", "contact_added", "order_paid")),
}


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

    def has(self, *names: str) -> list[str]:
        """Those of the events that the brand has."""
        return [name for name in names if name in self.words.event_names]

    def text_property(self, *names: str) -> str:
        """The first of these text properties of events that the brand has, else ""."""
        texts = [p.name for p in self.words.properties if p.type == "string" and not p.of_customer]
        return next((name for name in names if name in texts), "")

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
    known = Known(words)
    if not words.events or missing(model, words):
        return None
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
    params |= _OWN[model.NAME](known) if model.NAME in _OWN else {}
    days = {RANGE: _LONG_RANGE.get(model.NAME, USUAL_RANGE)}
    return {**_accepted(model, params, fields, known), **days}


def missing(model: Model, words: Vocabulary) -> tuple[str, ...]:
    """The events that the model needs and the brand has not: of the first way to feed it."""
    ways = NEEDS.get(model.NAME, ())
    known = Known(words)
    if not ways or any(len(known.has(*way)) == len(way) for way in ways):
        return ()
    return tuple(name for name in ways[0] if name not in words.event_names)


def _of_retention(known: Known) -> dict[str, Any]:
    first = next(iter(known.has("contact_added", "order_paid")), known.way[0])
    return {
        "start": {"event": first},
        "return": {"event": known.aim},
        "unit": "week",
        "periods": 8,
    }


def _of_smart_path(known: Known) -> dict[str, Any]:
    """What belongs to the order itself says nothing about the way to it."""
    beside = (*COMPANIONS, "order_refunded", known.aim)
    on_the_way = [name for name, _, _ in known.words.events if name not in beside]
    return {"events": {"event": on_the_way}} if on_the_way else {}


def _of_attribution(known: Known) -> dict[str, Any]:
    touches = [name for name in known.has(*TOUCHES) if name != known.aim] or known.way[:1]
    worth = {"value": "paid"} if known.words.types.get("paid") == "number" else {}
    return {
        "touches": [{"event": name} for name in touches],
        "beside": ["first", "linear"],
        **worth,
    }


def _of_form(known: Known) -> dict[str, Any]:
    """A brand without forms has one all the same: the cart, filled with goods and paid or not."""
    if len(known.has(*FORM)) == len(FORM):
        return {}
    cart = {"event": "cart_added"}
    return {
        "form": known.text_property("platform", "shop", "channel"),
        "name": known.text_property("category", "title", "item_id"),
        "shown": {"event": "product_viewed"},
        "begun": cart,
        "field": cart,
        "submitted": {"event": "order_paid"},
        "succeeded": {"event": "order_paid"},
    }


def _of_page(known: Known) -> dict[str, Any]:
    if known.has("page_viewed"):
        return {}
    by = known.text_property("channel_code", "touchpoint", "channel", "source")
    return {"by": "channel", **({"channel": by} if by else {})}


_OWN: Mapping[str, Callable[[Known], dict[str, Any]]] = {
    "retention": _of_retention,
    "distribution": lambda known: {"event": {"event": known.aim}},
    "path": lambda known: {"start": {"event": next(iter(known.has("page_viewed", known.way[0])))}},
    "smart_path": _of_smart_path,
    "attribution": _of_attribution,
    "property": lambda known: {"group": [{"property": f"{CUSTOMER}stage"}]},
    "form": _of_form,
    "page": _of_page,
}


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
