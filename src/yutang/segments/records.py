"""What others see of a segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap

from yutang.reports import Report
from yutang.segments.origins import Origin, can_refresh
from yutang.segments.repository import Row


@dataclass(frozen=True)
class Segment:
    """people: how many there are today. at, facts_version: of the newest version. Times UTC ms."""

    id: int
    name: str
    description: str
    people: int
    origin: Origin | None
    at: int
    facts_version: int
    by: str
    created_by: str
    created_at: int
    changed_at: int
    archived_at: int | None
    kind: str = "static"  # or dynamic: asked again whenever facts came

    @property
    def rule(self) -> dict[str, Any] | None:
        """The tree it is made by; None where there is none."""
        found = (self.origin or {}).get("rule")
        return dict(found) if isinstance(found, dict) else None

    @property
    def can_refresh(self) -> bool:
        return can_refresh(self.origin) and self.archived_at is None


@dataclass(frozen=True)
class Version:
    """One state of a segment. size: people when it was made (less who was erased since)."""

    id: int
    at: int
    facts_version: int
    size: int
    origin: Origin | None
    by: str


@dataclass(frozen=True)
class Overlap:
    """Another segment beside one. shared: people in both; jaccard: shared / all of both (0-1)."""

    other: Segment
    shared: int
    jaccard: float


@dataclass(frozen=True)
class Look:
    """A segment with all that hangs on it. overlaps: the most alike first; reports, children:
    saved reports that ask about it, and segments that were made of it."""

    segment: Segment
    people: BitMap
    versions: list[Version]
    overlaps: list[Overlap]
    reports: list[Report]
    children: list[Segment]


def segment_of(row: Row, people: BitMap) -> Segment:
    """A row and who is in it today."""
    return Segment(
        id=row.id,
        name=row.name,
        description=row.description,
        people=len(people),
        origin=row.origin,
        at=row.at,
        facts_version=row.facts_version,
        by=row.by,
        created_by=row.created_by,
        created_at=row.created_at,
        changed_at=row.changed_at,
        archived_at=row.archived_at,
        kind=row.kind,
    )
