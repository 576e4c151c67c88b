"""Dynamic segments: asked again whenever facts came, and who entered and left."""

from __future__ import annotations

from dataclasses import dataclass

from yutang.errors import YutangError
from yutang.ingest import SEGMENTS_DUE, get_meta, set_meta
from yutang.kit.clock import DAY_MS, iso_day
from yutang.segments import repository
from yutang.segments.origins import parents
from yutang.segments.records import Segment
from yutang.segments.service import Segments
from yutang.workspace import Workspace

KEEP_DAYS = 400  # changes older than this are forgotten: a year beside the one before


@dataclass(frozen=True)
class Change:
    """Once that a segment was asked and somebody had come or gone. at: UTC ms; size: afterwards."""

    id: int
    at: int
    entered: int
    left: int
    size: int


@dataclass(frozen=True)
class Refreshed:
    """What became of a round. broken: segment → why it could not be asked."""

    asked: int
    changed: int
    broken: dict[int, YutangError]


class Living:
    """The dynamic segments of one brand."""

    def __init__(self, workspace: Workspace, segments: Segments) -> None:
        self._workspace = workspace
        self._segments = segments

    def refresh(self) -> Refreshed:
        """Ask those again that stand at older facts, or all where something else moved; those
        first that others are made of. One that cannot be asked any more (its tag is gone) keeps
        its people, and stays behind the facts, which its page says."""
        with self._workspace.db.write() as connection:
            due = get_meta(connection, SEGMENTS_DUE) == "1"
            set_meta(connection, SEGMENTS_DUE, "0")  # before: what moves meanwhile counts again
            repository.drop_changes(connection, self._workspace.now() - KEEP_DAYS * DAY_MS)
        facts = self._segments.facts_version()
        dynamic = {one.id: one for one in self._segments.list_() if one.kind == "dynamic"}
        asked, changed, broken = 0, 0, {}
        for one in _in_order(dynamic):
            if not due and one.facts_version == facts:
                continue
            try:
                asked, changed = asked + 1, changed + self._ask(one)
            except YutangError as error:
                broken[one.id] = error
        return Refreshed(asked, changed, broken)

    def _ask(self, one: Segment) -> bool:
        """Whether anybody came or went."""
        before = self._segments.people(one.id)
        people = self._segments.origins.people(one.origin or {})
        now, facts = self._workspace.now(), self._segments.facts_version()
        zone = self._workspace.zone
        same_day = iso_day(now, zone) == iso_day(one.at, zone)
        if people != before and not same_day:
            self._segments.renew(one.id, people, one.origin, one.created_by)
            return True
        with self._workspace.db.write() as connection:
            version = repository.versions(connection, one.id)[0]
            changed = people != before
            repository.renew_version(
                connection, version.id, people if changed else None, facts_version=facts, at=now
            )
            repository.add_change(connection, one.id, before, people, facts=facts, at=now)
            repository.next_epoch(connection)
        return changed

    def changes(self, segment_id: int, *, since: int = 0) -> list[Change]:
        """Newest first; since: only after that moment (UTC ms)."""
        with self._workspace.db.read() as connection:
            rows = repository.changes(connection, segment_id, since=since)
        return [Change(r.id, r.at, r.entered_size, r.left_size, r.size) for r in rows]


def _in_order(segments: dict[int, Segment]) -> list[Segment]:
    """Parents before their children."""
    out: list[Segment] = []
    seen: set[int] = set()

    def visit(one: Segment) -> None:
        if one.id in seen:
            return
        seen.add(one.id)
        for parent in sorted(parents(one.origin)):
            if parent in segments:
                visit(segments[parent])
        out.append(one)

    for one in sorted(segments.values(), key=lambda one: one.id):
        visit(one)
    return out
