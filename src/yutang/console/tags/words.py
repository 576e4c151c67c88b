"""What kinds, actions and setters of tags are called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from yutang.console.analyse.conditions import OPERATORS, Row, group_of, leaf
from yutang.console.analyse.words import Vocabulary, attribute_words
from yutang.console.formats import moment_of
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.customers import ROLES, STAGES
from yutang.errors import BadInput, NotFound
from yutang.tags import EXTERNAL, PROPERTY, REASONS, Tag, TagGroup

PATH = "/b/{brand}/customers/tags"
TAB = "/tags"
KINDS = {
    "manual": mark("set by hand"),
    "computed": mark("computed"),
    "rule": mark("by a segment's rule"),
    "imported": mark("imported"),
    "platform": mark("from a platform"),
}
SOURCES = {
    "manual": mark("by hand"),
    "bulk": mark("many at once"),
    "import": mark("from a file"),
    "platform": mark("from a platform"),
    "computed": mark("computed"),
    "rule": mark("by rule"),
}
ACTIONS = {
    "add": mark("given"),
    "remove": mark("taken off"),
    "expire": mark("over its time"),
}
SETTERS = {"guides": mark("everybody on the staff"), "operators": mark("operators")}
WHY = {
    "empty_identifier": mark("the identifier is missing"),
    "empty_tag": mark("the tag is missing"),
    "unknown_tag": mark("there is no such tag"),
    "several_tags": mark("several groups have a tag of this name: write group/tag"),
    "nobody": mark("nobody has this identifier"),
    "several": mark("it fits several customers: choose its kind"),
}
assert WHY.keys() == REASONS.keys()
CHOICES: dict[str, Mapping[str, tuple[Any, str, str]]] = {
    "customer.stage": STAGES,
    "customer.role": ROLES,
}
CONDITIONS = 3  # rows of a simple condition


def group_name(session: Session, group: TagGroup) -> str:
    """A group's name; of the one for names from elsewhere in the reader's language."""
    return session.text(mark("Tags from elsewhere")) if group.code == EXTERNAL else group.name


def group_names(session: Session, groups: Iterable[TagGroup]) -> dict[int, str]:
    return {one.id: group_name(session, one) for one in groups}


def may_set(session: Session, tag: Tag) -> bool:
    """May this person give and take the tag, one customer at a time? Nobody sets computed ones."""
    if tag.kind in ("computed", "rule") or tag.archived_at is not None:
        return False
    return tag.set_by == "guides" or session.may("tags")


def whole(value: object, default: int = 0) -> int:
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default


def attributes(session: Session) -> Vocabulary | None:
    """Words for customer attributes; None before there are caches."""
    try:
        known = attribute_words(session, session.brand.shards())
    except NotFound:
        return None
    return Vocabulary((), tuple(known), session)


def condition(session: Session, values: Mapping[str, str]) -> dict[str, Any]:
    """The condition of the fields `property.0`, `op.0`, `value.0` … . Raises BadInput."""
    words = attributes(session)
    if words is None:
        raise BadInput("There are no customers yet.", hint="Import orders first.")
    rows = [
        {part: values.get(f"{part}.{n}", "") for part in ("property", "op", "value")}
        for n in range(CONDITIONS)
    ]
    parts = [leaf(_coded(row), words.types) for row in rows if row["property"]]
    if not parts:
        raise BadInput("A condition is missing.", hint="Choose a property, how, and a value.")
    return parts[0] if len(parts) == 1 else {"and": parts}


def _coded(row: dict[str, str]) -> dict[str, str]:
    """A row with the codes of stages and relations that were typed in words."""
    choices = CHOICES.get(row["property"], {})
    codes = {word.casefold(): code for code, named in choices.items() for word in named[1:]}
    parts = [part.strip() for part in row["value"].replace("，", ",").split(",")]
    return {**row, "value": ",".join(codes.get(part.casefold(), part) for part in parts)}


def typed_rows(session: Session, spec: Any) -> list[Row]:
    """The rows of a form that show a condition; empty ones where it is none of theirs."""
    rows = [
        replace(row, value=_named(session, row))
        for row in group_of(spec or None).rows
        if isinstance(row, Row) and not row.raw
    ]
    return [*rows[:CONDITIONS], *(Row() for _ in range(CONDITIONS - len(rows)))]


def _named(session: Session, row: Row) -> str:
    choices = CHOICES.get(row.property, {})
    parts = row.value.split(",")
    return ",".join(session.pick(choices[one][1:]) if one in choices else one for one in parts)


def named_choices(session: Session) -> str:
    """Stages and relations, for a hint."""
    return ", ".join(
        session.pick(named[1:]) for choices in CHOICES.values() for named in choices.values()
    )


def condition_said(session: Session, words: Vocabulary | None, spec: Any) -> str:
    """A condition in words."""
    group = group_of(spec or None)
    rows = [row for row in group.rows if isinstance(row, Row)]
    if words is None or len(rows) != len(group.rows) or any(row.raw for row in rows):
        return json.dumps(spec, ensure_ascii=False)
    return session.text(mark(" and ")).join(_row_said(session, words, row) for row in rows)


def _row_said(session: Session, words: Vocabulary, row: Row) -> str:
    kind = words.types.get(row.property, "string")
    op = next((title for code, title in OPERATORS.get(kind, ()) if code == row.op), row.op)
    values = [words.value(row.property, one) for one in row.value.split(",") if one]
    return " ".join((words.property(row.property), session.text(op), ", ".join(values))).strip()


def operators() -> list[tuple[str, list[tuple[str, str]]]]:
    """(type, [(code, title)]) of what a condition can compare."""
    return [(kind, list(ops)) for kind, ops in OPERATORS.items() if kind != "tags"]


def offered(words: Vocabulary | None) -> list[tuple[str, str, str]]:
    """(name, label, type) of the attributes that a tag may ask about."""
    if words is None:
        return []
    return [
        (one.name, one.label, one.type)
        for one in words.properties
        if one.of_customer and one.name != PROPERTY
    ]


def moment(session: Session, at: int) -> str:
    return moment_of(at, session.zone)
