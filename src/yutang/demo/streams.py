"""Named random streams: each concern draws from its own, so that none disturbs another."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator that depends on `seed` and `name` only, not on what was drawn before."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, crc32(name.encode())]))
    )


def scramble(numbers: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Well-mixed distinct 64-bit numbers, one for each distinct input (splitmix64's finaliser,
    which is a bijection). For opaque ids that must not repeat."""
    with np.errstate(over="ignore"):
        x = numbers.astype(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))
