"""Two sets of people side by side (pure): how many are in which, and what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from yutang.sequence.memberships import ids_of
from yutang.sequence.source import NO_BOOL, NO_CODE, NO_TIME, Attribute

MOST_AT_ONCE = 8  # segments of one overlap picture: 255 combinations are more than enough
_MOST_VALUES = 12  # shown of one attribute
# Below this many people a share swings by chance alone.
SMALL = 30


@dataclass(frozen=True)
class Combination:
    """People who are in exactly these of the sets (their places)."""

    members: tuple[int, ...]
    count: int


def combinations(sets: Sequence[BitMap]) -> list[Combination]:
    """Every combination somebody is in, the largest first: what an UpSet picture shows.

    >>> combinations([BitMap([1, 2]), BitMap([2, 3, 4])])
    [Combination(members=(1,), count=2), Combination(members=(0,), count=1), \
Combination(members=(0, 1), count=1)]
    """
    if not sets:
        return []
    everybody = ids_of(BitMap.union(*sets))
    code = np.zeros(everybody.size, np.uint16)
    for place, one in enumerate(sets):
        code[np.searchsorted(everybody, ids_of(one))] |= np.uint16(1 << place)
    counts = np.bincount(code, minlength=1 << len(sets))
    found = [
        Combination(tuple(i for i in range(len(sets)) if bits >> i & 1), int(counts[bits]))
        for bits in range(1, 1 << len(sets))
        if counts[bits]
    ]
    return sorted(found, key=lambda one: (-one.count, len(one.members), one.members))


@dataclass(frozen=True)
class Share:
    """One value: how many of a and of b have it, and the shares (0-1) of those who have any."""

    value: str
    a: int
    b: int
    a_rate: float
    b_rate: float


@dataclass(frozen=True)
class Difference:
    """How an attribute differs. known: people of a, of b who have a value. strength: 0 (alike) to
    1: Cramér's V of texts, Cliff's delta (absolute) of numbers and times. middle: medians of
    numbers (times UTC ms); shares: of texts, those that differ most first."""

    name: str
    type: str
    known: tuple[int, int]
    strength: float
    middle: tuple[float | None, float | None] = (None, None)
    shares: tuple[Share, ...] = ()

    @property
    def is_small(self) -> bool:
        """Too few people on one side to believe it."""
        return min(self.known) < SMALL


def differences(attributes: Mapping[str, Attribute], a: BitMap, b: BitMap) -> list[Difference]:
    """Of every attribute that somebody has, the strongest difference first; those of too few
    people come last."""
    sides = ids_of(a), ids_of(b)
    found = [
        one
        for name, attribute in attributes.items()
        if (one := _difference(name, attribute, *sides)) is not None
    ]
    return sorted(found, key=lambda one: (one.is_small, -one.strength, one.name))


def _difference(name: str, attribute: Attribute, a: np.ndarray, b: np.ndarray) -> Difference | None:
    if attribute.type in ("string", "list", "bool"):
        return _of_words(name, attribute, a, b)
    left, right = (_numbers(attribute, side) for side in (a, b))
    if not left.size and not right.size:
        return None
    return Difference(
        name,
        attribute.type,
        (left.size, right.size),
        abs(cliffs_delta(left, right)),
        (_median(left), _median(right)),
    )


def _numbers(attribute: Attribute, ids: np.ndarray) -> np.ndarray:
    values = attribute.values[ids[ids < attribute.values.size]]
    present = ~np.isnan(values) if attribute.type == "number" else values != NO_TIME
    return np.asarray(values[present].astype(np.float64))


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if values.size else None


def cliffs_delta(a: np.ndarray, b: np.ndarray) -> float:
    """P(a > b) − P(a < b) of two samples; 0 where one is empty (Cliff 1993).

    >>> cliffs_delta(np.array([3.0, 4.0]), np.array([1.0, 3.0]))
    0.75
    """
    if not a.size or not b.size:
        return 0.0
    ordered = np.sort(b)
    below = np.searchsorted(ordered, a, "left")
    above = b.size - np.searchsorted(ordered, a, "right")
    return float((below.sum() - above.sum()) / (a.size * b.size))


def _of_words(name: str, attribute: Attribute, a: np.ndarray, b: np.ndarray) -> Difference | None:
    words = ["no", "yes"] if attribute.type == "bool" else list(attribute.dictionary)
    (left, n), (right, m) = (_counts(attribute, side, len(words)) for side in (a, b))
    if not n and not m:
        return None
    rates = left / max(n, 1), right / max(m, 1)
    order = np.argsort(-np.abs(rates[0] - rates[1]), kind="stable")[:_MOST_VALUES]
    shares = tuple(
        Share(words[i], int(left[i]), int(right[i]), float(rates[0][i]), float(rates[1][i]))
        for i in order.tolist()
        if left[i] or right[i]
    )
    strength = cramers_v(np.stack([left, right]))
    return Difference(name, attribute.type, (n, m), strength, shares=shares)


def _counts(attribute: Attribute, ids: np.ndarray, words: int) -> tuple[np.ndarray, int]:
    """How many have each word, and how many have any."""
    if attribute.offsets is not None:
        ids = ids[ids < attribute.offsets.size - 1]
        first, end = attribute.offsets[ids], attribute.offsets[ids + 1]
        lengths = end - first
        steps = np.arange(int(lengths.sum()))
        steps -= np.repeat(np.cumsum(lengths) - lengths, lengths)
        codes = attribute.values[np.repeat(first, lengths) + steps]
        return np.bincount(codes, minlength=words), int((lengths > 0).sum())
    codes = attribute.values[ids[ids < attribute.values.size]]
    codes = codes[codes != (NO_BOOL if attribute.type == "bool" else NO_CODE)]
    return np.bincount(codes, minlength=words), int(codes.size)


def cramers_v(table: np.ndarray) -> float:
    """Cramér's V of a table of counts [2, n], without the columns nobody is in; 0 where one side
    is empty.

    >>> round(cramers_v(np.array([[10, 0], [0, 10]])), 6)
    1.0
    """
    table = table[:, table.sum(axis=0) > 0].astype(np.float64)
    total = table.sum()
    rows, columns = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
    if not rows.all() or table.shape[1] < 2:
        return 0.0
    expected = rows @ columns / total
    chi2 = float(((table - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi2 / total))
