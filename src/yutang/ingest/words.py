"""The event dictionary as people use it: look names up, with what came under them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from yutang.errors import NotFound
from yutang.ingest import dictionary
from yutang.ingest.brand_meta import get_meta
from yutang.ingest.dictionary import EventName, Property
from yutang.ingest.known_words import PRIVACY
from yutang.ingest.personal import DEFAULT_RULE, kind_of
from yutang.workspace import Workspace

EXAMPLE_DAYS = 7  # examples come from the newest days that have events
LOOKED_AT = 20_000  # newest events of a name that are asked for the properties they carry


@dataclass(frozen=True)
class Example:
    """A value and how many of the newest events carry it."""

    value: float | str | bool | int
    events: int


class Dictionary:
    """The event dictionary of one brand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def names(self, search: str = "") -> list[EventName]:
        """Event names, most frequent first; `search` looks into name, label, description and
        owner."""
        with self._workspace.db.read() as connection:
            found = dictionary.names(connection)
        return [one for one in found if _matches(search, one)]

    def properties(self, search: str = "") -> list[Property]:
        """Properties by name."""
        with self._workspace.db.read() as connection:
            found = list(dictionary.properties(connection).values())
        return [one for one in found if _matches(search, one)]

    def get_event(self, name: str) -> EventName:
        """Raises NotFound for an event that never came in."""
        found = next((one for one in self.names() if one.name == name), None)
        if found is None:
            raise NotFound("There is no event “%(name)s”.", name=name)
        return found

    def get_property(self, name: str) -> Property:
        """By its name in any case. Raises NotFound for a property that never came in."""
        with self._workspace.db.read() as connection:
            found = dictionary.properties(connection).get(name.casefold())
        if found is None:
            raise NotFound("There is no property “%(name)s”.", name=name)
        return found

    def examples(self, name: str, limit: int = 8) -> list[Example]:
        """Frequent values of a property among the newest events. Where its personal values are
        guarded, those that came before the rule are left out. Raises NotFound."""
        found = self.get_property(name)
        with self._workspace.db.read() as connection:
            rule = found.privacy or get_meta(connection, PRIVACY) or DEFAULT_RULE
        values = self._newest([found.field]).column(found.field)
        values = values.drop_null()
        if pa.types.is_list(values.type):
            values = pc.list_flatten(values)
        counted = pc.value_counts(values.combine_chunks()).to_pylist()
        if rule != "allow":
            counted = [one for one in counted if not kind_of(str(one["values"]))]
        counted.sort(key=lambda one: (-one["counts"], str(one["values"])))
        return [Example(one["values"], int(one["counts"])) for one in counted[:limit]]

    def carried_by(self, name: str) -> list[tuple[str, int]]:
        """(event, how many of the newest carry a value of the property), most first."""
        found = self.get_property(name)
        rows = self._newest(["event", found.field])
        with_value = rows.filter(rows.column(found.field).is_valid())
        return _counted(with_value.column("event"))

    def carries(self, event: str) -> list[tuple[str, float]]:
        """(property, share of the newest events of this name with a value), most first."""
        lake = self._workspace.lake
        fields = {one.field: one.name for one in self.properties()}
        wanted = [name for name in lake.fields("events") if name in fields]
        dataset = lake.dataset("events")
        if dataset is None or not wanted:
            return []
        newest = ds.field("day").isin(self._newest_days())
        rows = dataset.head(LOOKED_AT, columns=wanted, filter=newest & (ds.field("event") == event))
        present = [(fields[name], rows.num_rows - rows.column(name).null_count) for name in wanted]
        found = [(name, n / rows.num_rows) for name, n in present if n]
        return sorted(found, key=lambda one: (-one[1], one[0]))

    def _newest(self, columns: Iterable[str]) -> pa.Table:
        """Columns of the newest events; those that no event brought are empty."""
        lake, wanted = self._workspace.lake, list(columns)
        rows = lake.scan("events", wanted, ds.field("day").isin(self._newest_days()))
        for name in wanted:
            if name not in rows.column_names:
                rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
        return rows

    def _newest_days(self) -> list[str]:
        lake = self._workspace.lake
        return sorted(lake.files_per_day("events"))[-EXAMPLE_DAYS:] if lake.exists("events") else []


def _counted(column: pa.ChunkedArray) -> list[tuple[str, int]]:
    found = pc.value_counts(column.combine_chunks()).to_pylist()
    return sorted(
        ((str(one["values"]), int(one["counts"])) for one in found),
        key=lambda one: (-one[1], one[0]),
    )


def _matches(search: str, one: EventName | Property) -> bool:
    wanted = search.strip().casefold()
    texts = (one.name, one.label, one.description, one.owner)
    return not wanted or any(wanted in text.casefold() for text in texts)
