"""Records of trackers in quarantine, mended and brought again, as their source.

The worker does it, under the brand's writer lock. Rows in status `repairing` that name a replay
are one batch, so one that died half-way is made again of the same records; what became of each is
noted in the transaction that commits it, and the row is closed or comes back after the commit.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from yutang.catalog.reasons import BY_CODE
from yutang.catalog.records import Limits, Record, Request, TrackingProtocol
from yutang.errors import BadInput
from yutang.ingest.commit import Committer, Prepared
from yutang.ingest.events import ARRIVAL_BITS
from yutang.ingest.quarantine import Quarantine, QuarantineRow
from yutang.ingest.stream.arrived import arrange
from yutang.ingest.stream.decoding import Decoding, Taken
from yutang.ingest.stream.intake import commit
from yutang.ingest.stream.prepare import Preparing
from yutang.ingest.stream.quarantined import READ, record_of
from yutang.ingest.stream.segments import REPLAY
from yutang.ingest.stream.settings import load
from yutang.ingest.stream.source_names import SourceNames
from yutang.state.brand import commits, quarantine
from yutang.workspace import Workspace

MOST_ROWS = 10_000  # of one batch
ASIDE = ("quarantined", "late", "future", "rejected")
RequestOf = Callable[[str, Any, int], Request | None]  # protocol, raw record, received at


class StreamReplays:
    """Repairs whole records of one brand's stream."""

    def __init__(
        self,
        workspace: Workspace,
        committer: Committer,
        preparing: Preparing,
        protocols: Sequence[TrackingProtocol],
        quarantine_: Quarantine,
        request_of: RequestOf,
        *,
        limits: Limits | None = None,
    ) -> None:
        """`request_of` makes the request that would bring a raw record again."""
        self._workspace = workspace
        self._committer = committer
        self._preparing = preparing
        self._protocols = protocols
        self._quarantine = quarantine_
        self._request_of = request_of
        self._limits = limits or Limits()

    def replay(self, records: Mapping[int, str], *, by: str) -> int:
        """Ask for corrected records to be taken: quarantine id → record (JSON). The number of rows.

        Raises BadInput where a record is no JSON, or a row is none of the stream's records.
        """
        rows = self._quarantine.get(list(records))
        if len(rows) > MOST_ROWS:
            raise BadInput("At most %(n)d rows can be repaired at once.", n=MOST_ROWS)
        for row in rows:
            if not is_record(row) or row.status != "open":
                raise BadInput("Row %(row)d is not a record that can be replayed.", row=row.row)
            try:
                msgspec.json.decode(records[row.id])
            except msgspec.DecodeError as error:
                raise BadInput("Row %(row)d is not valid JSON.", row=row.row) from error
        return self._ask({row.id: {**_note(row), "typed": records[row.id]} for row in rows}, by)

    def replay_all(
        self, *, reason: str, by: str, source: str = "", column: str = "", value: str = ""
    ) -> int:
        """Ask for all open records of a reason to be taken as they are: after the rule that set
        them aside was changed. The number of rows."""
        found = self._quarantine.records(reason=reason, source=source, column=column, value=value)
        return self._ask({id_: _note_of(note) for id_, note in found.items() if _note_of(note)}, by)

    def run(self) -> int:
        """Carry out what was asked for (the writer only); the number of rows settled."""
        groups: dict[str, list[int]] = defaultdict(list)
        for id_, asked in self._quarantine.asked().items():
            if name := asked.get("replay"):
                groups[str(name)].append(id_)
        dead = self._dead()
        for name in dead:
            groups.setdefault(name, [])  # its rows went meanwhile: finish it without them
        order = sorted(groups, key=lambda name: (name not in dead, name))
        return sum(self._run(name, self._rows(groups[name])) for name in order)

    # --- inside --------------------------------------------------------------------------------
    def _ask(self, asked: Mapping[int, dict[str, Any]], by: str) -> int:
        """Hand rows to the worker, in batches that are committed at once."""
        at, ids, done = self._workspace.now(), sorted(asked), 0
        for start in range(0, len(ids), MOST_ROWS):
            part = ids[start : start + MOST_ROWS]
            name = f"replay:{part[0]}:{secrets.token_hex(4)}"
            more = {"by": by, "replay": name}
            done += self._quarantine.mark_each({one: {**asked[one], **more} for one in part}, at=at)
        return done

    def _rows(self, ids: Sequence[int]) -> list[QuarantineRow]:
        found = self._quarantine.find(ids)
        return [row for row in found if row.status == "repairing" and row.record]

    def _dead(self) -> list[str]:
        query = select(commits.c.journal).where(
            commits.c.status == "prepared", commits.c.kind == REPLAY
        )
        with self._workspace.db.read() as connection:
            return [str(row[0]) for row in connection.execute(query)]

    def _run(self, name: str, rows: list[QuarantineRow]) -> int:
        taken, owner, failed = self._read(rows)
        arrived, source_of = arrange(taken), SourceNames(self._workspace).named

        def prepare(connection: Connection, version: int) -> Prepared:
            prepared = self._preparing.prepare(
                arrived, source_of, load(connection), connection, version
            )
            first = version << ARRIVAL_BITS
            again = {
                owner[one.row - first]: one.reason
                for one in prepared.misfits
                if one.record is not None and one.row - first < len(owner)
            }
            # These rows stand in quarantine already, and were counted when they came.
            prepared.misfits = [one for one in prepared.misfits if one.record is None]
            prepared.sources = {
                source: {what: n for what, n in counts.items() if what not in ASIDE}
                for source, counts in prepared.sources.items()
            }
            outcome = {row.id: failed.get(row.id) or again.get(row.id, "") for row in rows}
            prepared.once = [*prepared.once, lambda connection: _note_outcome(connection, outcome)]
            return prepared

        commit(self._committer, self._preparing, name, 0, REPLAY, prepare)
        return self._settle([row.id for row in rows])

    def _read(self, rows: Sequence[QuarantineRow]) -> tuple[Taken, list[int], dict[int, str]]:
        """The records, under the names of their sources; whose row each is (n); row → why it
        cannot be read."""
        taken, owner, failed = Taken(), list[int](), dict[int, str]()
        for row in rows:
            typed = str((row.repair or {}).get("typed", row.record))
            try:
                found, why = self._decode(row, typed)
            except (msgspec.DecodeError, msgspec.ValidationError):
                found, why = [], "malformed_record"
            if why:
                failed[row.id] = why
                continue
            source = taken.key_of(str(row.filename))  # of a row without a file: its source
            taken.add(found, received=row.at, key=source)
            owner += [row.id] * len(found)
        return taken, owner, failed

    def _decode(self, row: QuarantineRow, typed: str) -> tuple[list[Record], str]:
        """What a row's text holds now, and why it is not taken ("" where it is)."""
        if (row.repair or {}).get("shape") == READ["shape"]:
            return [record_of(typed)], ""
        raw = msgspec.json.decode(typed)
        request = self._request_of(str((row.repair or {}).get("protocol", "")), raw, row.at)
        if request is None:
            return [], "unreadable_request"
        decoding = Decoding(self._protocols, self._limits)
        decoding.take(request)
        found = decoding.taken
        return found.records, found.unread[0].bad.reason if found.unread else ""

    def _settle(self, ids: Sequence[int]) -> int:
        """Close what was taken, reopen what was not, as the commit noted it."""
        failed: dict[int, str] = {}
        typed: dict[int, str] = {}
        done: dict[str, list[int]] = defaultdict(list)
        held = self._quarantine.asked()
        for id_ in ids:
            asked = held.get(id_, {})
            if asked.get("outcome"):
                why = BY_CODE.get(asked["outcome"])
                failed[id_] = why.en if why is not None else asked["outcome"]
                if "typed" in asked:
                    typed[id_] = str(asked["typed"])
            elif "outcome" in asked:
                done[str(asked.get("by", ""))].append(id_)
        self._quarantine.reopen(failed, records=typed)
        for by, mine in done.items():
            self._quarantine.resolve(mine, "repaired", by=by)
        return len(failed) + sum(map(len, done.values()))


def is_record(row: QuarantineRow) -> bool:
    """Is this a whole record that a tracker sent (and not one value, or a row of a file)?"""
    return row.import_id is None and row.record is not None and bool(_note(row))


def _note(row: QuarantineRow) -> dict[str, Any]:
    return _note_of(row.repair or {})


def _note_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """How the record is to be read."""
    return {name: asked[name] for name in ("shape", "protocol") if name in asked}


def _note_outcome(connection: Connection, outcome: Mapping[int, str]) -> None:
    query = select(quarantine.c.id, quarantine.c.repair).where(quarantine.c.status == "repairing")
    for id_, asked in connection.execute(query).all():
        if id_ in outcome:
            noted = {**(asked or {}), "outcome": outcome[id_]}
            connection.execute(
                update(quarantine).where(quarantine.c.id == id_).values(repair=noted)
            )
