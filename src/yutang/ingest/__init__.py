"""Intake: facts become durable exactly once, and what does not fit is kept, shown, repaired."""

from yutang.ingest.claims import claim
from yutang.ingest.commit import (
    Committer,
    Prepared,
    changed_since,
    facts_version,
    moved_by_events,
    totals,
    unfinished,
)
from yutang.ingest.dictionary import (
    EventName,
    Property,
    names,
    note_change,
    properties,
    recount,
    register_projected,
)
from yutang.ingest.event_import import EventImports
from yutang.ingest.events import ARRIVAL_BITS, EventIntake
from yutang.ingest.imports import FINISHED, Import, Imports, Progress, source_of
from yutang.ingest.intake_health import Intake, IntakeHealth, SourceHealth
from yutang.ingest.lake_health import LakeHealth, TableHealth, Volumes
from yutang.ingest.moves import Planned, carry_out, next_version, plan, planned
from yutang.ingest.presets import MappingPresets, SavedMapping
from yutang.ingest.quarantine import Group, Quarantine, QuarantineRow
from yutang.ingest.records import Misfit
from yutang.ingest.repair import ValueRepairs, is_value
from yutang.ingest.sources import Source, Sources, WriteKey
from yutang.ingest.stream import StreamIntake, StreamReplays, StreamSettings, is_record
from yutang.ingest.undo import undo
from yutang.ingest.word_rules import DictionaryRules
from yutang.ingest.words import Dictionary, Example

__all__ = [
    "ARRIVAL_BITS",
    "FINISHED",
    "Committer",
    "Dictionary",
    "DictionaryRules",
    "EventImports",
    "EventIntake",
    "EventName",
    "Example",
    "Group",
    "Import",
    "Imports",
    "Intake",
    "IntakeHealth",
    "LakeHealth",
    "MappingPresets",
    "Misfit",
    "Planned",
    "Prepared",
    "Progress",
    "Property",
    "Quarantine",
    "QuarantineRow",
    "SavedMapping",
    "Source",
    "SourceHealth",
    "Sources",
    "StreamIntake",
    "StreamReplays",
    "StreamSettings",
    "TableHealth",
    "ValueRepairs",
    "Volumes",
    "WriteKey",
    "carry_out",
    "changed_since",
    "claim",
    "facts_version",
    "is_record",
    "is_value",
    "moved_by_events",
    "names",
    "next_version",
    "note_change",
    "plan",
    "planned",
    "properties",
    "recount",
    "register_projected",
    "source_of",
    "totals",
    "undo",
    "unfinished",
]
