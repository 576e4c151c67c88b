"""What our processes leave out stays out, and nothing misses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from yutang.kit.memory import give_back

PROGRAM = """
import sys
from yutang.kit.memory import without_pandas
without_pandas()
import duckdb, pyarrow, pyarrow.dataset, yutang.app, yutang.console
table = duckdb.sql("select 1 as a").arrow()
assert (table.read_all() if hasattr(table, "read_all") else table).to_pylist() == [{"a": 1}]
assert "pandas" not in sys.modules
try:
    import pandas
except ModuleNotFoundError:
    print("left out")
"""


@pytest.mark.slow
def test_a_process_does_without_pandas() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stdout.strip() == "left out", done.stderr


def test_memory_is_given_back_at_any_time() -> None:
    give_back()
