"""What a form can ask of a model, read from its Params: the page knows no model by name.

Titles are "中文 English". A field may say more in `json_schema_extra`: `widget` (event, property),
`labels` {value: [zh, en]}, `advanced` (stands under "finer points"), `only` (a property's type),
`of` (event, customer).
Where it says nothing, its type, name and title tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

Kind = Literal[
    "text", "integer", "number", "choice", "date", "event", "property", "segment", "filter",
    "object", "list", "choice_or_object", "numbers", "words", "pairs", "mapping", "json",
]  # fmt: skip
Pair = tuple[str, str]
ANY_EVENT = "*"
CUSTOM = "custom"  # a choice's first form of its own; further ones have the name of their field

# Fields that every model has and that stand in places of their own.
COMMON = ("from", "to", "filter", "compare", "sample")
# Where to look when nothing says whether a field matters to everybody.
_ALWAYS = ("unit", "group", "window", "measure", "count", "by", "mode", "model", "order")
_RARELY = ("values", "top", "sample", "end", "trend", "name", "hold", "percentile", "step")
_GROUPINGS = ("group", "by", "rows", "columns", "row", "column")
_DEPTH = 5  # deeper models are asked as JSON
_CJK = re.compile(r"[\u3400-\u9fff，。、：（）“”]")
# A field that makes sense only for some values of its neighbour: (field, neighbour) → not for.
_NEVER_WITH: Mapping[Pair, tuple[str, ...]] = {
    ("property", "measure"): ("times", "people", "times_per_person", "count", "days", "hours"),
    ("value", "unit"): ("same_day",),
}
_ONLY_WITH: Mapping[Pair, tuple[str, ...]] = {("percentile", "measure"): ("percentile",)}


@dataclass(frozen=True)
class Field:
    """One thing to ask. fields: the parts of an object or of a list's rows; forms: of a choice, its
    forms by the word that chooses each; `when` = (neighbour, values) outside which the field is
    neither shown nor sent."""

    name: str
    title: Pair
    kind: Kind
    default: Any = None
    required: bool = False
    nullable: bool = False
    choices: tuple[tuple[Any, Pair | None], ...] = ()
    low: float | None = None
    high: float | None = None
    fields: tuple[Field, ...] = ()
    forms: tuple[tuple[str, tuple[Field, ...]], ...] = ()
    least: int = 0
    most: int = 100
    help: Pair | None = None
    advanced: bool = False
    many: bool = False
    bare: bool = True  # one of several may stand alone, without a list
    only: str = ""
    of: Literal["", "event", "customer"] = ""
    when: tuple[str, tuple[str, ...]] | None = None

    @property
    def anything(self) -> bool:
        """Whether "*", any event at all, can be chosen."""
        return bool(self.default == ANY_EVENT)

    @property
    def of_scalars(self) -> bool:
        """An object of a few simple parts, said in one line."""
        simple = ("text", "integer", "number", "choice", "date")
        return all(part.kind in simple for part in self.fields)


@cache
def fields_of(params: type[BaseModel]) -> tuple[Field, ...]:
    """The form of a model's parameters."""
    schema = params.model_json_schema()
    found = tuple(
        replace(field, default=_made_default(params, field.name)) if field.kind == "list" else field
        for field in _fields(schema, schema.get("$defs", {}), 0)
    )
    if any(field.name == "steps" for field in found):
        return found
    return tuple(_without_steps(field) if field.name == "group" else field for field in found)


def _made_default(params: type[BaseModel], name: str) -> Any:
    """The rows that a list has when nobody chose: a schema does not say what a factory makes."""
    for own, info in params.model_fields.items():
        if name in (own, info.alias) and not info.is_required():
            made = info.get_default(call_default_factory=True, validated_data={})
            return to_jsonable_python(made, by_alias=True, exclude_none=True)
    return None


def _without_steps(group: Field) -> Field:
    """Only a model that has steps groups by the value at one of them."""
    return replace(group, fields=tuple(one for one in group.fields if one.name != "step"))


