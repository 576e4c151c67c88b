"""Segments of one brand: made, kept in versions, combined, and given to every analysis."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap

from yutang.customers import Customers
from yutang.errors import BadInput, Conflict, NotFound
from yutang.identity import Identities, lists
from yutang.identity.lists import Matched
from yutang.ingest import note_due
from yutang.reports import Report, Reports
from yutang.segments import repository, rules
from yutang.segments.deciding import Grounds, Rules
from yutang.segments.origins import MetricPeople, MovedPeople, Origin, Origins, Others, parents
from yutang.segments.records import Look, Overlap, Segment, Version, segment_of
from yutang.segments.repository import Row
from yutang.segments.tree import read_rule, to_json
from yutang.sequence import ShardSet
from yutang.sequence.source import Attribute
from yutang.workspace import Workspace


@dataclass(frozen=True)
class _Held:
    """What was read last: rows, and the newest people of each, merges followed."""

    stamp: tuple[int, ...]
    rows: dict[int, Row]
    people: dict[int, BitMap]


class Segments:
    """Segments of one brand. metric: gives the people behind a metric of a period; moved: who went
    from a layer to another between two runs; tagged, consenting: people by tag, by purpose and
    state; others: by kind of origin, what features above this one know."""

    def __init__(
        self,
        workspace: Workspace,
        identities: Identities,
        customers: Callable[[], Customers],
        shards: Callable[[], ShardSet],
        metric: MetricPeople,
        moved: MovedPeople,
        tagged: Callable[[int], BitMap] | None = None,
        consenting: Callable[[str, str], BitMap] | None = None,
        others: Others | None = None,
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._customers = customers
        self._reports = Reports(workspace)
        ground = Grounds(
            customers, shards, workspace.zone, lambda one: self._people_of(one, 0),
            lambda origin: self.origins.people(origin), tagged, consenting,
        )  # fmt: skip
        self.rules = Rules(ground)
        self.origins = Origins(
            shards,
            customers,
            metric,
            moved,
            self._people_of,
            self._combine,
            self.rules.people,
            self.changed,
            others or {},
        )
        self._lock = threading.Lock()
        self._held = _Held((), {}, {})
        self._attribute: tuple[dict[int, BitMap], Attribute | None] = ({}, None)

    # --- asking ------------------------------------------------------------------------------
    def list_(self, *, archived: bool = False) -> list[Segment]:
        """Those in use, newest first; or the archived ones."""
        held = self._now()
        rows = held.rows.values()
        return [
            segment_of(r, held.people[r.id])
            for r in rows
            if (r.archived_at is not None) == archived
        ]

    def get(self, segment_id: int) -> Segment:
        """Raises NotFound."""
        held = self._now()
        if segment_id not in held.rows:
            raise NotFound("There is no such segment.", hint="The list of segments has them all.")
        return segment_of(held.rows[segment_id], held.people[segment_id])

    def find(self, name: str) -> Segment:
        """By its name, or by its number. Raises NotFound."""
        for one in self.list_():
            if name in (one.name, str(one.id)):
                return one
        raise NotFound("There is no segment %(name)s.", name=repr(name))

    def names(self) -> dict[str, str]:
        """Number, as text → name; of all, archived ones too."""
        return {str(row.id): row.name for row in self._now().rows.values()}

    def people(self, segment_id: int, version: int = 0) -> BitMap:
        """Who is in it today; of a version (0 = the newest). Raises NotFound."""
        self.get(segment_id)
        return self._people_of(segment_id, version).copy()

    def several(self, ids: Sequence[int]) -> list[BitMap]:
        """Who is in each of these today; nobody where there is none. Do not change them."""
        held = self._now()
        return [held.people.get(id_, BitMap()) for id_ in ids]

    def of_customer(self, customer: int) -> list[tuple[int, str]]:
        """(number, name) of the segments in use that somebody is in today, newest first."""
        held = self._now()
        return [
            (row.id, row.name)
            for row in held.rows.values()
            if row.archived_at is None and customer in held.people[row.id]
        ]

    def versions(self, segment_id: int) -> list[Version]:
        """Newest first."""
        with self._workspace.db.read() as connection:
            rows = repository.versions(connection, segment_id)
        return [Version(r.id, r.at, r.facts_version, r.size, r.origin, r.by) for r in rows]

    def changed(self, change_id: int) -> tuple[BitMap, BitMap]:
        """Who entered and who left at one time: today's customer numbers. Raises NotFound."""
        with self._workspace.db.read() as connection:
            found = repository.changed(connection, change_id)
            if found is None:
                raise NotFound("There is no such change of a segment.")
            follow = self._identities.survivors.follower(connection)
            return follow(found[0]), follow(found[1])

    def look(self, segment_id: int) -> Look:
        """Everything about one segment. Raises NotFound."""
        segment, held = self.get(segment_id), self._held
        reports, children = self.used_by().get(segment_id, ([], []))
        mine = held.people.get(segment_id, BitMap())
        versions = self.versions(segment_id)
        return Look(segment, mine, versions, _overlaps(segment_id, held), reports, children)

    def used_by(self) -> dict[int, tuple[list[Report], list[Segment]]]:
        """Segment → saved reports that ask about it, and segments that were made of it."""
        found: dict[int, tuple[list[Report], list[Segment]]] = {}
        for report in self._reports.list_():
            for text in rules.used_in(report.params):
                if text.isdigit():
                    found.setdefault(int(text), ([], []))[0].append(report)
        for one in self.list_():
            for id_ in parents(one.origin):
                found.setdefault(id_, ([], []))[1].append(one)
        return found

    def attribute(self) -> Attribute | None:
        """The customer attribute of the segments in use; the same object until one changes."""
        held = self._now()
        used = [row.id for row in held.rows.values() if row.archived_at is None]
        people = {id_: held.people[id_] for id_ in used}
        with self._lock:  # a merge of others changes the stamp, and nobody's segments
            if self._attribute[0] != people:
                self._attribute = (people, rules.attribute_of(people))
            return self._attribute[1]

    # --- making ------------------------------------------------------------------------------
    def create(
        self,
        name: str,
        people: BitMap,
        origin: Origin,
        *,
        by: str,
        description: str = "",
        kind: str = "static",
    ) -> Segment:
        """Raises BadInput for a bad name, for nobody in a static one; Conflict for a known name."""
        if not people and kind == "static":
            raise BadInput("Nobody is in it.", hint="A segment has at least one customer.")
        name, text = rules.checked_name(name), rules.checked_description(description)
        self._check_free(name)
        if len(self.list_()) >= rules.MOST_SEGMENTS:
            raise BadInput(
                "There are %(n)d segments already.",
                hint="Archive those that nobody uses any more.",
                n=rules.MOST_SEGMENTS,
            )
        at, facts = self._workspace.now(), self.facts_version()
        with self._workspace.db.write() as connection:
            made = repository.add(connection, name=name, description=text, by=by, at=at, kind=kind)
            repository.add_version(
                connection, made, people, origin=origin, facts_version=facts, by=by, at=at
            )
            repository.add_change(connection, made, BitMap(), people, facts=facts, at=at)
            repository.next_epoch(connection)
        return self.get(made)

    def create_by_rule(
        self, name: str, tree: Any, *, by: str, description: str = "", dynamic: bool = True
    ) -> Segment:
        """A new segment of those who fulfil a rule; dynamic: it is asked again by itself."""
        origin = {"kind": "rule", "rule": to_json(read_rule(tree))}
        kind = "dynamic" if dynamic else "static"
        return self.create(
            name, self.origins.people(origin), origin, by=by, description=description, kind=kind
        )

    def change_rule(self, segment_id: int, tree: Any, *, by: str, dynamic: bool) -> Segment:
        """Another rule: a new version. Raises BadInput for one that asks about the segment
        itself, also by way of others."""
        one = self.get(segment_id)
        if one.archived_at is not None:
            raise BadInput("This segment is archived.", hint="Restore it first.")
        origin = {"kind": "rule", "rule": to_json(read_rule(tree))}
        if segment_id in self._ancestors(origin):
            raise BadInput(
                "The rule of “%(name)s” asks about itself.",
                hint="Take the condition on this segment out.",
                name=one.name,
            )
        people = self.origins.people(origin)
        kind = "dynamic" if dynamic else "static"
        if origin != one.origin or kind != one.kind:
            self.renew(segment_id, people, origin, by, kind=kind)
        return self.get(segment_id)

    def _ancestors(self, origin: Origin | None) -> set[int]:
        """All segments by which it is made, near and far."""
        found: set[int] = set()
        waiting = list(parents(origin))
        rows = self._now().rows
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += parents(rows[one].origin) if one in rows else []
        return found

    def create_from(self, name: str, origin: Origin, *, by: str, description: str = "") -> Segment:
        """A new segment of the people behind an origin. Raises as `create`, and as the model."""
        return self.create(
            name, self.origins.people(origin), origin, by=by, description=description
        )

    def match(self, text: str, kind: str = "") -> Matched:
        """Whom a list of identifiers means, one a line. Raises BadInput, also for nobody."""
        find = self._identities.find_customers
        return lists.match(lists.read_lines(text), kind, find, self._existing)

    def match_all(self, identifiers: list[str], kind: str = "") -> Matched:
        """The same of a list in memory; "lines" are its places, from 1."""
        lines = [(n, text.strip()) for n, text in enumerate(identifiers, start=1)]
        return lists.match(lines, kind, self._identities.find_customers, self._existing)

    def combine(self, name: str, how: str, a: int, b: int, *, by: str) -> Segment:
        """A new segment: union, intersection, or the first minus the second."""
        origin = {"kind": "combined", "how": how, "a": a, "b": b}
        return self.create_from(name, origin, by=by)

    # --- changing ----------------------------------------------------------------------------
    def change(
        self, segment_id: int, *, name: str | None = None, description: str | None = None
    ) -> Segment:
        """Raises NotFound, BadInput, Conflict."""
        self.get(segment_id)
        values = {}
        if name is not None:
            values["name"] = rules.checked_name(name)
            self._check_free(values["name"], but=segment_id)
        if description is not None:
            values["description"] = rules.checked_description(description)
        return self._write(segment_id, values)

    def archive(self, segment_id: int) -> Segment:
        """Take it out of use: pickers and filters do not know it any more."""
        self.get(segment_id)
        return self._write(segment_id, {"archived_at": self._workspace.now()})

    def restore(self, segment_id: int) -> Segment:
        """Bring an archived one back. Raises Conflict where its name is taken by now."""
        self._check_free(self.get(segment_id).name, but=segment_id)
        return self._write(segment_id, {"archived_at": None})

    def refresh(self, segment_id: int, *, by: str) -> Segment:
        """A new version: who is behind the same origin today. Raises BadInput for a list."""
        one = self.get(segment_id)
        if one.archived_at is not None:
            raise BadInput("This segment is archived.", hint="Restore it first.")
        people = self.origins.people(one.origin or {})
        self.renew(segment_id, people, one.origin, by)
        return self.get(segment_id)

    def go_back(self, segment_id: int, version: int, *, by: str) -> Segment:
        """The people of an earlier version again, as a new one. Raises NotFound."""
        rows = [one for one in self.versions(segment_id) if one.id == version]
        if not rows:
            raise NotFound("There is no such version of this segment.")
        people = self._people_of(segment_id, version)
        self.renew(segment_id, people.copy(), rows[0].origin, by, facts=rows[0].facts_version)
        return self.get(segment_id)

    # --- inside ------------------------------------------------------------------------------
    def _now(self) -> _Held:
        """Everything as it stands; read anew when a segment, a merge or a split changed it."""
        with self._workspace.db.read() as connection:
            stamp = self._identities.survivors.stamp(connection, repository.EPOCH)
            with self._lock:
                if self._held.stamp == stamp:
                    return self._held
            rows = repository.all_(connection)
            stored = repository.people_of(connection, [row.version for row in rows])
            follow = self._identities.survivors.follow
            people = {row.id: follow(connection, stored[row.version]) for row in rows}
        held = _Held(stamp, {row.id: row for row in rows}, people)
        with self._lock:
            self._held = held
        return held

    def _people_of(self, segment_id: int, version: int) -> BitMap:
        held = self._now()
        if segment_id not in held.rows:
            raise NotFound("There is no such segment.", hint="The list of segments has them all.")
        if version in (0, held.rows[segment_id].version):
            return held.people[segment_id]
        with self._workspace.db.read() as connection:
            known = {row.id for row in repository.versions(connection, segment_id)}
            if version not in known:
                raise NotFound("There is no such version of this segment.")
            stored = repository.people_of(connection, [version])[version]
            return self._identities.survivors.follow(connection, stored)

    def _combine(self, how: str, a: int, b: int) -> BitMap:
        return rules.combined(how, self._people_of(a, 0), self._people_of(b, 0))

    def _existing(self, ids: BitMap) -> BitMap:
        """Those of these customer numbers that there are, merges followed."""
        with self._workspace.db.read() as connection:
            followed = self._identities.survivors.follow(connection, ids)
        alive = self._customers().snapshot().people.alive
        inside = [one for one in followed if one < len(alive) and alive[one]]
        return BitMap(inside)

    def facts_version(self) -> int:
        """At which customers stand now."""
        return self._customers().snapshot().version

    def _check_free(self, name: str, but: int = 0) -> None:
        for one in self.list_():
            if one.id != but and one.name.casefold() == name.casefold():
                raise Conflict("There is a segment “%(name)s” already.", name=name)

    def _write(self, segment_id: int, values: Mapping[str, object]) -> Segment:
        with self._workspace.db.write() as connection:
            repository.change(connection, segment_id, self._workspace.now(), **values)
            repository.next_epoch(connection)
        return self.get(segment_id)

    def renew(
        self,
        segment_id: int,
        people: BitMap,
        origin: Origin | None,
        by: str,
        *,
        facts: int | None = None,
        **values: str,
    ) -> None:
        """A new version with these people, as of a facts version (now's); values: columns of the
        segment that change with it."""
        facts = self.facts_version() if facts is None else facts
        at, before = self._workspace.now(), self._people_of(segment_id, 0)
        with self._workspace.db.write() as connection:
            repository.add_version(
                connection, segment_id, people, origin=origin, facts_version=facts, by=by, at=at
            )
            repository.add_change(connection, segment_id, before, people, facts=facts, at=at)
            rows = repository.versions(connection, segment_id)
            repository.drop_versions(connection, [r.id for r in rows[rules.MOST_VERSIONS :]])
            repository.change(connection, segment_id, at, **values)
            repository.next_epoch(connection)
            note_due(connection)


def _overlaps(segment_id: int, held: _Held) -> list[Overlap]:
    """Every other segment in use that shares people with it."""
    mine = held.people.get(segment_id, BitMap())
    found = []
    for row in held.rows.values():
        theirs = held.people[row.id]
        shared = mine.intersection_cardinality(theirs)
        if row.id != segment_id and row.archived_at is None and shared:
            whole = len(mine) + len(theirs) - shared
            found.append(Overlap(segment_of(row, theirs), shared, shared / whole))
    return sorted(found, key=lambda one: (-one.jaccard, one.other.id))
