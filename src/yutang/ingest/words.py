"""The event dictionary as people use it: look at it, and say what things are called."""

from __future__ import annotations

from sqlalchemy import update

from yutang.errors import NotFound
from yutang.ingest import dictionary
from yutang.ingest.dictionary import EventName, Property
from yutang.state.brand import event_names, event_properties
from yutang.workspace import Workspace

LABEL_LENGTH = 80
DESCRIPTION_LENGTH = 1_000


class Dictionary:
    """The event dictionary of one brand."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def names(self) -> list[EventName]:
        """Event names, most frequent first."""
        with self._workspace.db.read() as connection:
            return dictionary.names(connection)

    def properties(self) -> list[Property]:
        with self._workspace.db.read() as connection:
            return list(dictionary.properties(connection).values())

    def describe_event(self, name: str, *, label: str, description: str) -> None:
        """Raises NotFound for an event that never came in."""
        with self._workspace.db.write() as connection:
            done = connection.execute(
                update(event_names)
                .where(event_names.c.name == name)
                .values(
                    label=label.strip()[:LABEL_LENGTH],
                    description=description.strip()[:DESCRIPTION_LENGTH],
                )
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
