"""Repair values that did not fit: each is cast to its property's type and set on its event, or
stored under another property's name.

All values of one property are set in one commit of the lake. The worker does it, under the
brand's writer lock; quarantine rows in status `repairing` are its work, so a crash only delays it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from sqlalchemy import bindparam, select, update

from yutang.errors import BadInput
from yutang.identity import Identities
from yutang.ingest import dictionary
from yutang.ingest.casting import CannotCastError, cast
from yutang.ingest.dictionary import Property
from yutang.ingest.events import ARRIVAL_BITS, type_of
from yutang.ingest.known_words import WordCache
from yutang.ingest.moves import carry_out
from yutang.ingest.personal import DEFAULT_RULE, RULES, conceal, rule_in
from yutang.ingest.quarantine import Quarantine, QuarantineRow
from yutang.state.brand import quarantine
from yutang.workspace import Workspace

# What a single value can ail of; the last two only have a place under another name.
VALUE_REASONS = (
    "value_misfit", "too_large", "not_in_dictionary", "name_invalid", "too_many_properties",
)  # fmt: skip
RENAMED = ("name_invalid", "too_many_properties")
PLACE = ["day", "event_key", "row", "identity"]


class ValueRepairs:
    """Repairs single values of events that were taken without them."""

    def __init__(
        self, workspace: Workspace, identities: Identities, quarantine_: Quarantine
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._quarantine = quarantine_
        self._rule: str = DEFAULT_RULE

    def ask(self, ids: Sequence[int], *, by: str, value: str | None = None, to: str = "") -> int:
        """Ask for values to be cast to their property's type; `value` replaces what came, `to` is
        the property under which they are stored instead (made where there is none).

        Gives the number of rows. Raises BadInput where a row is not such a value, or where the
        new value does not fit.
        """
        rows = self._quarantine.get(ids)
        types = self._types()
        _check_target(to)
        for row in rows:
            if not is_value(row) or row.status != "open":
                raise BadInput("Row %(row)d is not a value that can be set.", row=row.row)
            if row.reason in RENAMED and not to:
                raise BadInput(
                    "“%(column)s” cannot be a property.",
                    hint="Choose another name for it, or leave the value out.",
                    column=row.column,
                )
            if value is not None:
                self._check(value, to or row.column or "", types)
        asked = {"by": by, "value": value, "to": to}
        return self._quarantine.mark([row.id for row in rows], asked, at=self._workspace.now())

    def ask_all(self, column: str, *, by: str, import_id: int | None = None, to: str = "") -> int:
        """Ask for every open value of a property to be cast, or stored under the name `to`; the
        number of rows."""
        _check_target(to)
        found = 0
        for reason in VALUE_REASONS:
            if reason in RENAMED and not to:
                continue
            found += self._quarantine.mark_all(
                {"by": by, "value": None, "to": to},
                at=self._workspace.now(),
                reason=reason,
                column=column,
                import_id=import_id,
            )
        return found

    def run(self) -> int:
        """Carry out what was asked for (the writer only); the number of values set."""
        due = [
            row for row in self._quarantine.rows(status="repairing", limit=None) if is_value(row)
        ]
        groups: dict[str, list[QuarantineRow]] = defaultdict(list)
        for row in due:
            groups[_target(row).casefold()].append(row)
        return sum(self._set_column(rows) for _, rows in sorted(groups.items()))

    def _property(self, rows: Sequence[QuarantineRow]) -> Property | None:
        """The property; a new one where values are to be stored under a name that is new."""
        name = _target(rows[0])
        with self._workspace.db.write() as connection:
            known = dictionary.properties(connection)
            found = known.get(name.casefold())
            moved = [row for row in rows if (row.repair or {}).get("to")]
            if found is None and moved and (type_ := _type_of_asked(moved)):
                found = dictionary.register(connection, known, name, type_, self._workspace.now())
            self._rule = WordCache().get(connection).rule
        return found

    def _set_column(self, rows: Sequence[QuarantineRow]) -> int:
        found = self._property(rows)
        failed: dict[int, str] = {}
        values: dict[int, Any] = {}
        for row in rows:
            try:
                if found is None:
                    raise CannotCastError("unknown")
                values[row.id] = self._guarded(cast(_asked(row), found.type), found)
            except (CannotCastError, ValueError):
                failed[row.id] = f"does not fit {found.type if found else 'any property'}"
        place = self._find(row for row in rows if row.id in values)
        for row in rows:
            if row.id in values and row.id not in place:
                failed[row.id] = "the event is not there any more"
        self._quarantine.reopen(failed)
        if not place or found is None:
            return 0
        ids = sorted(place)
        table = pa.table(
            {
                "day": [place[one][0] for one in ids],
                "event_key": pa.array([place[one][1] for one in ids], pa.binary()),
                found.field: pa.array([values[one] for one in ids], dictionary.TYPES[found.type]),
            }
        )
        with self._workspace.settled():
            self._workspace.lake.amend("events", table)
            self._close(ids, np.array([place[one][2] for one in ids], np.int64))
        return len(ids)

    def _guarded(self, value: Any, found: Property) -> Any:
        """A number that became a text may be a phone number now. Raises CannotCastError."""
        if found.type == "time":
            return value
        rule = rule_in(found.type, found.privacy if found.privacy in RULES else self._rule)  # type: ignore[arg-type]
        made = conceal(value, rule, self._workspace.keyed_hash)
        if made is None:
            raise CannotCastError("personal")
        return made

    def _find(self, rows: Iterable[QuarantineRow]) -> dict[int, tuple[str, bytes, int]]:
        """quarantine id → (day, event key, identity) of its event; each event only once."""
        wanted: dict[int | None, dict[int, int]] = defaultdict(dict)
        for row in rows:
            wanted[row.import_id][row.row] = row.id
        place: dict[int, tuple[str, bytes, int]] = {}
        for import_id, ids in wanted.items():
            mine = ds.field("import_id") == import_id
            if import_id is None:  # of the stream: the row is the arrival, which tells the commit
                commits = pa.array({row >> ARRIVAL_BITS for row in ids}, pa.int64())
                mine = ds.field("import_id").is_null() & ds.field("commit_id").isin(commits)
            stored = self._workspace.lake.scan("events", PLACE, mine)
            if not stored.num_rows:
                continue
            found = stored.filter(
                pc.is_in(stored.column("row"), value_set=pa.array(list(ids), pa.int64()))
            )
            for one in found.to_pylist():
                place[ids[one["row"]]] = (one["day"], one["event_key"], one["identity"])
        return place

    def _close(self, ids: list[int], owners: np.ndarray) -> None:
        """The values stand in the lake: note whose facts changed, and that these rows are done."""
        at = self._workspace.now()
        with self._workspace.db.write() as connection:
            changed = self._identities.customers_of(connection, np.unique(owners))
            carry_out(connection, self._workspace, "repair", f"repair:{ids[0]}", changed)
            asked = connection.execute(
                select(quarantine.c.id, quarantine.c.repair).where(
                    quarantine.c.status == "repairing"
                )
            )
            by = {int(id_): (repair or {}).get("by", "") for id_, repair in asked}
            connection.execute(
                update(quarantine)
                .where(quarantine.c.id == bindparam("one"))
                .values(status="repaired", resolved_at=at, resolved_by=bindparam("who")),
                [{"one": one, "who": by.get(one, "")} for one in ids],
            )

    def _types(self) -> dict[str, str]:
        with self._workspace.db.read() as connection:
            return {key: one.type for key, one in dictionary.properties(connection).items()}

    def _check(self, value: str, column: str, types: dict[str, str]) -> None:
        type_ = types.get(column.casefold(), "")
        try:
            cast(value, type_) if type_ else None
        except CannotCastError as error:
            raise BadInput(
                "“%(value)s” is no %(type)s.",
                hint="The property “%(column)s” holds values of this type only.",
                value=value,
                type=type_,
                column=column,
            ) from error


def is_value(row: QuarantineRow) -> bool:
    """Is this one value of an event that was taken without it?"""
    of_events = row.kind == "events" or row.import_id is None
    if row.reason in RENAMED and row.value is None:
        return False  # nothing is left that could be stored
    return row.reason in VALUE_REASONS and of_events and row.record is None


def _check_target(name: str) -> None:
    if name and (len(name) > dictionary.NAME_LIMIT or not name.isprintable()):
        raise BadInput("“%(name)s” cannot be a name.", name=name[: dictionary.NAME_LIMIT])


def _target(row: QuarantineRow) -> str:
    """The property that shall hold the value."""
    return str((row.repair or {}).get("to") or row.column or "")


def _type_of_asked(rows: Sequence[QuarantineRow]) -> str | None:
    """The type of the first value that still stands whole."""
    for row in rows:
        try:
            if type_ := type_of([_asked(row)]):
                return type_
        except ValueError:
            continue
    return None


def _asked(row: QuarantineRow) -> Any:
    """The value to cast: the one that was typed, else the one that came (kept as JSON)."""
    typed = (row.repair or {}).get("value")
    return typed if typed is not None else json.loads(row.value or "null")