def find(fields: tuple[Field, ...], place: str) -> Iterator[Field]:
    """The fields on the way to a place such as `steps.0.event` (or `steps[0].event`)."""
    for part in re.split(r"[.\[\]]+", place.strip("]")):
        if part.isdigit():
            continue
        found = next((field for field in fields if field.name == part), None)
        if found is None:
            return
        yield found
        fields = found.fields + tuple(part for _, parts in found.forms for part in parts)


def split_title(title: str) -> Pair:
    """
    >>> split_title("各步相同的属性 Equal across steps"), split_title("Top")
    (('各步相同的属性', 'Equal across steps'), ('Top', 'Top'))
    """
    last = max((found.end() for found in _CJK.finditer(title)), default=0)
    zh, en = title[:last].strip(), title[last:].strip()
    return (zh or en, en or zh)


def _fields(schema: Mapping[str, Any], defs: Mapping[str, Any], depth: int) -> tuple[Field, ...]:
    required = schema.get("required", ())
    found = [
        _field(name, spec, name in required, defs, depth)
        for name, spec in schema.get("properties", {}).items()
    ]
    if not depth:
        found = [_of_both(one) if one.name in _GROUPINGS else one for one in found]
    names = {field.name: field for field in found}
    return tuple(replace(field, when=_when(field, names)) for field in found)


def _of_both(group: Field) -> Field:
    """What is grouped by may belong to the event or to the customer."""
    return replace(group, of="", fields=tuple(replace(one, of="") for one in group.fields))


def _when(field: Field, names: Mapping[str, Field]) -> tuple[str, tuple[str, ...]] | None:
    for (name, neighbour), values in _ONLY_WITH.items():
        if field.name == name and neighbour in names:
            return neighbour, values
    for (name, neighbour), values in _NEVER_WITH.items():
        if field.name == name and neighbour in names and names[neighbour].choices:
            rest = tuple(str(v) for v, _ in names[neighbour].choices if v not in values)
            return neighbour, rest
    return None


def _field(
    name: str, spec: Mapping[str, Any], required: bool, defs: Mapping[str, Any], depth: int
) -> Field:
    options = [_resolved(one, defs) for one in spec.get("anyOf", [spec])]
    shapes = [one for one in options if one.get("type") != "null"]
    said = {**(shapes[0] if shapes else {}), **spec}
    title = split_title(str(spec.get("title") or said.get("title") or name))
    base = Field(
        name=name,
        title=title,
        kind="json",
        default=spec.get("default"),
        required=required,
        nullable=len(shapes) < len(options),
        help=_help(spec),
        only=str(spec.get("only", "")),
        of=spec.get("of", "customer" if "attribute" in name else "event"),
    )
    field = _shaped(base, spec, shapes, defs, depth)
    return replace(field, advanced=bool(spec.get("advanced", _is_advanced(field))))


