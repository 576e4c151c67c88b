"""Repair values that did not fit: each is cast to its property's type and set on its event.

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
from yutang.ingest.moves import carry_out
from yutang.ingest.quarantine import Quarantine, QuarantineRow
from yutang.state.brand import quarantine
from yutang.workspace import Workspace

VALUE_REASONS = ("value_misfit", "too_large")
PLACE = ["day", "event_key", "row", "identity"]


class ValueRepairs:
    """Repairs single values of events that were taken without them."""

    def __init__(
        self, workspace: Workspace, identities: Identities, quarantine_: Quarantine
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._quarantine = quarantine_

    def ask(self, ids: Sequence[int], *, by: str, value: str | None = None) -> int:
        """Ask for values to be cast to their property's type; `value` replaces what came.

        Gives the number of rows. Raises BadInput where a row is not such a value, or where the
        new value does not fit.
        """
        rows = self._quarantine.get(ids)
        types = self._types()
        for row in rows:
            if not is_value(row) or row.status != "open":
                raise BadInput("Row %(row)d is not a value that can be set.", row=row.row)
            if value is not None:
                self._check(value, row, types)
        return self._quarantine.mark(
            [row.id for row in rows], {"by": by, "value": value}, at=self._workspace.now()
        )

    def ask_all(self, column: str, *, by: str, import_id: int | None = None) -> int:
        """Ask for every open value of a property to be cast; the number of rows."""
        found = 0
        for reason in VALUE_REASONS:
            found += self._quarantine.mark_all(
                {"by": by, "value": None},
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
            groups[(row.column or "").casefold()].append(row)
        return sum(self._set_column(name, rows) for name, rows in sorted(groups.items()))

    def _set_column(self, name: str, rows: Sequence[QuarantineRow]) -> int:
        with self._workspace.db.read() as connection:
            found = dictionary.properties(connection).get(name)
        failed: dict[int, str] = {}
        values: dict[int, Any] = {}
        for row in rows:
            try:
                if found is None:
                    raise CannotCastError("unknown")
                values[row.id] = cast(_asked(row), found.type)
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

    def _find(self, rows: Iterable[QuarantineRow]) -> dict[int, tuple[str, bytes, int]]:
        """quarantine id → (day, event key, identity) of its event; each event only once."""
        wanted: dict[int, dict[int, int]] = defaultdict(dict)
        for row in rows:
            if row.import_id is not None:
                wanted[row.import_id][row.row] = row.id
        place: dict[int, tuple[str, bytes, int]] = {}
        for import_id, ids in wanted.items():
            stored = self._workspace.lake.scan("events", PLACE, ds.field("import_id") == import_id)
            if not stored.num_rows:
                continue
            mine = stored.filter(
                pc.is_in(stored.column("row"), value_set=pa.array(list(ids), pa.int64()))
            )
            for one in mine.to_pylist():
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

    def _check(self, value: str, row: QuarantineRow, types: dict[str, str]) -> None:
        type_ = types.get((row.column or "").casefold(), "")
        try:
            cast(value, type_) if type_ else None
        except CannotCastError as error:
            raise BadInput(
                "“%(value)s” is no %(type)s.",
                hint="The property “%(column)s” holds values of this type only.",
                value=value,
                type=type_,
                column=row.column,
            ) from error


def is_value(row: QuarantineRow) -> bool:
    """Is this one value of an event that was taken without it?"""
    return row.reason in VALUE_REASONS and row.kind == "events" and row.record is None


def _asked(row: QuarantineRow) -> Any:
    """The value to cast: the one that was typed, else the one that came (kept as JSON)."""
    typed = (row.repair or {}).get("value")
    return typed if typed is not None else json.loads(row.value or "null")
