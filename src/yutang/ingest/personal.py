"""The guard of personal values: a phone number in a property is hashed or refused by rule.

Only a whole value counts (“13800000000”, not a sentence that holds one): mainland mobile numbers,
18-digit id cards with the right check digit, e-mail addresses.
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
    """A JSON value with the personal texts in it hashed or, where they are refused, left out."""
    if rule == "allow":
        return value
    if isinstance(value, str):
        kind = kind_of(value)
        if kind is None:
            return value
        return hashed(kind, value, keyed_hash) if rule == "hash" else None
    if isinstance(value, list | tuple):
        return [conceal(one, rule, keyed_hash) for one in value]
    if isinstance(value, dict):
        return {name: conceal(one, rule, keyed_hash) for name, one in value.items()}
    return value


def guard(values: pa.Array, rule: Rule, keyed_hash: Hash) -> tuple[pa.Array, np.ndarray | None]:
    """A column of texts or of lists of texts with its personal values hashed, or null where they
    are refused; and where that happened (bool, n), None where nowhere."""
    if rule == "allow":
        return values, None
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
