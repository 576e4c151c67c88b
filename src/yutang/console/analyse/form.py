"""Between an address and a model's parameters.

A form's fields have dotted names: `steps.0.event=code_scanned&window.value=7`. Conditions are rows
`<place>.where.0.property=…&….op=…&….value=…`; all conditions of one place must hold. Filters that
are deeper (made by the API, or saved) are carried along unread as `<place>.filter=<JSON>`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from yutang.console.language import mark
from yutang.errors import BadInput

# What a person says for each operator, by the property's type.
OPERATORS: dict[str, tuple[tuple[str, str], ...]] = {
    "number": (
        ("=", "="),
        ("!=", "≠"),
        (">", ">"),
        (">=", "≥"),
        ("<", "<"),
        ("<=", "≤"),
        ("between", mark("between")),
        ("is_set", mark("is known")),
        ("is_empty", mark("is not known")),
    ),
    "string": (
        ("=", mark("is")),
        ("!=", mark("is not")),
        ("in", mark("is one of")),
        ("not_in", mark("is none of")),
        ("contains", mark("contains")),
        ("starts", mark("begins with")),
        ("ends", mark("ends with")),
        ("is_set", mark("is known")),
        ("is_empty", mark("is not known")),
    ),
    "bool": (("=", mark("is")), ("is_set", mark("is known")), ("is_empty", mark("is not known"))),
    "time": (
        ("last", mark("in the last days")),
        ("before_last", mark("earlier than days ago")),
        (">=", mark("from")),
        ("<=", mark("until")),
        ("is_set", mark("is known")),
        ("is_empty", mark("is not known")),
    ),
    "list": (
        ("contains", mark("contains")),
        ("in", mark("has one of")),
        ("not_in", mark("has none of")),
        ("is_set", mark("is known")),
        ("is_empty", mark("is not known")),
    ),
}
WITHOUT_VALUE = ("is_set", "is_empty")
MANY_VALUES = ("in", "not_in")
DAYS = ("last", "before_last")


def nest(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Dotted names to nested dicts; numbered parts become lists, in order of their numbers.

    >>> nest([("steps.1.event", "b"), ("steps.0.event", "a"), ("order", "any"), ("from", "")])
    {'steps': [{'event': 'a'}, {'event': 'b'}], 'order': 'any'}
    """
    root: dict[str, Any] = {}
    for name, value in fields:
        if value == "":
            continue
        place, parts = root, name.split(".")
        for part in parts[:-1]:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise BadInput("The address of this analysis cannot be read.")
            place = inner
        place[parts[-1]] = value
    return {key: _listed(value) for key, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    done = {key: _listed(one) for key, one in value.items()}
    if done and all(key.isascii() and key.isdigit() for key in done):
        return [done[key] for key in sorted(done, key=int)]
    return done


def with_filters(tree: Any, types: Mapping[str, str]) -> Any:
    """Replaces every list of conditions `where` by a `filter` that the engine understands."""
    if isinstance(tree, list):
        return [with_filters(one, types) for one in tree]
    if not isinstance(tree, dict):
        return tree
    done = {
        key: with_filters(value, types)
        for key, value in tree.items()
        if key not in ("where", "filter")
    }
    parts = [
        leaf(row, types)
        for row in _rows(tree.get("where"))
        if isinstance(row, dict) and complete(row)
    ]
    if isinstance(tree.get("filter"), str):
        parts.append(_json(tree["filter"]))
    if len(parts) == 1:
        done["filter"] = parts[0]
    elif parts:
        done["filter"] = {"and": parts}
    return done


def _rows(where: Any) -> list[Any]:
    return where if isinstance(where, list) else []


def leaf(row: Mapping[str, str], types: Mapping[str, str]) -> dict[str, Any]:
    """One condition: its value is read by the property's type. Raises BadInput."""
    name, op, text = row.get("property", ""), row.get("op", ""), row.get("value", "").strip()
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
        ends = text.replace("–", "-").replace("~", "-").replace(",", "-").split("-")
        if len(ends) != 2:
            raise BadInput("“%(name)s” needs two numbers, such as 10-50.", name=name)
        value = [_typed(end.strip(), kind, name) for end in ends]
    elif op in DAYS:
        value = int(_number(text, name))
    else:
        value = _typed(text, kind, name)
    return {"property": name, "op": op, "value": value}


def conditions(spec: Mapping[str, Any] | None) -> tuple[list[dict[str, str]], str]:
    """The rows of a stored filter for the form, and, as JSON, what rows cannot say."""
    if not spec:
        return [], ""
    parts = spec["and"] if set(spec) == {"and"} else [spec]
    rows, rest = [], []
    for part in parts:
        if "property" in part and not isinstance(part.get("value"), dict):
            rows.append(
                {
                    "property": str(part["property"]),
                    "op": str(part.get("op", "=")),
                    "value": _shown(part.get("value")),
                }
            )
        else:
            rest.append(part)
    deeper = rest[0] if len(rest) == 1 else {"and": rest}
    return rows, json.dumps(deeper, ensure_ascii=False) if rest else ""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(_shown(one) for one in value)
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


def _json(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadInput("The address of this analysis cannot be read.") from error
    if not isinstance(found, dict):
        raise BadInput("The address of this analysis cannot be read.")
    return found


def complete(row: Mapping[str, Any]) -> bool:
    """Whether a row of conditions says enough to be asked; half-typed ones are left alone."""
    if not row.get("property") or not row.get("op"):
        return False
    return row["op"] in WITHOUT_VALUE or bool(str(row.get("value", "")).strip())


def flatten(params: Mapping[str, Any], place: str = "") -> list[tuple[str, str]]:
    """Parameters as the fields of an address: `with_filters(nest(…))` gives them again.

    >>> flatten({"steps": [{"event": "a"}], "window": {"value": 7}})
    [('steps.0.event', 'a'), ('window.value', '7')]
    """
    fields: list[tuple[str, str]] = []
    for key, value in params.items():
        name = place + key
        if value is None or value == []:
            continue
        if key == "filter" and isinstance(value, Mapping):
            fields += _filter_fields(value, place)
        elif isinstance(value, Mapping):
            fields += flatten(value, name + ".")
        elif isinstance(value, list):
            for index, one in enumerate(value):
                if isinstance(one, Mapping):
                    fields += flatten(one, f"{name}.{index}.")
                else:
                    fields.append((f"{name}.{index}", _shown(one)))
        else:
            fields.append((name, _shown(value)))
    return fields


def _filter_fields(spec: Mapping[str, Any], place: str) -> list[tuple[str, str]]:
    rows, deeper = conditions(spec)
    fields = [
        (f"{place}where.{index}.{key}", value)
        for index, row in enumerate(rows)
        for key, value in row.items()
        if value
    ]
    return [*fields, (f"{place}filter", deeper)] if deeper else fields


class Loose(dict[str, Any]):
    """Parameters as a form reads them: what is not there is empty, and so is all below it."""

    def __missing__(self, _key: object) -> Loose:
        return Loose()


def loosen(value: Any) -> Any:
    """The same tree with every mapping Loose."""
    if isinstance(value, Mapping):
        return Loose({key: loosen(one) for key, one in value.items() if one is not None})
    return [loosen(one) for one in value] if isinstance(value, list) else value