def _resolved(spec: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in spec:
        return {**defs[spec["$ref"].rsplit("/", 1)[1]]}
    if len(spec.get("allOf", ())) == 1:
        return _resolved(spec["allOf"][0], defs)
    return spec


def _help(spec: Mapping[str, Any]) -> Pair | None:
    text = str(spec.get("description", ""))
    return split_title(text) if _CJK.search(text) else None


def _shaped(
    base: Field,
    spec: Mapping[str, Any],
    shapes: list[Mapping[str, Any]],
    defs: Mapping[str, Any],
    depth: int,
) -> Field:
    types = [one.get("type") for one in shapes]
    arrays = [one for one in shapes if one.get("type") == "array"]
    items = _resolved(arrays[0].get("items", {}), defs) if arrays else {}
    texts = not shapes or all(
        t == "string" or (t == "array" and items.get("type") == "string") for t in types
    )
    widget: Any = spec.get("widget") or (_widget(base) if texts else None)
    if widget == "segment":
        return replace(base, kind="segment")
    if widget in ("event", "property") and not any("enum" in one for one in shapes):
        bare = "string" in types
        return replace(base, kind=widget, many=bool(arrays), bare=bare, most=_most(arrays))
    if any(_values(one) for one in shapes):
        return _choice(base, spec, shapes, defs, depth)
    if len(shapes) == 1 and types[0] == "object":
        return _object(base, shapes[0], defs, depth)
    if arrays and items.get("type") == "object" and "properties" in items and depth < _DEPTH:
        least = int(arrays[0].get("minItems", 0))
        rows = _fields(items, defs, depth + 1)
        return replace(base, kind="list", fields=rows, least=least, most=_most(arrays))
    if arrays and items.get("type") in ("number", "integer"):
        only = "count" if "integer" in types else ""  # as well a number of buckets to find
        return replace(base, kind="numbers", most=_most(arrays), only=only)
    if arrays and len(items.get("prefixItems", ())) == 2:
        return replace(base, kind="pairs", most=_most(arrays))
    if arrays and items.get("type") == "string":
        return replace(base, kind="words", most=_most(arrays))
    return _scalar(base, shapes)


def _most(arrays: list[Mapping[str, Any]]) -> int:
    return int(arrays[0].get("maxItems", 100)) if arrays else 1


def _scalar(base: Field, shapes: list[Mapping[str, Any]]) -> Field:
    types = {one.get("type") for one in shapes}
    if len(shapes) == 1 and shapes[0].get("format") == "date":
        return replace(base, kind="date")
    if types and types <= {"integer", "number"}:
        low, high = _limits(shapes[0])
        return replace(
            base, kind="integer" if types == {"integer"} else "number", low=low, high=high
        )
    return replace(base, kind="text") if "string" in types else base


def _object(base: Field, shape: Mapping[str, Any], defs: Mapping[str, Any], depth: int) -> Field:
    if base.name == "filter" or base.name.endswith("_filter"):
        return replace(base, kind="filter")
    if "properties" in shape and depth < _DEPTH:
        usual = base.default if isinstance(base.default, Mapping) else {}
        parts = tuple(
            replace(one, default=usual.get(one.name, one.default))
            for one in _fields(shape, defs, depth + 1)
        )
        return replace(base, kind="object", fields=parts)
    more = shape.get("additionalProperties")
    if isinstance(more, Mapping) and more.get("type") in ("number", "integer", "string"):
        return replace(base, kind="mapping", only=str(more["type"]))
    return base


def _choice(
    base: Field,
    spec: Mapping[str, Any],
    shapes: list[Mapping[str, Any]],
    defs: Mapping[str, Any],
    depth: int,
) -> Field:
    labels = spec.get("labels", {})
    values = [value for one in shapes for value in _values(one)]
    choices = tuple((v, tuple(labels[v]) if v in labels else None) for v in values)
    found = replace(base, kind="choice", choices=choices)
    objects = [one for one in shapes if one.get("type") == "object" and "properties" in one]
    if not objects:
        return found
    made = [_fields(one, defs, depth + 1) for one in objects]
    words = [CUSTOM, *(parts[0].name for parts in made[1:])]
    return replace(found, kind="choice_or_object", forms=tuple(zip(words, made, strict=True)))


def _values(shape: Mapping[str, Any]) -> list[Any]:
    if shape.get("type") == "boolean":
        return [True, False]
    return list(shape.get("enum", [shape["const"]] if "const" in shape else []))


def _limits(shape: Mapping[str, Any]) -> tuple[float | None, float | None]:
    low, high = shape.get("minimum"), shape.get("maximum")
    whole = shape.get("type") == "integer"
    if low is None and "exclusiveMinimum" in shape and whole:
        low = shape["exclusiveMinimum"] + 1
    return low, high


def _widget(field: Field) -> str | None:
    """What a text names, by its name, else by its title."""
    zh, en = field.title
    if field.name in ("event", "events") or field.name.endswith(("_event", "_events")):
        return "event"
    if field.name in ("property", "properties", "hold") or "property" in field.name:
        return "property"
    if zh.endswith("事件") and "event" in en.lower():
        return "event"
    return "property" if zh.endswith("属性") else None


def _is_advanced(field: Field) -> bool:
    if field.required or field.name in _ALWAYS:
        return False
    if field.name in _RARELY:
        return True
    if field.kind in ("choice", "object", "event"):
        return False
    return field.kind in (
        "integer",
        "number",
        "text",
        "numbers",
        "words",
        "pairs",
        "json",
        "mapping",
    ) or (field.kind == "list" and not field.least)
