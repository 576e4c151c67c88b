"""A form ready to be drawn: every field with its name in the address and what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yutang.console.analyse.choices import word_of
from yutang.console.analyse.conditions import EMPTY, Group, shown, typed_group
from yutang.console.analyse.form import NOTHING, flatten, form_with, nest
from yutang.console.analyse.schema import COMMON, Field


@dataclass(frozen=True)
class Control:
    """A field at its place. `values`: what is typed or chosen; `choices`: (value, words).

    parts: of an object; forms: of a choice, the parts of each of its forms by the word for it;
    rows: of a list, each its parts; blank: the parts of a new row; conditions: of a filter.
    """

    field: Field
    name: str
    values: tuple[str, ...] = ()
    choices: tuple[tuple[str, Any], ...] = ()
    parts: tuple[Control, ...] = ()
    forms: tuple[tuple[str, tuple[Control, ...]], ...] = ()
    rows: tuple[tuple[Control, ...], ...] = ()
    blank: tuple[Control, ...] = ()
    conditions: Group = EMPTY

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def text(self) -> str:
        return ", ".join(self.values)

    @property
    def usual(self) -> str:
        """What stands here when nobody chose: not worth a place in the address."""
        return "" if self.field.default is None else shown(self.field.default)

    @property
    def changed(self) -> bool:
        """Whether something is asked here beyond the usual."""
        if self.field.kind == "filter":
            return bool(self.conditions.rows)
        if self.rows:
            return True
        if self.parts:
            return any(part.changed for part in self.parts)
        return self.text not in ("", self.usual)


@dataclass(frozen=True)
class Form:
    """The controls of a question: what it is about, what every question has, finer points."""

    main: tuple[Control, ...]
    common: Mapping[str, Control]
    finer: tuple[Control, ...]


def form_of(fields: tuple[Field, ...], tree: Mapping[str, Any]) -> Form:
    """tree: the fields of an address, nested, as they were typed."""
    made = [control(field, tree, "") for field in fields]
    own = [one for one in made if one.field.name not in COMMON]
    return Form(
        main=tuple(one for one in own if not one.field.advanced),
        common={one.field.name: one for one in made if one.field.name in COMMON},
        finer=tuple(one for one in own if one.field.advanced),
    )


def control(field: Field, tree: Mapping[str, Any], prefix: str) -> Control:
    """The field as it stands in the tree of its object; `prefix` is that object's place."""
    name = prefix + field.name
    value = tree.get(field.name)
    if field.kind == "filter":
        return Control(field, name, conditions=typed_group(tree))
    if field.kind == "list":
        if value is None and field.default:
            value = nest(flatten({field.name: field.default}))[field.name]
        rows: list[Any] = list(value) if isinstance(value, list) else []
        rows = [row for row in rows if isinstance(row, Mapping)]
        rows += [{} for _ in range(len(rows), field.least)]
        return Control(
            field,
            name,
            rows=tuple(_parts(field, row, f"{name}.{i}.") for i, row in enumerate(rows)),
            blank=_parts(field, {}, f"{name}.{len(rows)}."),
        )
    inner = value if isinstance(value, Mapping) else {}
    parts = _parts(field, inner, name + ".") if field.fields else ()
    forms = tuple((word, _controls(own, inner, name + ".")) for word, own in field.forms)
    return Control(field, name, _values(field, value), _choices(field), parts, forms)


def _parts(field: Field, tree: Mapping[str, Any], prefix: str) -> tuple[Control, ...]:
    return _controls(field.fields, tree, prefix)


def _controls(
    fields: tuple[Field, ...], tree: Mapping[str, Any], prefix: str
) -> tuple[Control, ...]:
    return tuple(control(part, tree, prefix) for part in fields)


def _values(field: Field, value: Any) -> tuple[str, ...]:
    if field.kind == "choice_or_object" and isinstance(value, Mapping):
        return (form_with(field, value)[0],)
    if value is None:
        value = field.default
    if field.kind == "mapping" and isinstance(value, Mapping):
        return ("; ".join(f"{key} = {shown(one)}" for key, one in value.items()),)
    if value is None or isinstance(value, Mapping):
        return ()
    if field.kind == "pairs" and isinstance(value, list):
        pairs = (one for one in value if isinstance(one, list))
        return tuple("-".join(shown(end) for end in one) for one in pairs)
    if field.kind == "numbers" and isinstance(value, list) and len(value) == 1:
        return (f"{shown(value[0])},",) if field.only == "count" else (shown(value[0]),)
    several = value if isinstance(value, list) else [value]
    return tuple(shown(one) for one in several if not isinstance(one, Mapping))


def _choices(field: Field) -> tuple[tuple[str, Any], ...]:
    if field.kind not in ("choice", "choice_or_object"):
        return ()
    found = [(shown(v), word or word_of(field.name, shown(v))) for v, word in field.choices]
    if field.nullable and field.default is None:
        found.insert(0, ("", word_of(field.name, "")))
    elif field.nullable:
        found.append((NOTHING, word_of(field.name, "")))
    found += [(word, word_of(field.name, word)) for word, _ in field.forms]
    return tuple(found)
