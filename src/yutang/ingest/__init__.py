"""Intake: facts become durable exactly once, and what does not fit is kept, shown, repaired."""

from yutang.ingest.commit import (
    Committer,
    Prepared,
    changed_since,
    facts_version,
    totals,
    unfinished,
)
from yutang.ingest.records import Misfit

__all__ = [
    "Committer",
    "Misfit",
    "Prepared",
    "changed_since",
    "facts_version",
    "totals",
    "unfinished",
]
