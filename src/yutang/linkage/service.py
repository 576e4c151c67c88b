"""Suggestions of who may be one person: found by a model, decided by people, never by themselves.

A suggestion joins nobody. "Same person" goes the way of every decision by hand (identity/hands.py),
with its reason, and can be undone; "different people" is remembered, so that the pair is never
suggested again, whoever either of them is merged with later.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from yutang.attributes import Attributes
from yutang.errors import BadInput, Conflict, NotFound
from yutang.identity import HandRequest, HandRequests, mask
from yutang.ingest import get_meta, set_meta
from yutang.linkage import repository
from yutang.linkage.evaluation import Band, bands_of
from yutang.linkage.fields import ALIASES, COLUMNS, meaning_of, record_of
from yutang.linkage.matching import Pair, match
from yutang.linkage.repository import Row
from yutang.workspace import Workspace

STATES = ("open", "joined", "apart", "stale")
THRESHOLD = 0.8
LOWEST = 0.5
MOST_KEPT = 10_000
_LAST = "linkage_run"
_FEWEST = 2  # columns of a record that is compared at all


@dataclass(frozen=True)
class Suggestion:
    """Two customers who may be one person, by their numbers of today. weight: log2 of the odds;
    evidence: field → same, alike …, differs, unknown; at, decided_at: UTC ms."""

    id: int
    a: int
    b: int
    probability: float
    weight: float
    evidence: dict[str, str]
    status: str
    at: int
    decided_by: str
    decided_at: int | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Run:
    """One search. people: customers compared; fields: by what; found: pairs at or above the
    threshold; new: of them suggested for the first time; left_out: what was too common to compare
    by."""

    at: int
    threshold: float
    people: int
    fields: tuple[str, ...]
    found: int
    new: int
    left_out: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Suggestions:
    """Suggestions of one brand."""

    def __init__(
        self, workspace: Workspace, attributes: Attributes, hand_requests: HandRequests
    ) -> None:
        self._workspace = workspace
        self._attributes = attributes
        self._hand_requests = hand_requests

    # --- the command line ----------------------------------------------------------------------
    def run(self, threshold: float = THRESHOLD) -> Run:
        """Search for pairs and keep them; what was decided stays so. Raises BadInput where Splink
        is not installed, or there is too little to compare."""
        if not LOWEST <= threshold < 1:
            raise BadInput("The threshold lies between 0.5 and 1.", hint="Such as 0.8.")
        started = time.perf_counter()
        with self._workspace.db.read() as connection:
            records = self._records(connection)
        found = match(records, threshold)
        at = self._workspace.now()
        with self._workspace.db.write() as connection:
            kept, new = _keep(connection, found.pairs, at)
            run = Run(
                at, threshold, found.records, found.fields, kept, new,
                tuple("+".join(block) for block in found.left_out),
                round(time.perf_counter() - started, 3),
            )  # fmt: skip
            set_meta(connection, _LAST, json.dumps(run.to_json()))
        return run

    # --- asking --------------------------------------------------------------------------------
    def last_run(self) -> Run | None:
        with self._workspace.db.read() as connection:
            text = get_meta(connection, _LAST)
        if not text:
            return None
        told = json.loads(text)
        lists = {name: tuple(told[name]) for name in ("fields", "left_out")}
        return Run(**{**told, **lists})

    def list_(self, status: str = "open") -> list[Suggestion]:
        """The most probable first. Raises BadInput for an unknown status."""
        if status not in STATES:
            raise BadInput("Choose open, joined, apart or stale.")
        return [one for one in self.all_() if one.status == status]

    def all_(self) -> list[Suggestion]:
        """Every one as it stands today, the most probable first."""
        with self._workspace.db.read() as connection:
            rows = repository.all_(connection)
        return [_suggestion(row) for row in rows]

    def get(self, suggestion_id: int) -> Suggestion:
        """Raises NotFound."""
        found = next((one for one in self.all_() if one.id == suggestion_id), None)
        if found is None:
            raise NotFound("There is no suggestion %(id)s.", id=suggestion_id)
        return found

    def sides(self, customers: Sequence[int]) -> dict[int, dict[str, str]]:
        """Customer → field → what is said of him, phones and addresses masked: for a page to show
        side by side what was compared."""
        with self._workspace.db.read() as connection:
            said = list(self._attributes.said(connection, tuple(ALIASES), list(customers)))
        found: dict[int, dict[str, str]] = {}
        for customer, values in said:
            mine = found.setdefault(customer, {})
            for name, value in values.items():
                field = {"surname": "name", "given": "name"}.get(meaning_of(name), meaning_of(name))
                text = str(mask(str(value)))
                if text not in mine.get(field, ""):
                    mine[field] = f"{mine[field]} {text}" if field in mine else text
        return found

    # --- deciding ------------------------------------------------------------------------------
    def join(self, suggestion_id: int, *, note: str, by: str, ip: str = "") -> HandRequest:
        """They are one person: ask the writer to merge them. Raises NotFound, Conflict where that
        was decided, BadInput without a reason."""
        one = self._undecided(suggestion_id)
        asked = self._hand_requests.link(one.a, one.b, note=note, by=by, ip=ip)
        self._decide(one, "joined", by, asked.id)
        return asked

    def keep_apart(self, suggestion_id: int, *, by: str) -> Suggestion:
        """They are different people: never suggest them again. Raises NotFound, Conflict."""
        one = self._undecided(suggestion_id)
        self._decide(one, "apart", by, None)
        return self.get(suggestion_id)

    def reopen(self, suggestion_id: int) -> Suggestion:
        """Take "different people" back. Raises NotFound, Conflict where that was not said."""
        one = self.get(suggestion_id)
        if one.status != "apart":
            raise Conflict("Only what was kept apart can be asked again.")
        with self._workspace.db.write() as connection:
            values = {"status": "open", "request": None, "decided_by": "", "decided_at": None}
            repository.change(connection, [one.id], **values)
        return self.get(suggestion_id)

    def observed(self) -> list[Band]:
        """Share of the brand's own suggestions that were confirmed, by probability."""
        every = self.all_()
        return bands_of(
            (one.probability, one.status) for one in every if one.status in ("joined", "apart")
        )

    # --- inside --------------------------------------------------------------------------------
    def _undecided(self, suggestion_id: int) -> Suggestion:
        one = self.get(suggestion_id)
        if one.status == "stale":
            raise Conflict("This suggestion is out of date.", hint="Search again.")
        if one.status != "open":
            raise Conflict("This was decided already.")
        return one

    def _decide(self, one: Suggestion, status: str, by: str, request: int | None) -> None:
        with self._workspace.db.write() as connection:
            repository.change(
                connection, [one.id], status=status, decided_by=by,
                decided_at=self._workspace.now(), request=request,
            )  # fmt: skip

    def _records(self, connection: Connection) -> pa.Table:
        """One row a customer of whom at least two fields are known."""
        keyed = self._workspace.keyed_hash
        rows: dict[int, dict[str, str]] = {}
        for customer, said in self._attributes.said(connection, tuple(ALIASES)):
            words = {meaning_of(name): str(value) for name, value in said.items()}
            made = record_of(words)
            for kind in ("phone", "email"):  # as identities are kept
                if kind in made:
                    made[kind] = keyed(kind, made[kind])
            rows[customer] = made
        for customer, kind, value, tail in repository.known_by(connection):
            mine = rows.setdefault(customer, {})
            if kind not in mine:
                mine[kind] = value
                if kind == "phone" and tail:
                    mine["phone_tail"] = tail
        people = sorted(id_ for id_, row in rows.items() if len(row) >= _FEWEST)
        columns = {
            name: pa.array([rows[one].get(name) for one in people], pa.string()) for name in COLUMNS
        }
        return pa.table({"unique_id": pa.array(people, pa.int64()), **columns})


