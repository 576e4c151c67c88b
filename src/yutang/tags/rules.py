"""Pure rules of tags: names, whose last word counts, one tag of an exclusive group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from yutang.errors import BadInput
from yutang.kit.clock import DAY_MS
from yutang.sequence.memberships import ids_of

ATTRIBUTE = "tags"
PROPERTY = f"customer.{ATTRIBUTE}"
EXTERNAL = "external"  # the code of the group for names that only came from elsewhere
EXTERNAL_NAME = "外部标签"
KINDS = ("manual", "rule", "computed", "imported", "platform")
CHANGE_KINDS = ("manual", "rule", "computed", "import", "platform", "bulk")
SETTERS = ("guides", "operators")
NAME_LENGTH = 60
DESCRIPTION_LENGTH = 500
NOTE_LENGTH = 200
MOST_TAGS = 2_000  # in use
MOST_GROUPS = 200
MOST_DAYS = 3_650
ADD, REMOVE, EXPIRE, KEEP = 1, 2, 3, 4
ACTIONS = {"add": ADD, "remove": REMOVE, "expire": EXPIRE}
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class Bulk(NamedTuple):
    """A change of several numbers: its id, its action's code, and whom it was about."""

    id: int
    action: int
    people: BitMap


def checked_name(name: str) -> str:
    """One line; “/” parts group and tag, so no name has one. Raises BadInput.

    >>> checked_name("  护肤  控 ")
    '护肤 控'
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
    if "/" in name:
        raise BadInput("A name of a tag or group has no “/”: it stands between the two.")
    return name


def checked_text(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_LENGTH:
        raise BadInput("A description has at most %(n)d characters.", n=DESCRIPTION_LENGTH)
    return text


def checked_colour(colour: str) -> str:
    colour = colour.strip().lower()
    if colour and not _COLOUR.fullmatch(colour):
        raise BadInput("A colour looks like #14958a.")
    return colour


def checked_days(days: int) -> int:
    if not 0 <= days <= MOST_DAYS:
        raise BadInput("A tag is valid for 0 (for ever) to %(n)s days.", n=MOST_DAYS)
    return days


def checked_choice(value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise BadInput(
            "“%(value)s” is none of %(known)s.", value=value[:40], known=", ".join(choices)
        )
    return value


def until_of(at: int, valid_days: int) -> int | None:
    """When what was given at `at` is over time; None = never."""
    return at + valid_days * DAY_MS if valid_days else None


def last_words(
    numbers: NDArray[np.uint32], singles: NDArray[np.int64], bulks: Iterable[Bulk]
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Of each of these customer numbers (ascending) the newest change that is about it.

    singles: rows (id, number, action's code), ascending by id. Gives ids (0 = none) and action
    codes (0 = none).
    """
    last, action = np.zeros(numbers.size, np.int64), np.zeros(numbers.size, np.int8)
    if singles.size:
        at = np.searchsorted(numbers, singles[:, 1])
        mine = at < numbers.size
        mine[mine] = numbers[at[mine]] == singles[mine, 1]
        at, rows = at[mine], singles[mine]
        # The last of several at one place stands: they come in the order of their ids.
        last[at], action[at] = rows[:, 0], rows[:, 2]
    everybody = BitMap(numbers)
    for bulk in bulks:
        found = ids_of(bulk.people & everybody)
        at = np.searchsorted(numbers, found)
        at = at[last[at] < bulk.id]
        last[at], action[at] = bulk.id, bulk.action
    return last, action


def shared(people: Mapping[int, BitMap]) -> BitMap:
    """Who is in more than one of these sets.

    >>> shared({1: BitMap([1, 2]), 2: BitMap([2, 3]), 3: BitMap([4])})
    BitMap([2])
    """
    seen, twice = BitMap(), BitMap()
    for one in people.values():
        twice |= seen & one
        seen |= one
    return twice


def newest_only(
    people: Mapping[int, BitMap], given: Mapping[int, tuple[NDArray[np.uint32], NDArray[np.int64]]]
) -> dict[int, BitMap]:
    """Of the tags of an exclusive group everybody keeps the one he was given last.

    people: tag → customers of today; given: tag → (customers who have several, may repeat; the id
    of the change that gave it).
    """
    if not given:
        return dict(people)
    tags = np.concatenate([np.full(len(who), tag, np.int64) for tag, (who, _) in given.items()])
    who = np.concatenate([who for who, _ in given.values()]).astype(np.int64)
    ids = np.concatenate([ids for _, ids in given.values()])
    order = np.lexsort((tags, ids, who))
    who, tags = who[order], tags[order]
    last = np.r_[who[1:] != who[:-1], True] if who.size else np.empty(0, bool)
    several = BitMap(who.astype(np.uint32))
    return {
        tag: (one - several) | BitMap(who[last & (tags == tag)].astype(np.uint32))
        for tag, one in people.items()
    }
