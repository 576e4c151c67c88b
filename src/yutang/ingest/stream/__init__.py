"""Tracked events on their way from the journal to the lake."""

from yutang.ingest.stream.intake import StreamIntake, Waiting
from yutang.ingest.stream.settings import StreamSettings

__all__ = ["StreamIntake", "StreamSettings", "Waiting"]
