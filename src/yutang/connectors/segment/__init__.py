"""Segment and RudderStack libraries: one message model, two dialects. protocols.md §2.1, §2.2."""

from yutang.connectors.segment.protocol import SEGMENT

__all__ = ["SEGMENT"]
