"""The lake: facts, append-only, in Delta Lake tables that any engine can read."""

from yutang.lake.keys import KeyIndex, Keys
from yutang.lake.lake import TABLES, Lake

__all__ = ["TABLES", "KeyIndex", "Keys", "Lake"]
