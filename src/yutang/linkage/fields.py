"""What two records are compared by, made of what customers are said to be like (pure).

Values are brought into one form; what is masked is weak evidence at most: a masked name leaves its
family name, a masked phone its last four digits, and neither ever brings two records together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

# Attribute names, without regard to case and a leading `$` → what they say.
ALIASES: Mapping[str, str] = {
    "name": "name", "real_name": "name", "realname": "name", "full_name": "name",
    "first_name": "given", "firstname": "given", "given_name": "given",
    "last_name": "surname", "lastname": "surname", "surname": "surname", "family_name": "surname",
    "birthday": "birthday", "birth_date": "birthday", "date_of_birth": "birthday",
    "dob": "birthday",
    "city": "city", "suburb": "city",
    "postcode": "postcode", "zip": "postcode", "postal_code": "postcode",
    "address": "address", "street": "address",
    "email": "email", "phone": "phone", "mobile": "phone", "gender": "gender", "sex": "gender",
}  # fmt: skip
# Columns of a record; `phone` is a hash, the other values stand as they are while a run lasts.
COLUMNS = ("surname", "given", "full_name", "birthday", "city", "postcode", "address", "email",
           "email_name", "phone", "phone_tail", "gender")  # fmt: skip
# Fields whose agreement is judged, and how: level code → SQL over _l and _r, the firmest first. A
# level that starts with "=" adjusts for how common the value of that column is.
LEVELS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "name": (
        ("same", "full_name_l = full_name_r", "full_name"),
        ("swapped", "surname_l = given_r AND given_l = surname_r", ""),
        (
            "alike",
            "jaro_winkler_similarity(full_name_l, full_name_r) >= 0.92"
            " OR (surname_l = surname_r AND (starts_with(given_l, given_r)"
            " OR starts_with(given_r, given_l)"
            " OR jaro_winkler_similarity(given_l, given_r) >= 0.85))"
            " OR (given_l = given_r AND jaro_winkler_similarity(surname_l, surname_r) >= 0.85)",
            "",
        ),
        ("surname", "surname_l = surname_r", ""),
        ("given", "given_l = given_r", ""),
    ),
    "birthday": (
        ("same", "birthday_l = birthday_r", ""),
        (
            "alike",
            "damerau_levenshtein(birthday_l, birthday_r) <= 1"
            " OR (left(birthday_l, 4) = left(birthday_r, 4)"
            " AND substr(birthday_l, 6, 2) = substr(birthday_r, 9, 2)"
            " AND substr(birthday_l, 9, 2) = substr(birthday_r, 6, 2))",
            "",
        ),
        ("partly", "damerau_levenshtein(birthday_l, birthday_r) <= 2", ""),
    ),
    "city": (
        ("same", "city_l = city_r", "city"),
        ("alike", "jaro_winkler_similarity(city_l, city_r) >= 0.9", ""),
    ),
    "postcode": (
        ("same", "postcode_l = postcode_r", "postcode"),
        ("alike", "damerau_levenshtein(postcode_l, postcode_r) <= 1", ""),
    ),
    "address": (
        ("same", "address_l = address_r", ""),
        ("alike", "jaro_winkler_similarity(address_l, address_r) >= 0.9", ""),
    ),
    "email": (
        ("same", "email_l = email_r", ""),
        ("name", "email_name_l = email_name_r", ""),
        ("alike", "jaro_winkler_similarity(email_name_l, email_name_r) >= 0.88", ""),
    ),
    "phone": (
        ("same", "phone_l = phone_r", ""),
        ("tail", "phone_tail_l = phone_tail_r", ""),
    ),
    "gender": (("same", "gender_l = gender_r", ""),),
}
# Where a field says nothing: one of the records lacks it.
UNKNOWN: Mapping[str, str] = {
    "name": "coalesce(surname_l, given_l) IS NULL OR coalesce(surname_r, given_r) IS NULL",
    "phone": "phone_tail_l IS NULL OR phone_tail_r IS NULL",
    "email": "email_name_l IS NULL OR email_name_r IS NULL",
}
# Which records are compared at all: those with all of these equal. Nothing weak is among them.
BLOCKS: tuple[tuple[str, ...], ...] = (
    ("phone",), ("email",), ("email_name",), ("surname", "birthday"), ("given", "birthday"),
    ("birthday", "city"), ("birthday", "postcode"), ("surname", "given", "city"),
    ("surname", "given", "postcode"), ("surname", "address"), ("surname", "given"),
    ("surname", "city"), ("given", "city"), ("birthday",),
)  # fmt: skip
# Over which pairs the probabilities are learnt, each for the fields that are not fixed by it.
TRAINED_ON: tuple[tuple[str, ...], ...] = (
    ("surname", "given"), ("birthday",), ("email",), ("address",), ("surname", "city"),
)  # fmt: skip
# Pairs with these equal are one person as good as always: how many there may be is told by them.
FIRM: tuple[tuple[str, ...], ...] = (
    ("phone",), ("email",), ("surname", "given", "birthday"),
)  # fmt: skip

MASK = re.compile(r"[*＊#•]")
_CHINESE = re.compile(r"^[㐀-鿿·]{2,}$")
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "令狐", "东方", "南宫",
             "夏侯", "司徒", "长孙", "宇文", "轩辕")  # fmt: skip
_SPACES = re.compile(r"\s+")
_BIRTHDAY = re.compile(r"^(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?$")
_EMAIL = re.compile(r"^([^@\s*]+)@([^@\s*]+\.[^@\s*]+)$")
_SEX = {"男": "m", "male": "m", "m": "m", "1": "m", "女": "f", "female": "f", "f": "f", "2": "f"}


def meaning_of(name: str) -> str:
    """What an attribute of this name says of a person; "" where it is not compared.

    >>> meaning_of("$Birthday"), meaning_of("shoe_size")
    ('birthday', '')
    """
    return ALIASES.get(name.casefold().removeprefix("$"), "")


def record_of(said: Mapping[str, str]) -> dict[str, str]:
    """Columns of one person's record, of what is said of him by meaning (`phone` in digits).

    >>> record_of({"name": "欧阳 娜娜", "birthday": "1996/3/5", "phone": "138****8000"})
    ... # doctest: +NORMALIZE_WHITESPACE
    {'surname': '欧阳', 'given': '娜娜', 'full_name': '欧阳 娜娜', 'birthday': '1996-03-05',
     'phone_tail': '8000'}
    """
    found: dict[str, str] = {}
    surname, given = _names(said)
    found |= {k: v for k, v in (("surname", surname), ("given", given)) if v}
    if surname and given:
        found["full_name"] = f"{surname} {given}"
    if born := _birthday(said.get("birthday", "")):
        found["birthday"] = born
    for column in ("city", "postcode", "address"):
        if (value := plain(said.get(column, ""))) and not MASK.search(value):
            found[column] = value.removesuffix("市") if column == "city" else value
    if at := _EMAIL.match(plain(said.get("email", ""))):
        found |= {"email": at.group(0), "email_name": at.group(1)}
    if sex := _SEX.get(plain(said.get("gender", ""))):
        found["gender"] = sex
    return found | phone_of(said.get("phone", ""))


def phone_of(text: str) -> dict[str, str]:
    """`phone` (digits) and `phone_tail`; of a masked one the tail alone.

    >>> phone_of("+86 138-0013-8000"), phone_of("138****8000"), phone_of("none")
    ({'phone': '13800138000', 'phone_tail': '8000'}, {'phone_tail': '8000'}, {})
    """
    kept = re.sub(r"[\s\-()]", "", text).removeprefix("+86")
    tail = kept[-4:] if len(kept) >= 7 and kept[-4:].isdigit() and kept.isascii() else ""
    if not tail:
        return {}
    if kept.lstrip("+").isdigit():
        return {"phone": kept, "phone_tail": tail}
    return {"phone_tail": tail} if MASK.search(kept) else {}


def plain(text: str) -> str:
    """One form of the same text: full-width letters, case and spaces do not tell people apart."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", str(text))).strip().casefold()


