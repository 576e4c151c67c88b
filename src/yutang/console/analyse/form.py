"""Between an address and a model's parameters.

A form's fields have dotted names: `steps.0.event=code_scanned&window.value=7`; a name that stands
several times is a list. Filters are rows of conditions (conditions.py). What a model takes says its
schema (schema.py): it turns text into what the engine reads and drops rows that are not finished.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yutang.console.analyse.conditions import (
    UNREADABLE,
    filter_fields,
    filter_of,
    read_json,
    shown,
)
from yutang.console.analyse.schema import Field
from yutang.errors import BadInput

# Stands for "nothing" where an empty field would mean the default.
NOTHING = "-"
_CUTS = re.compile(r"[,，、;；\s]+")


def nest(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Dotted names to nested dicts; numbered parts become lists, in order of their numbers.

    >>> nest([("steps.1.event", "b"), ("steps.0.event", "a"), ("order", "any"), ("from", "")])
    {'steps': [{'event': 'a'}, {'event': 'b'}], 'order': 'any'}
    >>> nest([("event", "a"), ("event", "b")])
    {'event': ['a', 'b']}
    """
    root: dict[str, Any] = {}
    for name, value in fields:
        if value == "":
            continue
        place, parts = root, name.split(".")
        for part in parts[:-1]:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise BadInput(UNREADABLE)
            place = inner
        before = place.get(parts[-1])
        if isinstance(before, dict):
            raise BadInput(UNREADABLE)
        if before is None:
            place[parts[-1]] = value
        else:
            place[parts[-1]] = [*(before if isinstance(before, list) else [before]), value]
    return {key: _listed(value) for key, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    done = {key: _listed(one) for key, one in value.items()}
    if done and all(key.isascii() and key.isdigit() for key in done):
        return [done[key] for key in sorted(done, key=int)]
    return done


def read(
    fields: tuple[Field, ...], asked: Sequence[tuple[str, str]], types: Mapping[str, str]
) -> dict[str, Any]:
    """The parameters that the fields of an address mean. types: property name → type. Unknown
    names stay in: the model refuses them. Raises BadInput, with its place where it has one."""
    return _object(fields, typed(fields, asked), types, "")


def typed(fields: tuple[Field, ...], asked: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The fields of an address as they were typed, nested. Raises BadInput."""
    return nest(_one_form(fields, asked))


def _one_form(fields: tuple[Field, ...], asked: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of a choice that has forms of its own, what was chosen: a word, or one of the forms."""
    forms = {
        field.name: {word: {part.name for part in parts} for word, parts in field.forms}
        for field in fields
        if field.kind == "choice_or_object"
    }
    words = {name: value for name, value in asked if name in forms and value}

    def chosen(name: str, value: str) -> bool:
        root, _, part = name.partition(".")
        if root not in forms or root not in words:
            return True
        word = words[root]
        return part in forms[root].get(word, ()) if part else value == word not in forms[root]

    return [(name, value) for name, value in asked if chosen(name, value)]


def form_with(field: Field, value: Mapping[str, Any]) -> tuple[str, tuple[Field, ...]]:
    """Of a choice's forms the one that these parts belong to: its word and its fields."""
    for word, parts in field.forms:
        if any(part.name in value for part in parts):
            return word, parts
    return field.forms[0]


def _object(
    fields: tuple[Field, ...], tree: Mapping[str, Any], types: Mapping[str, str], place: str
) -> dict[str, Any]:
    known = {field.name: field for field in fields}
    done: dict[str, Any] = {}
    for name, value in tree.items():
        field = known.get(name)
        if name in ("where", "where_join", "where_not") or (field and field.kind == "filter"):
            continue
        if field is None:
            done[name] = value
        elif _asked(field, known, tree):
            found = _typed(field, value, types, f"{place}{name}")
            if found is not None or value == NOTHING:
                done[name] = found
    if any(field.kind == "filter" for field in fields):
        spec = filter_of(tree, types)
        if spec:
            done["filter"] = spec
    for field in fields:
        if field.when and field.kind == "property" and field.name not in done:
            chosen = tree.get(field.when[0], known[field.when[0]].default)
            if str(chosen) in field.when[1]:
                raise BadInput("“%(place)s” is missing.", place=f"{place}{field.name}")
    return done


def _asked(field: Field, known: Mapping[str, Field], tree: Mapping[str, Any]) -> bool:
    """Whether a field has a meaning beside what was chosen for its neighbour."""
    if field.when is None:
        return True
    neighbour, values = field.when
    return str(tree.get(neighbour, known[neighbour].default)) in values


def _typed(field: Field, value: Any, types: Mapping[str, str], place: str) -> Any:
    """A field's value as the engine reads it; None where it says nothing (yet)."""
    if value == NOTHING and field.nullable:
        return None
    if field.kind in ("object", "choice_or_object") and isinstance(value, Mapping):
        parts = form_with(field, value)[1] if field.forms else field.fields
        found = _object(parts, value, types, place + ".")
        return None if field.nullable and _unfinished(parts, found) else found
    if field.kind == "list":
        return _rows(field, value, types, place)
    if field.kind in ("event", "property"):
        return [value] if isinstance(value, str) and not field.bare else value
    if field.kind == "choice":
        return next((one for one, _ in field.choices if shown(one) == value), value)
    if field.kind == "numbers" and isinstance(value, str):
        return _numbers(field, value)
    if field.kind == "words" and isinstance(value, str):
        return [part for part in _CUTS.split(value) if part]
    if field.kind == "pairs" and isinstance(value, str):
        return [re.split(r"[-–~]", part, maxsplit=1) for part in _CUTS.split(value) if part]
    if field.kind == "mapping" and isinstance(value, str):
        return _mapping(field, value, place)
    if field.kind == "json" and isinstance(value, str) and value.startswith("{"):
        return read_json(value)
    return value


def _rows(field: Field, value: Any, types: Mapping[str, str], place: str) -> list[Any] | None:
    if isinstance(value, str):
        raise BadInput(UNREADABLE)
    rows = value if isinstance(value, list) else []
    found: list[Any] = []
    for row in rows:
        if not isinstance(row, Mapping):
            raise BadInput(UNREADABLE)
        if not _unfinished(field.fields, row):
            # Places count the rows that are asked, as the engine does.
            found.append(_object(field.fields, row, types, f"{place}.{len(found)}."))
    return found or ([] if field.required else None)


def _unfinished(parts: tuple[Field, ...], row: Mapping[str, Any]) -> bool:
    """A row whose event, property or text is still to be chosen is not asked yet."""
    needed = [part.name for part in parts if part.required and part.kind != "list"]
    return any(not row.get(name) for name in needed)


def _numbers(field: Field, text: str) -> Any:
    """`1, 3, 7` as numbers; where a count is taken too, one number alone is the count."""
    parts = [part for part in _CUTS.split(text.strip()) if part]
    if field.only == "count" and len(parts) == 1 and text.strip().isdigit():
        return int(text)
    return parts


def _mapping(field: Field, text: str, place: str) -> dict[str, str]:
    """Lines `name = value`."""
    found = {}
    for line in text.replace("；", "\n").replace(";", "\n").splitlines():
        if not line.strip():
            continue
        key, sign, value = (
            line.replace("＝", "=").replace("：", "=").replace(":", "=").partition("=")
        )
        if not sign or not value.strip():
            raise BadInput("“%(place)s” takes lines such as name = 100.", place=place)
        found[key.strip()] = value.strip()
    return found


def flatten(params: Mapping[str, Any], place: str = "") -> list[tuple[str, str]]:
    """Parameters as the fields of an address: `read` gives them again.

    >>> flatten({"steps": [{"event": "a"}], "window": {"value": 7}})
    [('steps.0.event', 'a'), ('window.value', '7')]
    """
    fields: list[tuple[str, str]] = []
    for key, value in params.items():
        name = place + key
        if value == []:
            continue
        if key == "filter":
            fields += filter_fields(value, place)
        elif value is None:
            fields.append((name, NOTHING))
        elif isinstance(value, Mapping):
            fields += flatten(value, name + ".")
        elif isinstance(value, list):
            for index, one in enumerate(value):
                if isinstance(one, Mapping):
                    fields += flatten(one, f"{name}.{index}.")
                elif isinstance(one, (list, tuple)):
                    fields += [(f"{name}.{index}.{i}", shown(end)) for i, end in enumerate(one)]
                else:
                    fields.append((f"{name}.{index}", shown(one)))
        else:
            fields.append((name, shown(value)))
    return fields
