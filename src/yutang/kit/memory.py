"""Memory that libraries hold for later use goes back to the machine."""

from __future__ import annotations

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Return what is free; cheap enough for once in a while (some 10 ms)."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc
    if trim is not None:
        trim(0)
