"""Saved reports: a model's question under a name, answered anew whenever it is opened; and stored
runs of RFM, whose answer stays. Runs are loaded when first used: they bring the kernels' compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yutang.reports.ranges import RANGE, RANGES, resolved, span_of
from yutang.reports.run_groups import forget_in_runs
from yutang.reports.service import Report, Reports

if TYPE_CHECKING:
    from yutang.reports.runs import Movement, Run, Runs, kind_of, until

# The model whose runs can be stored.
RUN_MODEL = "rfm"

__all__ = [
    "RANGE",
    "RANGES",
    "RUN_MODEL",
    "Movement",
    "Report",
    "Reports",
    "Run",
    "Runs",
    "forget_in_runs",
    "kind_of",
    "resolved",
    "span_of",
    "until",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from yutang.reports import runs

    return getattr(runs, name)
