"""What the demo writes: files for the importers, and how each is to be imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

Progress = Callable[[str, float], None]
"""Called with a step's English name and the finished share, 0-1."""


@dataclass(frozen=True)
class DemoFile:
    """One written file. For orders: the preset to import it with, and the shops in it, each as
    (platform, shop, domain); none where the rows alone name them. `rows` counts lines or events."""

    path: Path
    kind: Literal["orders", "events"]
    rows: int
    preset: str | None = None
    shops: tuple[tuple[str, str, str], ...] = ()


def quiet(step: str, share: float) -> None:
    """Report progress to nobody."""


def write_parquet(table: pa.Table, path: Path) -> int:
    """Write `table`; readers see plain text columns whatever the memory layout was. Rows."""
    # One dictionary for a column: with several, the writer may choose differently each time.
    table = table.unify_dictionaries().combine_chunks()
    pq.write_table(table, path, compression="zstd", store_schema=False)
    return int(table.num_rows)
