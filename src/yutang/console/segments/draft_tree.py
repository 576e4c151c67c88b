"""The trees of drafts, and the drafts of trees: what a form's fields mean, kind by kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yutang.console.analyse.conditions import complete, leaf, read_json, shown
from yutang.console.segments.draft import MOST_ROWS, Box, Context, Fields, Leaf
from yutang.errors import BadInput


# --- to the tree ---------------------------------------------------------------------------------
class Unfinished(Exception):
    """A condition still lacks something; it is left out of the live count."""


def tree_of(
    part: Box | Leaf, context: Context, unfinished: list[Leaf] | None = None
) -> dict[str, Any] | None:
    """The tree of a draft; None where nothing is said yet. Conditions that are not finished are
    put into `unfinished`. Raises BadInput for what cannot be read."""
    unfinished = [] if unfinished is None else unfinished
    if isinstance(part, Leaf):
        try:
            made = MAKERS[part.kind](part, context) if part.kind in MAKERS else None
        except Unfinished:
            unfinished.append(part)
            return None
        if made is None:
            return None
        found: dict[str, Any] = {"kind": part.kind, **made}
    else:
        inner = [tree_of(one, context, unfinished) for one in part.parts]
        parts = [one for one in inner if one is not None]
        if not parts:
            return None
        found = parts[0] if len(parts) == 1 else {part.join: parts}
    return {"not": found} if part.negated else found


def _needed(value: Any) -> Any:
    if not value:
        raise Unfinished
    return value


def _whole(text: str, name: str) -> int:
    try:
        return int(text.strip())
    except ValueError:
        raise BadInput("“%(name)s” needs a whole number.", name=name) from None


def _number(text: str, name: str) -> float:
    try:
        return float(text.replace(",", "").replace("¥", "").strip())
    except ValueError:
        raise BadInput("“%(name)s” needs a number.", name=name) from None


def _days(part: Leaf, prefix: str) -> dict[str, Any]:
    """{} = ever."""
    mode = part.one(f"{prefix}mode", "ever")
    if mode in ("last", "before_last"):
        return {mode: _whole(_needed(part.one(f"{prefix}n")), mode)}
    if mode == "range":
        ends = {end: part.one(f"{prefix}{end}") for end in ("from", "to")}
        _needed(any(ends.values()))
        return {end: day for end, day in ends.items() if day}
    if mode == "festival":
        usual = {"month": "8", "day": "15", "year": "0", "before": "7", "after": "0"}
        numbers = {
            name: _whole(part.one(f"{prefix}{name}", value), name) for name, value in usual.items()
        }
        return {"festival": {"calendar": part.one(f"{prefix}cal", "lunar"), **numbers}}
    return {}


def _asked(part: Leaf, prefix: str, context: Context) -> dict[str, Any]:
    events = _needed(part.many(f"{prefix}events"))
    found: dict[str, Any] = {"events": events}
    where = _filter(part, f"{prefix}f", context)
    return {**found, "filter": where} if where else found


def _filter(part: Leaf, prefix: str, context: Context) -> dict[str, Any] | None:
    raw = part.one(f"{prefix}raw")
    if raw:
        return read_json(raw)
    rows = []
    for i in range(MOST_ROWS):
        row = {name: part.one(f"{prefix}{i}.{name}") for name in ("property", "op", "value")}
        if complete(row):
            rows.append(leaf(row, context.properties))
    return None if not rows else rows[0] if len(rows) == 1 else {"and": rows}


def _within(part: Leaf, usual: int) -> dict[str, Any]:
    value = _whole(part.one("within", str(usual)), "within")
    return {"value": value, "unit": part.one("unit", "day")}


def _attribute(part: Leaf, context: Context) -> dict[str, Any]:
    row = {name: part.one(name) for name in ("name", "op", "value")}
    row["property"] = _needed(row.pop("name"))
    row["value"] = ",".join(part.many("value"))
    if row["property"] in context.attributes and not complete(row):
        raise Unfinished
    made = leaf(row, context.attributes)
    return {"name": made.pop("property"), **made}


def _numbers(name: str) -> Callable[[Leaf, Context], dict[str, Any]]:
    def make(part: Leaf, _context: Context) -> dict[str, Any]:
        picked = _needed(part.many(name))
        return {name: [_whole(one, name) for one in picked], "has": part.one("has", "any")}

    return make


def _consent(part: Leaf, _context: Context) -> dict[str, Any]:
    return {"purpose": _needed(part.one("purpose")), "state": part.one("state", "given")}


def _relation(part: Leaf, _context: Context) -> dict[str, Any]:
    state = part.one("state", "live")
    found: dict[str, Any] = {"relation": part.one("relation", "any"), "state": state}
    for name in ("keys", "channel_codes"):
        text = part.one(name).replace("，", ",").replace("、", ",")
        words = [word.strip() for word in text.split(",") if word.strip()]
        if words:
            found[name] = words
    found["began"] = _days(part, "began.")
    if state != "live":
        found["ended"] = _days(part, "ended.")
    return found


def _event(part: Leaf, context: Context) -> dict[str, Any]:
    measure, op = part.one("measure", "times"), part.one("op", ">=")
    text = part.one("value", "1")
    found: dict[str, Any] = {**_asked(part, "", context), "when": _days(part, "when.")}
    if measure not in ("times", "days"):
        found["property"] = _needed(part.one("property"))
    if op == "between":
        ends = re.split(r"[~,，–-]", text)
        if len(ends) != 2:
            raise BadInput("“%(name)s” needs two ends, such as %(example)s.", name="value",
                           example="10-50")  # fmt: skip
        value: Any = [_number(end, "value") for end in ends]
    else:
        value = _number(text, "value")
    return {**found, "measure": measure, "op": op, "value": value}


def _edge(part: Leaf, context: Context) -> dict[str, Any]:
    return {
        **_asked(part, "", context), "which": part.one("which", "last"),
        "when": _days(part, "when."), "at": _days(part, "at."),
        "then": _filter(part, "t", context),
    }  # fmt: skip


def _sequence(part: Leaf, context: Context) -> dict[str, Any]:
    steps = [_asked(part, f"s{i}.", context) for i in range(part.steps)]
    return {"steps": steps, "within": _within(part, 7), "when": _days(part, "when.")}


def _after(part: Leaf, context: Context) -> dict[str, Any]:
    anchor = {
        **_asked(part, "a.", context), "which": part.one("which", "first"),
        "when": _days(part, "when."),
    }  # fmt: skip
    did = part.one("did", "1") == "1"
    return {
        "anchor": anchor, "then": _asked(part, "b.", context), "within": _within(part, 30),
        "did": did,
    }  # fmt: skip


def _anniversary(part: Leaf, _context: Context) -> dict[str, Any]:
    return {
        "attribute": _needed(part.one("attribute")),
        "calendar": part.one("calendar", "solar"),
        "from": _whole(part.one("from", "0"), "from"),
        "to": _whole(part.one("to", "7"), "to"),
    }


def _share(part: Leaf, _context: Context) -> dict[str, Any]:
    return {
        "rate": _number(part.one("rate", "10").rstrip("%"), "rate") / 100,
        "salt": part.one("salt", "share"),
        "part": _whole(part.one("part", "0"), "part"),
    }


def _people(part: Leaf, _context: Context) -> dict[str, Any]:
    return {"origin": read_json(part.one("origin"))}


MAKERS: dict[str, Callable[[Leaf, Context], dict[str, Any]]] = {
    "attribute": _attribute,
    "tag": _numbers("tags"),
    "segment": _numbers("segments"),
    "consent": _consent,
    "relation": _relation,
    "event": _event,
    "edge": _edge,
    "sequence": _sequence,
    "after": _after,
    "anniversary": _anniversary,
    "share": _share,
    "people": _people,
}


# What a stored condition leaves out, and its form must say.
_USUAL: dict[str, dict[str, Any]] = {
    "attribute": {"op": "="},
    "anniversary": {"attribute": "birthday"},
}


# --- from the tree -------------------------------------------------------------------------------
def draft_of(tree: Mapping[str, Any] | None) -> Box:
    """A stored rule as its form."""
    if not tree:
        return Box(parts=[Leaf("attribute")])
    made = _part(tree)
    return made if isinstance(made, Box) else Box(parts=[made])


def _part(tree: Mapping[str, Any]) -> Box | Leaf:
    for word in ("and", "or"):
        if word in tree:
            return Box(word, False, [_part(one) for one in tree[word]])
    if "not" in tree:
        inner = _part(tree["not"])
        if inner.negated:
            return Box("and", True, [inner])
        inner.negated = True
        return inner
    fields: Fields = {}
    kind = str(tree.get("kind", "attribute"))
    _unmade({**_USUAL.get(kind, {}), **tree}, fields)
    return Leaf(kind, False, fields)


def _unmade(tree: Mapping[str, Any], fields: Fields) -> None:
    """The fields of one condition."""

    def put(name: str, value: Any) -> None:
        fields[name] = [shown(value)] if not isinstance(value, list) else [shown(v) for v in value]

    for name, value in tree.items():
        if name in ("when", "began", "ended", "at"):
            _put_days(value, f"{name}.", put)
        elif name in ("filter", "then") and isinstance(value, Mapping) and "events" not in value:
            _put_filter(value, "f" if name == "filter" else "t", put)
        elif name == "within":
            put("within", value["value"])
            put("unit", value.get("unit", "day"))
        elif name == "steps":
            for i, step in enumerate(value):
                _put_asked(step, f"s{i}.", put)
        elif name == "anchor":
            _put_asked(value, "a.", put)
            put("which", value.get("which", "first"))
            _put_days(value.get("when", {}), "when.", put)
        elif name == "then" and isinstance(value, Mapping):
            _put_asked(value, "b.", put)
        elif name == "did":
            put("did", "1" if value else "0")
        elif name == "rate":
            put("rate", round(value * 100, 6))
        elif name == "origin":
            put("origin", json.dumps(value, ensure_ascii=False))
        elif name in ("keys", "channel_codes"):
            put(name, "，".join(value))
        elif name == "value" and isinstance(value, list) and tree.get("op") == "between":
            put("value", " ~ ".join(shown(one) for one in value))
        elif name != "kind" and value is not None:
            put(name, value)


Put = Callable[[str, Any], None]


def _put_asked(asked: Mapping[str, Any], prefix: str, put: Put) -> None:
    put(f"{prefix}events", list(asked["events"]))
    if asked.get("filter"):
        _put_filter(asked["filter"], f"{prefix}f", put)


def _put_days(days: Mapping[str, Any], prefix: str, put: Put) -> None:
    if "festival" in days:
        put(f"{prefix}mode", "festival")
        for name, value in {"before": 0, "after": 0, **days["festival"]}.items():
            put(f"{prefix}{'cal' if name == 'calendar' else name}", value)
    elif "last" in days or "before_last" in days:
        mode = "last" if "last" in days else "before_last"
        put(f"{prefix}mode", mode)
        put(f"{prefix}n", days[mode])
    elif days:
        put(f"{prefix}mode", "range")
        for end in ("from", "to"):
            if days.get(end):
                put(f"{prefix}{end}", days[end])


def _put_filter(where: Mapping[str, Any], prefix: str, put: Put) -> None:
    several = where.get("and")
    rows: Sequence[Any] = several if isinstance(several, list) else [where]
    if len(rows) > MOST_ROWS or not all("property" in row for row in rows):
        put(f"{prefix}raw", json.dumps(where, ensure_ascii=False))
        return
    for i, row in enumerate(rows):
        put(f"{prefix}{i}.property", row["property"])
        put(f"{prefix}{i}.op", row.get("op", "="))
        value = row.get("value")
        joint = " ~ " if row.get("op") == "between" else ","
        text = joint.join(map(shown, value)) if isinstance(value, list) else shown(value)
        put(f"{prefix}{i}.value", text)
