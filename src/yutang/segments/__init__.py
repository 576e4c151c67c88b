"""Segments 人群: people kept under a name.

A static segment is a list that stays: its people came from a cell of an analysis, a list of
customers, a file of identifiers, other segments or a rule (tree.py). A dynamic one has a rule that
is asked again whenever facts came. Each refresh makes a version; every version follows merges and
splits, and an erased person leaves all of them. Who entered and left is kept.
"""

from yutang.segments.comparing import (
    MOST_AT_ONCE,
    SMALL,
    Combination,
    Difference,
    combinations,
    differences,
)
from yutang.segments.deciding import Counted, Rules
from yutang.segments.living import Change, Living, Refreshed
from yutang.segments.origins import Origin, of_list, unreadable
from yutang.segments.person import Why
from yutang.segments.records import Look, Overlap, Segment, Version
from yutang.segments.repository import EPOCH, forget, names_with
from yutang.segments.rules import ATTRIBUTE, HOWS, PROPERTY, used_in
from yutang.segments.service import Segments
from yutang.segments.tree import KINDS, MEASURES, read_rule

__all__ = [
    "ATTRIBUTE",
    "EPOCH",
    "HOWS",
    "KINDS",
    "MEASURES",
    "MOST_AT_ONCE",
    "PROPERTY",
    "SMALL",
    "Change",
    "Combination",
    "Counted",
    "Difference",
    "Living",
    "Look",
    "Origin",
    "Overlap",
    "Refreshed",
    "Rules",
    "Segment",
    "Segments",
    "Version",
    "Why",
    "combinations",
    "differences",
    "forget",
    "names_with",
    "of_list",
    "read_rule",
    "unreadable",
    "used_in",
]
