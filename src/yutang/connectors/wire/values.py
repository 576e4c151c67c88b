"""Names, property values and identities as the lake takes them; the rest is left out with a reason.

Values: number, bool, text, list of texts. An object, or a list that holds one, becomes JSON text;
a list of other things a list of texts; null is absent. Nothing else is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from yutang.catalog.records import Limits
from yutang.connectors.wire.opening import Misshapen

NAME_LENGTH = 100
IDENTITY_LENGTH = 255  # protocols.md §1.3
KIND_LENGTH = 40
LIST_ITEMS = 1_000  # a list property is for tags, not for tables
KNOWN_NAMES = 20_000  # how many a rule remembers; a sender that invents names must not fill memory

Misfit = tuple[str, str, Any]
Operation = tuple[str, str, Any]

# Date-times of the Sensors SDKs: after the dot stands a number of milliseconds without padding.
UNPADDED_MS = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{1,3})")
DOT = 19  # its place in such a text
NOT_A_KIND = re.compile(r"[^a-z0-9_]")


class NameRule:
    """Which names are allowed, remembering those that are."""

    def __init__(self, allows: Callable[[str], bool]) -> None:
        self._allows = allows
        self.known: set[str] = set()

    def allows(self, name: str) -> bool:
        if name in self.known:
            return True
        allowed = self._allows(name)
        if allowed and len(self.known) < KNOWN_NAMES:
            self.known.add(name)
        return allowed


def _plain(name: str) -> bool:
    return 0 < len(name) <= NAME_LENGTH and name.isprintable() and name == name.strip()


PLAIN_NAMES = NameRule(_plain)


def event_name(value: Any) -> str:
    """The name of an event, by the plain rule. Raises Misshapen."""
    if type(value) is not str or not value.strip():
        raise Misshapen("event", "missing_event_name", value)
    name = value.strip()
    if name not in PLAIN_NAMES.known and not PLAIN_NAMES.allows(name):
        raise Misshapen("event", "name_invalid", name)
    return name


def object_of(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object under a name, empty where there is none. Raises Misshapen."""
    value = raw.get(name)
    if value is None:
        return {}
    if type(value) is not dict:
        raise Misshapen(name, "malformed_record", value)
    return value


def fit_properties(
    given: Mapping[str, Any], rule: NameRule, limits: Limits, *, unpadded_ms: bool = False
) -> tuple[dict[str, Any], list[Misfit]]:
    """(properties, what was left out). `given` stays untouched.

    unpadded_ms: `2024-05-01 12:00:00.5` means 5 ms, and is written `.005` from here on.
    Raises Misshapen (`too_many_properties`).
    """
    if len(given) > limits.properties:
        raise Misshapen("properties", "too_many_properties", str(len(given)))
    made = dict(given)
    misfits: list[Misfit] = []
    known, longest = rule.known, limits.text
    for name, value in given.items():
        kind = type(value)
        if kind is str:
            if len(value) > longest:
                del made[name]
                misfits.append((name, "too_large", value))
                continue
            if unpadded_ms and len(value) > DOT and value[DOT] == ".":
                made[name] = padded_ms(value)
        elif kind is list or kind is dict:
            try:
                made[name] = fit_nested(value, limits)
            except Misshapen as problem:
                del made[name]
                misfits.append((name, problem.reason, value))
                continue
        elif value is None:
            del made[name]
            continue
        if name not in known and not rule.allows(name):
            del made[name]
            misfits.append((name, "name_invalid", value))
    return made, misfits


def padded_ms(text: str) -> str:
    """A Sensors date-time with true milliseconds; other text as it is.

    >>> padded_ms("2024-05-01 12:00:00.5"), padded_ms("2024-05-01 12:00:00.500")
    ('2024-05-01 12:00:00.005', '2024-05-01 12:00:00.500')
    """
    found = UNPADDED_MS.fullmatch(text)
    return f"{found[1]}.{found[2]:0>3}" if found else text


def fit_nested(value: list[Any] | dict[str, Any], limits: Limits) -> list[str] | str:
    """A list of texts, or JSON text. Raises Misshapen (`too_deep`, `too_large`)."""
    if type(value) is list and not any(type(one) in (list, dict) for one in value):
        texts = [one if type(one) is str else scalar_text(one) for one in value if one is not None]
        if len(texts) > LIST_ITEMS or any(len(text) > limits.text for text in texts):
            raise Misshapen(None, "too_large")
        return texts
    if _levels(value) > limits.nesting:
        raise Misshapen(None, "too_deep")
    text = msgspec.json.encode(value).decode()
    if len(text) > limits.text:
        raise Misshapen(None, "too_large")
    return text


def _levels(value: Any) -> int:
    """Levels of lists and objects; recursion ends, since opening allows only so many."""
    if type(value) is dict:
        value = value.values()
    elif type(value) is not list:
        return 0
    return 1 + max(map(_levels, value), default=0)


def scalar_text(value: Any) -> str:
    """A number or bool as text: whole numbers without a fraction, since most are ids."""
    if type(value) is str:
        return value
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return msgspec.json.encode(value).decode()


def fit_operations(
    operation: str,
    given: Mapping[str, Any],
    rule: NameRule,
    limits: Limits,
    *,
    unpadded_ms: bool = False,
) -> tuple[list[Operation], list[Misfit]]:
    """Profile operations of one kind over many attributes, and what cannot be one.

    `increment` takes numbers, `append` a list of texts or one text, `unset` needs only the name.
    """
    if operation == "unset":
        given = dict.fromkeys(given, True)
    values, misfits = fit_properties(given, rule, limits, unpadded_ms=unpadded_ms)
    made: list[Operation] = []
    for name, value in values.items():
        if operation == "unset":
            value = None
        elif operation == "increment" and type(value) not in (int, float):
            misfits.append((name, "value_misfit", value))
            continue
        elif operation == "append" and type(value) is not list:
            value = [scalar_text(value)]
        made.append((operation, name, value))
    return made, misfits


def identity_text(value: Any) -> str | None:
    """The value of an identity, trimmed; None where it is none (empty, too long, not a text)."""
    if type(value) is int:
        value = str(value) if abs(value) < 2**64 else ""
    if type(value) is not str or not (text := value.strip()) or len(text) > IDENTITY_LENGTH:
        return None
    return text


def why_none(value: Any) -> str:
    """Why a value that is there is no identity."""
    long = type(value) is str and len(value.strip()) > IDENTITY_LENGTH
    return "too_large" if long else "malformed_record"


def kind_text(key: str) -> str | None:
    """A sender's own key as a kind of identity: [a-z][a-z0-9_]*, at most 40 characters.

    >>> kind_text("CRM-Id"), kind_text("会员")
    ('crm_id', None)
    """
    kind = NOT_A_KIND.sub("_", key.strip().lower()).lstrip("_0123456789")[:KIND_LENGTH]
    return kind.rstrip("_") or None
