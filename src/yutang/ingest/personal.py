"""The guard of personal values: a phone number in a property is hashed or refused by rule.

Only a whole value counts (“13800000000”, not a sentence that holds one): mainland mobile numbers,
18-digit id cards with the right check digit, e-mail addresses.

A number counts where it is a whole one that spells a mobile number in eleven digits (13800000000;
no prefix: with one it would have the length of a time in ms), or, as long as it is exact, an id
card. In a column of numbers no hash can stand: there what is to be hashed is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Rule = Literal["allow", "hash", "refuse"]
RULES: tuple[Rule, ...] = ("allow", "hash", "refuse")
DEFAULT_RULE: Rule = "hash"
Hash = Callable[[str, str], str]  # Workspace.keyed_hash

_PHONE = r"(?:(?:\+|00)?86[-\s]?)?1[3-9]\d(?:[-\s]?\d{4}){2}"
_ID_CARD = r"\d{17}[\dXx]"
_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}"
_ANY = rf"^\s*(?:{_PHONE}|{_ID_CARD}|{_EMAIL})\s*$"  # for RE2, which reads a column at a time
_PHONE_ONLY = re.compile(_PHONE)
_ID_CARD_ONLY = re.compile(_ID_CARD)
_EMAIL_ONLY = re.compile(_EMAIL)
PHONE_NUMBERS = (13_000_000_000, 20_000_000_000)  # as numbers: from, and below
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECK = "10X98765432"


def kind_of(text: str) -> str | None:
    """phone | id_card | email, where the text is one.

    >>> [kind_of(one) for one in ("+86 138 0000 0000", "11010519491231002X", "a@b.cn", "call 1")]
    ['phone', 'id_card', 'email', None]
    """
    text = text.strip()
    if _PHONE_ONLY.fullmatch(text):
        return "phone"
    if _ID_CARD_ONLY.fullmatch(text):
        total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
        return "id_card" if _CHECK[total % 11] == text[-1].upper() else None
    return "email" if _EMAIL_ONLY.fullmatch(text) else None


def rule_in(type_: str, rule: Rule) -> Rule:
    """The rule as it can be kept in a property of this type."""
    return "refuse" if rule == "hash" and type_ == "number" else rule


def spelt(number: int | float) -> str:
    """A number as the text that may be personal; "" where it cannot be.

    >>> spelt(13800000000), spelt(13800000000.0), spelt(1795356654131), spelt(19.9)
    ('13800000000', '13800000000', '', '')
    """
    if type(number) is bool or number != number or number % 1:
        return ""
    text = str(int(number))
    is_card = type(number) is int and len(text) == 18  # as a float its last digits would be lost
    return text if is_card or PHONE_NUMBERS[0] <= number < PHONE_NUMBERS[1] else ""


def hashed(kind: str, text: str, keyed_hash: Hash) -> str:
    """What stands in the place of a personal value: the same for each spelling of it, and the
    same as the hash under which identities keep it."""
    plain = text.strip()
    if kind == "phone":
        plain = re.sub(r"[-\s]", "", plain)[-11:]
    elif kind == "id_card":
        plain = plain.upper()
    return keyed_hash(kind, plain)


def conceal(value: Any, rule: Rule, keyed_hash: Hash) -> Any:
    """A JSON value with the personal texts and numbers in it hashed or, where they are refused,
    left out."""
    if rule == "allow":
        return value
    if isinstance(value, str | int | float):
        text = value if isinstance(value, str) else spelt(value)
        kind = kind_of(text)
        if kind is None:
            return value
        return hashed(kind, text, keyed_hash) if rule == "hash" else None
    if isinstance(value, list | tuple):
        return [conceal(one, rule, keyed_hash) for one in value]
    if isinstance(value, dict):
        return {name: conceal(one, rule, keyed_hash) for name, one in value.items()}
    return value


def guard(values: pa.Array, rule: Rule, keyed_hash: Hash) -> tuple[pa.Array, np.ndarray | None]:
    """A column of texts or of lists of texts with its personal values hashed, or null where they
    are refused, and a column of numbers with null in their place (`rule_in`); and where that
    happened (bool, n), None where nowhere."""
    if rule == "allow":
        return values, None
    if pa.types.is_float64(values.type):
        return _guard_numbers(values)
    is_list = pa.types.is_list(values.type)
    texts = values.flatten() if is_list else values
    if not pa.types.is_string(texts.type):
        return values, None
    coded = texts.dictionary_encode()
    suspects = np.asarray(pc.indices_nonzero(pc.match_substring_regex(coded.dictionary, _ANY)))
    if not len(suspects):
        return values, None
    words = coded.dictionary.to_pylist()
    bad = np.zeros(len(words), bool)
    for i in suspects.tolist():
        kind = kind_of(words[i])
        if kind is not None:
            bad[i] = True
            words[i] = hashed(kind, words[i], keyed_hash)
    if not bad.any():
        return values, None
    index = np.asarray(coded.indices.fill_null(len(words)))
    hit = np.append(bad, False)[index]
    made = pa.array(words, pa.string()).take(coded.indices)
    if is_list:
        lengths = np.asarray(pc.fill_null(pc.list_value_length(values), 0))
        row = np.repeat(np.arange(len(values)), lengths)
        hit = np.bincount(row[hit], minlength=len(values)) > 0
        ends = np.append(0, np.cumsum(lengths)).astype(np.int32)
        made = pa.ListArray.from_arrays(
            pa.array(ends), made, mask=pa.array(np.asarray(values.is_null()))
        )
    if rule == "refuse":
        made = pc.if_else(pa.array(hit), pa.scalar(None, made.type), made)
    return made, hit


def _guard_numbers(values: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    told = values.to_numpy(zero_copy_only=False)  # absent: not a number, which no comparison holds
    hit = (told >= PHONE_NUMBERS[0]) & (told < PHONE_NUMBERS[1])
    if hit.any():
        hit &= told % 1 == 0
    if not hit.any():
        return values, None
    return pc.if_else(pa.array(hit), pa.scalar(None, values.type), values), hit
