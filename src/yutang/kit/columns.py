"""Small vectorised helpers over Arrow columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from yutang.kit.clock import iso_of_day_number


def iso_days(days: np.ndarray) -> pa.Array:
    """Day numbers (int32, days since 1970) as ISO text, each distinct day written once."""
    distinct, index = np.unique(days, return_inverse=True)
    texts = pa.array([iso_of_day_number(day) for day in distinct], pa.string())
    return pa.DictionaryArray.from_arrays(index.astype(np.int32), texts).cast(pa.string())
