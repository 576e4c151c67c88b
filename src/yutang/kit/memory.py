"""What our processes need not hold in memory."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def give_back() -> None:
    """Return to the machine what libraries hold for later use; cheap enough for once in a while
    (some 10 ms)."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc
    if trim is not None:
        trim(0)


class _Without(MetaPathFinder):
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == self._name:
            raise ModuleNotFoundError(f"{name} is left out in this process", name=name)
        return None


def without_pandas() -> None:
    """Let this process do without pandas. pyarrow and others load it wherever it is installed (the
    demo's data bring it), for conversions that we never ask for: half a second and 25 MB."""
    sys.meta_path.insert(0, _Without("pandas"))
