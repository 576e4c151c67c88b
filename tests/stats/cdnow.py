"""The CDNOW sample: purchases of 2,357 customers, 1997-01-01 to 1998-06-30."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from yutang.stats.purchases import cells_of, histories

FILE = Path(os.environ.get("YUTANG_SHARED", "../shared")) / "data/cdnow_sample/cdnow_sample.parquet"
needs_cdnow = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is not there")


def day(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


@lru_cache(maxsize=1)
def purchases():
    """(customer int64, day int64 since 1970, value float64) by transaction."""
    table = pq.read_table(FILE)
    days = np.asarray(table.column("date")).astype("datetime64[D]").astype(np.int64)
    return np.asarray(table.column("sample_id")), days, np.asarray(table.column("dollar_value"))


@lru_cache(maxsize=1)
def calibration():
    """(customers, x, recency, age, cells, cell of each customer) up to 1997-09-30."""
    customer, days, _ = purchases()
    who, x, recency, age = histories(customer, days, day("1997-09-30"))
    return who, x, recency, age, *cells_of(x, recency, age)


def repeat_days(first: str, last: str):
    """Purchase days of each customer within these days; int64 in the order of `calibration`."""
    customer, days, _ = purchases()
    inside = (days >= day(first)) & (days <= day(last))
    pairs = np.unique(np.column_stack([customer[inside], days[inside]]), axis=0)
    who = calibration()[0]
    return np.bincount(np.searchsorted(who, pairs[:, 0]), minlength=len(who))


def repeat_value():
    """Mean value of the repeat purchase days of the calibration time; 0 where there are none."""
    customer, days, value = purchases()
    inside = days <= day("1997-09-30")
    pairs, at = np.unique(
        np.column_stack([customer[inside], days[inside]]), axis=0, return_inverse=True
    )
    sums = np.bincount(at, value[inside])
    who, x = calibration()[:2]
    again = np.r_[False, pairs[1:, 0] == pairs[:-1, 0]]
    total = np.bincount(np.searchsorted(who, pairs[again, 0]), sums[again], minlength=len(who))
    return np.divide(total, x, out=np.zeros(len(who)), where=x > 0)
