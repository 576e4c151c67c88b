"""Events arriving now, and tests of whether they do."""

from yutang.ingest.live.mending import event_of, is_read, shown_record, typed_record
from yutang.ingest.live.records import Came, LiveRecord, Problem
from yutang.ingest.live.self_test import ENDED_WAIT_MS, Answer, Outcome, SelfTest
from yutang.ingest.live.service import MOST, Ask, Live, Look, Waiting

__all__ = [
    "ENDED_WAIT_MS",
    "MOST",
    "Answer",
    "Ask",
    "Came",
    "Live",
    "LiveRecord",
    "Look",
    "Outcome",
    "Problem",
    "SelfTest",
    "Waiting",
    "event_of",
    "is_read",
    "shown_record",
    "typed_record",
]