def _keep(connection: Connection, pairs: Iterable[Pair], at: int) -> tuple[int, int]:
    """Store pairs as they were found now: (how many, of them new). What waits and was not found
    again is stale."""
    rows = repository.all_(connection)
    known = {(row.a, row.b): row for row in rows}
    apart = {_now(row) for row in rows if _standing(row) == "apart"}
    seen: set[int] = set()
    fresh: list[dict[str, Any]] = []
    kept = 0
    for pair in pairs:
        if (pair.a, pair.b) in apart:
            continue
        kept += 1
        if kept > MOST_KEPT:
            kept = MOST_KEPT
            break
        values = {"weight": round(pair.weight * 1000), "evidence": pair.evidence, "at": at}
        row = known.get((pair.a, pair.b))
        if row is None:
            fresh.append({"a": pair.a, "b": pair.b, "status": "open", **values})
        elif _standing(row) in ("open", "stale"):
            seen.add(row.id)
            values |= {"status": "open", "request": None}
            repository.change(connection, [row.id], **values)
        else:  # joined, and not carried out yet
            seen.add(row.id)
    gone = [row.id for row in rows if row.status == "open" and row.id not in seen]
    repository.change(connection, gone, status="stale")
    repository.add(connection, fresh)
    return kept, len(fresh)


def _standing(row: Row) -> str:
    """What a suggestion is today: a merge that was refused is open again, one that was undone says
    that they are different; an open one is stale where one is gone, or both are one by now."""
    if row.status == "joined":
        if row.request == "refused":
            return "open"
        return "apart" if row.revoked_at is not None else "joined"
    if row.status == "open" and (None in (row.now_a, row.now_b) or row.now_a == row.now_b):
        return "stale"
    return row.status


def _now(row: Row) -> tuple[int, int]:
    """The two by their numbers of today, where they are there."""
    a, b = row.now_a or row.a, row.now_b or row.b
    return min(a, b), max(a, b)


def _suggestion(row: Row) -> Suggestion:
    weight = row.weight / 1000
    a, b = _now(row)
    if a == b:  # one by now: said of the two that they were
        a, b = row.a, row.b
    return Suggestion(
        row.id, a, b, 1 / (1 + 2 ** -min(weight, 1000.0)), weight, row.evidence, _standing(row),
        row.at, row.decided_by, row.decided_at,
    )  # fmt: skip
