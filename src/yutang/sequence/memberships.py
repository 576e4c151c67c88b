"""Sets of people as one customer attribute: of each customer the names of the sets he is in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyroaring import BitMap

from yutang.sequence.source import Attribute


def ids_of(people: BitMap) -> np.ndarray:
    """Customer ids (uint32, ascending), without a Python number for each."""
    return np.frombuffer(people.to_array(), np.uint32)


def memberships(people: Mapping[str, BitMap]) -> Attribute | None:
    """A list attribute; its codes follow the order of `people`, and there are no other values.

    None without sets.
    """
    if not people:
        return None
    last = max((one.max() for one in people.values() if one), default=0)
    offsets = np.zeros(last + 2, np.int64)
    for one in people.values():
        offsets[ids_of(one) + 1] += 1
    np.cumsum(offsets, out=offsets)
    values, free = np.empty(offsets[-1], np.int32), offsets[:-1].copy()
    for code, one in enumerate(people.values()):
        ids = ids_of(one)
        values[free[ids]] = code
        free[ids] += 1
    return Attribute("list", values, list(people), offsets, closed=True)
