"""Pure rules of segments: set algebra, the customer attribute made of them, where one is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyroaring import BitMap

from yutang.analysis.contract import SEGMENTS
from yutang.errors import BadInput
from yutang.sequence.memberships import memberships
from yutang.sequence.source import Attribute

ATTRIBUTE = SEGMENTS.removeprefix("customer.")  # the segments he is in, by their numbers
PROPERTY = SEGMENTS
NAME_LENGTH = 120
DESCRIPTION_LENGTH = 1_000
MOST_SEGMENTS = 100  # in use; archived ones do not count
MOST_VERSIONS = 30  # of one segment; the oldest goes first

HOWS: dict[str, Callable[[BitMap, BitMap], BitMap]] = {
    "union": lambda a, b: a | b,
    "intersection": lambda a, b: a & b,
    "minus": lambda a, b: a - b,
}


def checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
    return name


def checked_description(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_LENGTH:
        raise BadInput("A description has at most %(n)d characters.", n=DESCRIPTION_LENGTH)
    return text


def combined(how: str, a: BitMap, b: BitMap) -> BitMap:
    """Raises BadInput for an unknown way."""
    if how not in HOWS:
        raise BadInput(
            "Segments cannot be combined by “%(how)s”.",
            hint="Choose one of %(known)s.",
            how=how[:40],
            known=", ".join(HOWS),
        )
    return HOWS[how](a, b)


def attribute_of(people: Mapping[int, BitMap]) -> Attribute | None:
    """The customer attribute: of each customer the numbers of his segments, as text.

    A list attribute; its codes follow the order of `people`. None without segments.
    """
    return memberships({str(id_): one for id_, one in people.items()})


def used_in(params: Any) -> set[str]:
    """Numbers (as text) of the segments that an analysis' parameters name.

    >>> sorted(used_in({"filter": {"property": "customer.segments", "op": "in", "value": ["3"]},
    ...     "compare": {"segment": "7"}}))
    ['3', '7']
    """
    return set(_named(params))


def _named(what: Any) -> Iterator[str]:
    if isinstance(what, Mapping):
        if what.get("property") == PROPERTY:
            value = what.get("value")
            yield from (str(one) for one in (value if isinstance(value, list) else [value]) if one)
        if "segment" in what:
            yield from (str(what[end]) for end in ("segment", "against") if what.get(end))
        for inner in what.values():
            yield from _named(inner)
    elif isinstance(what, (list, tuple)):
        for inner in what:
            yield from _named(inner)
