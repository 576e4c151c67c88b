"""Filters between a form and the engine.

In an address a filter is rows `<place>.where.0.property=…&….op=…&….value=…`; all must hold, or any
with `<place>.where_join=or`; `<place>.where_not=1` turns it round. A row may be such a group itself
(`<place>.where.1.where.0.property=…`). What rows cannot say is carried along as JSON in `raw`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yutang.console.language import mark
from yutang.errors import BadInput

_KNOWN = (("is_set", mark("is known")), ("is_empty", mark("is not known")))
_SEVERAL = (("in", mark("is one of")), ("not_in", mark("is none of")))
# What a person says for each operator, by the property's type.
OPERATORS: dict[str, tuple[tuple[str, str], ...]] = {
    "number": (
        *(("=", "="), ("!=", "≠"), (">", ">"), (">=", "≥"), ("<", "<"), ("<=", "≤")),
        ("between", mark("between")),
        *_SEVERAL,
        *_KNOWN,
    ),
    "string": (
        ("=", mark("is")),
        ("!=", mark("is not")),
        *_SEVERAL,
        ("contains", mark("contains")),
        ("starts", mark("begins with")),
        ("ends", mark("ends with")),
        ("matches", mark("matches the pattern")),
        *_KNOWN,
    ),
    "bool": (("=", mark("is")), *_KNOWN),
    "time": (
        ("last", mark("in the last days")),
        ("before_last", mark("earlier than days ago")),
        (">=", mark("from")),
        ("<=", mark("until")),
        ("between", mark("between")),
        *_KNOWN,
    ),
    "list": (
        ("contains", mark("contains")),
        ("in", mark("has one of")),
        ("not_in", mark("has none of")),
        *_KNOWN,
    ),
    "tags": (
        ("in", mark("has one of")),
        ("not_in", mark("has none of")),
        ("is_set", mark("has any")),
        ("is_empty", mark("has none")),
    ),
    "segments": (
        ("in", mark("is in")),
        ("not_in", mark("is not in")),
        ("is_set", mark("is in any")),
        ("is_empty", mark("is in none")),
    ),
}
WITHOUT_VALUE = ("is_set", "is_empty")
MANY_VALUES = ("in", "not_in")
DAYS = ("last", "before_last")
UNREADABLE = mark("The address of this analysis cannot be read.")


@dataclass(frozen=True)
class Row:
    """A condition as the form shows it; `raw` is JSON of one that a row cannot say."""

    property: str = ""
    op: str = "="
    value: str = ""
    raw: str = ""


@dataclass(frozen=True)
class Group:
    """Conditions of which all must hold (`and`) or one (`or`); `negated`: this must not be so."""

    rows: tuple[Row | Group, ...] = ()
    join: str = "and"
    negated: bool = False


EMPTY = Group()


def filter_of(tree: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any] | None:
    """The filter that the fields `where…` of one place mean. Raises BadInput."""
    parts = []
    for row in _rows(tree.get("where")):
        if not isinstance(row, Mapping):
            continue
        if "raw" in row:
            parts.append(read_json(row["raw"]))
        elif "where" in row:
            inner = filter_of(row, types)
            parts += [inner] if inner else []
        elif complete(row):
            parts.append(leaf(row, types))
    if isinstance(tree.get("filter"), str):
        parts.append(read_json(tree["filter"]))
    if not parts:
        return None
    word = "or" if tree.get("where_join") == "or" else "and"
    found = parts[0] if len(parts) == 1 else {word: parts}
    return {"not": found} if tree.get("where_not") == "1" else found


def _rows(where: Any) -> list[Any]:
    return where if isinstance(where, list) else []


def leaf(row: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """One condition: its value is read by the property's type. Raises BadInput."""
    name, op = str(row.get("property", "")), str(row.get("op", ""))
    text = _text(row.get("value")).strip()
    kind = types.get(name)
    if kind is None:
        raise BadInput("There is no property “%(name)s”.", name=name)
    if op in WITHOUT_VALUE:
        return {"property": name, "op": op}
    if not text:
        raise BadInput("A value is missing in the condition on “%(name)s”.", name=name)
    if op in MANY_VALUES:
        parts = [part.strip() for part in text.replace("，", ",").replace("、", ",").split(",")]
        value: Any = [_typed(part, kind, name) for part in parts if part]
    elif op == "between":
        value = _ends(text, kind, name)
    elif op in DAYS:
        value = int(_number(text, name))
    else:
        value = _typed(text, kind, name)
    return {"property": name, "op": op, "value": value}


