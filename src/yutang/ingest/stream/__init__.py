"""Tracked events on their way from the journal to the lake."""

from yutang.ingest.stream.intake import StreamIntake, Waiting
from yutang.ingest.stream.replay import StreamReplays, is_record
from yutang.ingest.stream.settings import StreamSettings

__all__ = ["StreamIntake", "StreamReplays", "StreamSettings", "Waiting", "is_record"]
