"""Intake: facts become durable exactly once, and what does not fit is kept, shown, repaired."""

from yutang.ingest.claims import claim
from yutang.ingest.commit import (
    Committer,
    Prepared,
    changed_since,
    facts_version,
    totals,
    unfinished,
)
from yutang.ingest.dictionary import EventName, Property, names, properties, register_projected
from yutang.ingest.event_import import EventImports
from yutang.ingest.events import ARRIVAL_BITS, EventIntake
from yutang.ingest.imports import Import, Imports, Progress, source_of
from yutang.ingest.records import Misfit
from yutang.ingest.undo import undo

__all__ = [
    "ARRIVAL_BITS",
    "Committer",
    "EventImports",
    "EventIntake",
    "EventName",
    "Import",
    "Imports",
    "Misfit",
    "Prepared",
    "Progress",
    "Property",
    "changed_since",
    "claim",
    "facts_version",
    "names",
    "properties",
    "register_projected",
    "source_of",
    "totals",
    "undo",
    "unfinished",
]
