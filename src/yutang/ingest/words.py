"""The event dictionary as people use it: look at it, and say what things are called."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from sqlalchemy import update

from yutang.errors import NotFound
from yutang.ingest import dictionary
from yutang.ingest.dictionary import EventName, Property
from yutang.state.brand import event_names, event_properties
from yutang.workspace import Workspace

LABEL_LENGTH = 80
DESCRIPTION_LENGTH = 1_000
EXAMPLE_DAYS = 7  # examples come from the newest days that have events


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
        """Event names, most frequent first; `search` looks into name, label and description."""
        with self._workspace.db.read() as connection:
            found = dictionary.names(connection)
        return [one for one in found if _matches(search, one.name, one.label, one.description)]

    def properties(self, search: str = "") -> list[Property]:
        """Properties by name."""
        with self._workspace.db.read() as connection:
            found = list(dictionary.properties(connection).values())
        return [one for one in found if _matches(search, one.name, one.label, one.description)]

    def examples(self, name: str, limit: int = 8) -> list[Example]:
        """Frequent values of a property among the newest events. Raises NotFound."""
        with self._workspace.db.read() as connection:
            found = dictionary.properties(connection).get(name.casefold())
        if found is None:
            raise NotFound("There is no property “%(name)s”.", name=name)
        lake = self._workspace.lake
        if found.field not in lake.fields("events"):
            return []
        newest = sorted(lake.files_per_day("events"))[-EXAMPLE_DAYS:]
        rows = lake.scan("events", [found.field], ds.field("day").isin(newest))
        values = rows.column(found.field).drop_null()
        if pa.types.is_list(values.type):
            values = pc.list_flatten(values)
        counted = pc.value_counts(values.combine_chunks()).to_pylist()
        counted.sort(key=lambda one: (-one["counts"], str(one["values"])))
        return [Example(one["values"], int(one["counts"])) for one in counted[:limit]]

    def describe_event(
        self, name: str, *, label: str, description: str, owner: str | None = None
    ) -> None:
        """Raises NotFound for an event that never came in. `owner`: who answers for it."""
        values = {
            "label": label.strip()[:LABEL_LENGTH],
            "description": description.strip()[:DESCRIPTION_LENGTH],
        }
        if owner is not None:
            values["owner"] = owner.strip()[:LABEL_LENGTH]
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(event_names).where(event_names.c.name == name).values(**values)
            )
            if done.rowcount == 0:
                raise NotFound("There is no event “%(name)s”.", name=name)

    def describe_property(self, name: str, *, label: str, description: str) -> None:
        """Raises NotFound for a property that never came in."""
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(event_properties)
                .where(event_properties.c.name_key == name.casefold())
                .values(
                    label=label.strip()[:LABEL_LENGTH],
                    description=description.strip()[:DESCRIPTION_LENGTH],
                )
            )
            if done.rowcount == 0:
                raise NotFound("There is no property “%(name)s”.", name=name)


def _matches(search: str, *texts: str) -> bool:
    wanted = search.strip().casefold()
    return not wanted or any(wanted in text.casefold() for text in texts)
