"""Segments 人群: people kept under a name.

A static segment is a list that stays: its people came from a cell of an analysis, a list of
customers, a file of identifiers or other segments. Each refresh makes a version; every version
follows merges and splits, and an erased person leaves all of them.
"""

from yutang.segments.origins import Origin, of_list, unreadable
from yutang.segments.repository import EPOCH, forget, names_with
from yutang.segments.rules import ATTRIBUTE, HOWS, PROPERTY, used_in
from yutang.segments.service import Look, Overlap, Segment, Segments, Version

__all__ = [
    "ATTRIBUTE",
    "EPOCH",
    "HOWS",
    "PROPERTY",
    "Look",
    "Origin",
    "Overlap",
    "Segment",
    "Segments",
    "Version",
    "forget",
    "names_with",
    "of_list",
    "unreadable",
    "used_in",
]