def _ends(text: str, kind: str, name: str) -> list[Any]:
    """Two numbers `10-50`, or two days `2026-11-01 ~ 2026-11-22`."""
    plain = text.replace("–", "~").replace("，", "~").replace(",", "~").replace("→", "~")
    ends = plain.split("~")
    if len(ends) == 1 and kind == "number":
        ends = text.split("-")
    if len(ends) != 2:
        hint = "10-50" if kind == "number" else "2026-11-01 ~ 2026-11-22"
        raise BadInput("“%(name)s” needs two ends, such as %(example)s.", name=name, example=hint)
    return [_typed(end.strip(), kind, name) for end in ends]


def complete(row: Mapping[str, Any]) -> bool:
    """Whether a row of conditions says enough to be asked; half-typed ones are left alone."""
    if not row.get("property") or not row.get("op"):
        return False
    return row["op"] in WITHOUT_VALUE or bool(_text(row.get("value")).strip())


def group_of(spec: Mapping[str, Any] | None) -> Group:
    """A stored filter as the form shows it."""
    if not spec:
        return EMPTY
    if set(spec) == {"not"} and isinstance(spec["not"], Mapping):
        inner = group_of(spec["not"])
        return Group((inner,), "and", True) if inner.negated else Group(
            inner.rows, inner.join, True
        )  # fmt: skip
    word = next(iter(spec))
    if set(spec) in ({"and"}, {"or"}) and isinstance(spec[word], list):
        return Group(tuple(_row(part) for part in spec[word]), word)
    return Group((_row(spec),))


def _row(part: Any) -> Row | Group:
    if isinstance(part, Mapping) and "property" in part:
        if not isinstance(part.get("value"), Mapping):
            return Row(str(part["property"]), str(part.get("op", "=")), shown(part.get("value")))
    elif isinstance(part, Mapping) and set(part) in ({"and"}, {"or"}, {"not"}):
        return group_of(part)
    return Row(raw=json.dumps(part, ensure_ascii=False))


def typed_group(tree: Mapping[str, Any]) -> Group:
    """The fields `where…` of one place as they were typed, finished or not."""
    rows: list[Row | Group] = []
    for row in _rows(tree.get("where")):
        if not isinstance(row, Mapping):
            continue
        if "where" in row:
            rows.append(typed_group(row))
        else:
            said = {
                key: _text(row[key]) for key in ("property", "op", "value", "raw") if key in row
            }
            rows.append(Row(**said))
    if isinstance(tree.get("filter"), str):
        rows += group_of(read_json(tree["filter"])).rows
    join = "or" if tree.get("where_join") == "or" else "and"
    return Group(tuple(rows), join, tree.get("where_not") == "1")


def _text(value: Any) -> str:
    """What was typed, or picked: a name that stands several times in an address is a list."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value or "")


def filter_fields(spec: Mapping[str, Any] | None, place: str) -> list[tuple[str, str]]:
    """A filter as the fields of an address: `filter_of` gives it again."""
    return _group_fields(group_of(spec), place)


def _group_fields(group: Group, place: str) -> list[tuple[str, str]]:
    fields = []
    for index, row in enumerate(group.rows):
        here = f"{place}where.{index}."
        if isinstance(row, Group):
            fields += _group_fields(row, here)
        elif row.raw:
            fields.append((here + "raw", row.raw))
        else:
            said = (("property", row.property), ("op", row.op), ("value", row.value))
            fields += [(here + key, value) for key, value in said if value]
    if group.join == "or":
        fields.append((f"{place}where_join", "or"))
    if group.negated:
        fields.append((f"{place}where_not", "1"))
    return fields


def shown(value: Any) -> str:
    """A value as a form's field shows it.

    >>> shown([1.0, "a", True]), shown(None)
    ('1,a,true', '')
    """
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(shown(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _typed(text: str, kind: str, name: str) -> Any:
    if kind == "number":
        return _number(text, name)
    if kind == "bool":
        return text.casefold() in ("true", "1", "yes", "是")
    return text


def _number(text: str, name: str) -> float:
    try:
        return float(text.replace("¥", "").replace(",", ""))
    except ValueError as error:
        raise BadInput("“%(name)s” needs a number.", name=name) from error


def read_json(text: object) -> dict[str, Any]:
    """A JSON object of an address. Raises BadInput."""
    try:
        found = json.loads(str(text))
    except ValueError as error:
        raise BadInput(UNREADABLE) from error
    if not isinstance(found, dict):
        raise BadInput(UNREADABLE)
    return found