def _names(said: Mapping[str, str]) -> tuple[str, str]:
    surname, given = plain(said.get("surname", "")), plain(said.get("given", ""))
    if not surname and not given:
        surname, given = split_name(plain(said.get("name", "")))
    return ("" if MASK.search(surname) else surname, "" if MASK.search(given) else given)


@lru_cache(maxsize=65_536)
def split_name(name: str) -> tuple[str, str]:
    """(family name, given name); of a masked name what is left of it.

    >>> split_name("王小明"), split_name("张*"), split_name("ann marie lee"), split_name("ann")
    (('王', '小明'), ('张', ''), ('lee', 'ann marie'), ('', 'ann'))
    """
    if MASK.search(name):
        seen = MASK.split(name)[0].strip()
        return (seen, "") if len(seen) == 1 and _CHINESE.match(seen * 2) else ("", "")
    joined = name.replace(" ", "")
    if _CHINESE.match(joined) and len(joined) <= 6:
        cut = 2 if joined[:2] in _COMPOUND and len(joined) > 2 else 1
        return joined[:cut], joined[cut:]
    first, _, last = name.rpartition(" ")
    return (last, first) if first else ("", last)


@lru_cache(maxsize=65_536)
def _birthday(text: str) -> str:
    """As 1996-03-05; "" for no day, and for the days that forms fill in by themselves."""
    found = _BIRTHDAY.match(unicodedata.normalize("NFKC", str(text)).strip())
    if found is None:
        return ""
    try:
        day = date(*(int(part) for part in found.groups()))
    except ValueError:
        return ""
    return "" if day.isoformat() in ("1970-01-01", "1900-01-01", "2000-01-01") else day.isoformat()
