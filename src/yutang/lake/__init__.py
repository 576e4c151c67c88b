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
from yutang.lake.keys import KeyIndex, Keys
from yutang.lake.lake import TABLES, Lake

__all__ = [
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
