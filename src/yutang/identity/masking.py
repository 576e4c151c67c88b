"""What may be shown of a record or an attribute: personal values masked wherever they stand.

Phones keep three and four digits, e-mail addresses the host, id cards four digits; also inside
addresses and sentences, because trackers put whole URLs and forms into their properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from yutang.catalog.identity_kinds import kind_of
from yutang.identity.rules import shown_as

# Mainland mobile numbers however they are spaced, alone or in a text; longer runs of digits (times,
# ids) are no phones.
PHONE = re.compile(r"(?<![\dA-Za-z])((?:\+|00)?86[-\s]?)?(1[3-9]\d)[-\s]?\d{4}[-\s]?(\d{4})(?!\d)")
ID_CARD = re.compile(r"(?<!\d)(\d{2})\d{12}(\d{3}[\dXx])(?![\dA-Za-z])")
EMAIL = re.compile(r"([A-Za-z0-9_+\-])[A-Za-z0-9_.+\-]*(@|%40)([A-Za-z0-9\-]+\.[A-Za-z0-9.\-]+)")
TECHNICAL = frozenset({"_track_id", "time", "_flush_time"})  # numbers that are never phones
SHORTEST = 4  # characters of an identity's value that is looked for in a whole record
HIDDEN = "****"


def mask_text(text: str) -> str:
    """
    >>> mask_text("call 138 0013 8000 or ann.lee@shop.cn"), mask_text("1795356654131")
    ('call 138****8000 or a***@shop.cn', '1795356654131')
    """
    text = PHONE.sub(rf"\2{HIDDEN}\3", text)
    text = ID_CARD.sub(rf"\1{HIDDEN}\2", text)
    return EMAIL.sub(r"\1***\2\3", text)


def mask(value: Any, secrets: Iterable[tuple[str, str]] = ()) -> Any:
    """A JSON value with its personal values masked. secrets: (value, what is shown instead)."""
    return _mask(value, tuple(secrets))


def secrets_of(identities: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Values of identities that are never shown whole, in whatever form, with their masked form:
    a phone of another country is known as one only because an identity says so."""
    return [
        (value, shown(kind, value))
        for kind, value in identities
        if kind_of(kind).hashed and len(value) >= SHORTEST
    ]


def shown(kind: str, value: str) -> str:
    """What may be seen of an identity."""
    masked = shown_as(kind, value)
    if masked != value:
        return masked
    if kind_of(kind).hashed:  # too short, or written in no usual way
        return value[:1] + HIDDEN
    return mask_text(value)


def _mask(value: Any, secrets: tuple[tuple[str, str], ...], name: str = "") -> Any:
    if isinstance(value, str):
        for secret, instead in secrets:
            value = value.replace(secret, instead)
        return mask_text(value)
    if isinstance(value, int | float) and type(value) is not bool and name not in TECHNICAL:
        text = str(value)
        masked = _mask(text, secrets)
        return value if masked == text else masked
    if isinstance(value, dict):
        return {mask_text(str(key)): _mask(one, secrets, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(one, secrets, name) for one in value]
    return value
