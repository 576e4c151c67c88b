"""Sets of customer ids in one column of a table: roaring bitmaps, serialized."""

from __future__ import annotations

from collections.abc import Iterable

from pyroaring import BitMap


def packed(people: Iterable[int]) -> bytes:
    """The column's bytes.

    >>> sorted(opened(packed({3, 1})))
    [1, 3]
    """
    found = people if isinstance(people, BitMap) else BitMap(people)
    return bytes(found.serialize())


def opened(blob: bytes) -> BitMap:
    """The people of a column's bytes."""
    return BitMap.deserialize(blob)
