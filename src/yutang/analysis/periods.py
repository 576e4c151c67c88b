"""The periods a result is cut into."""

from __future__ import annotations

import numpy as np

from yutang.analysis.contract import EVER, Context, RangeParams, whole_days
from yutang.sequence.calendar import period_edges
from yutang.sequence.files import frozen


def range_periods(context: Context, params: RangeParams, unit: str) -> tuple[np.ndarray, list[str]]:
    """Edges (int64, one more than periods) and labels of the range; one unnamed for `total`."""
    if unit == "total":
        first, last = params.moments(context.shards.zone)
        return frozen(np.array([first, min(last, EVER[1] - 1) + 1], np.int64)), [""]
    edges, labels = period_edges(*whole_days(context, params), unit, context.shards.zone)
    return frozen(edges), labels
