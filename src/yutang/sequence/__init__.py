"""Shards of facts sorted by customer and time, and the kernels that read them.

`refresh` and `build` (the one writer), `open_shards` / `ShardCache` (everybody), `Threads` and
`Ray` (run work over views). Names are loaded when first used: kernels cost the compiler's import,
which a command that only needs `source` should not pay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yutang.sequence.building import Built, build, refresh
    from yutang.sequence.cluster import Ray
    from yutang.sequence.executors import Executor, Threads
    from yutang.sequence.shard import ShardCache, ShardSet, open_shards
    from yutang.sequence.source import Attribute, Column, Facts
    from yutang.sequence.view import View
    from yutang.sequence.warm import warm_up

_HOME = {
    "Attribute": "source",
    "Built": "building",
    "Column": "source",
    "Executor": "executors",
    "Facts": "source",
    "Ray": "cluster",
    "ShardCache": "shard",
    "ShardSet": "shard",
    "Threads": "executors",
    "View": "view",
    "build": "building",
    "open_shards": "shard",
    "refresh": "building",
    "warm_up": "warm",
}

__all__ = [
    "Attribute",
    "Built",
    "Column",
    "Executor",
    "Facts",
    "Ray",
    "ShardCache",
    "ShardSet",
    "Threads",
    "View",
    "build",
    "open_shards",
    "refresh",
    "warm_up",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found
