"""Intake: facts become durable exactly once, and what does not fit is kept, shown, repaired."""

from yutang.ingest.brand_meta import SEGMENTS_DUE, get_meta, note_due, set_meta
from yutang.ingest.claims import claim
from yutang.ingest.commit import (
    Committer,
    Prepared,
    changed_since,
    facts_version,
    kinds_since,
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
from yutang.ingest.quarantine import Progress as RepairProgress
from yutang.ingest.records import Misfit
from yutang.ingest.repair import RENAMED, VALUE_REASONS, ValueRepairs, is_value
from yutang.ingest.sources import Source, Sources, WriteKey
from yutang.ingest.stream import StreamIntake, StreamReplays, StreamSettings, is_record
from yutang.ingest.undo import undo
from yutang.ingest.waiting_words import NewName, WaitingName, WaitingWords
from yutang.ingest.word_list import EventLine, PropertyLine, Show, WordList
from yutang.ingest.word_rules import Change, DictionaryRules
from yutang.ingest.word_volumes import WordVolumes
from yutang.ingest.words import Dictionary, Example

__all__ = [
    "ARRIVAL_BITS",
    "FINISHED",
    "RENAMED",
    "SEGMENTS_DUE",
    "VALUE_REASONS",
    "Change",
    "Committer",
    "Dictionary",
    "DictionaryRules",
    "EventImports",
    "EventIntake",
    "EventLine",
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
    "NewName",
    "Planned",
    "Prepared",
    "Progress",
    "Property",
    "PropertyLine",
    "Quarantine",
    "QuarantineRow",
    "RepairProgress",
    "SavedMapping",
    "Show",
    "Source",
    "SourceHealth",
    "Sources",
    "StreamIntake",
    "StreamReplays",
    "StreamSettings",
    "TableHealth",
    "ValueRepairs",
    "Volumes",
    "WaitingName",
    "WaitingWords",
    "WordList",
    "WordVolumes",
    "WriteKey",
    "carry_out",
    "changed_since",
    "claim",
    "facts_version",
    "get_meta",
    "is_record",
    "is_value",
    "kinds_since",
    "moved_by_events",
    "names",
    "next_version",
    "note_change",
    "note_due",
    "plan",
    "planned",
    "properties",
    "recount",
    "register_projected",
    "set_meta",
    "source_of",
    "totals",
    "undo",
    "unfinished",
]
