"""The lake: facts, append-only, in Delta Lake tables that any engine can read."""

from yutang.lake.conditions import (
    Condition,
    Predicate,
    arrow_of,
    at_least,
    below,
    none_of,
    one_of,
)
from yutang.lake.key_index import KeyIndex
from yutang.lake.keys import Keys
from yutang.lake.lake import IMPORTED, TABLES, Lake

__all__ = [
    "IMPORTED",
    "TABLES",
    "Condition",
    "KeyIndex",
    "Keys",
    "Lake",
    "Predicate",
    "arrow_of",
    "at_least",
    "below",
    "none_of",
    "one_of",
]
