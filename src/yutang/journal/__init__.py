"""The journal of one brand: requests as they came, durable before they are answered.

Receivers append to segment files of their own (`SegmentWriter`); the one worker reads them in the
order of their names, commits what they hold and removes them (`segments`, `read`, `is_live`,
`remove`), or blanks what must not stay (`blank`). The bytes are described in `frames`.
"""

from yutang.journal.blanking import blank, is_blank
from yutang.journal.reader import Backlog, backlog, is_live, next_frame, read, remove, segments
from yutang.journal.writer import Disk, Group, SegmentWriter, Volume

__all__ = [
    "Backlog",
    "Disk",
    "Group",
    "SegmentWriter",
    "Volume",
    "backlog",
    "blank",
    "is_blank",
    "is_live",
    "next_frame",
    "read",
    "remove",
    "segments",
]
