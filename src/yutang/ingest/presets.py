"""Mappings that people made of an order file's columns, saved under a name for the next file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from yutang.errors import BadInput, NotFound
from yutang.state.brand import mapping_presets
from yutang.workspace import Workspace

NAME_LENGTH = 80


@dataclass(frozen=True)
class SavedMapping:
    """`mapping` is the JSON form of the reader's mapping."""

    name: str
    mapping: Mapping[str, Any]
    created_by: str
    created_at: int


class MappingPresets:
    """The saved mappings of one brand; a name is unique, saving again replaces."""

    def __init__(
        self, workspace: Workspace, check: Callable[[Mapping[str, Any]], object] = lambda _: None
    ) -> None:
        """`check` raises BadInput where a mapping is none that the reader understands."""
        self._workspace = workspace
        self._check = check

    def list_(self) -> list[SavedMapping]:
        query = select(
            mapping_presets.c.name,
            mapping_presets.c.mapping,
            mapping_presets.c.created_by,
            mapping_presets.c.created_at,
        ).order_by(mapping_presets.c.name)
        with self._workspace.db.read() as connection:
            return [SavedMapping(*row) for row in connection.execute(query)]

    def get(self, name: str) -> SavedMapping:
        for one in self.list_():
            if one.name == name:
                return one
        raise NotFound("There is no saved mapping “%(name)s”.", name=name)

    def save(self, name: str, mapping: Mapping[str, Any], *, by: str) -> None:
        name = name.strip()
        if not 0 < len(name) <= NAME_LENGTH:
            raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
        self._check(mapping)
        values = {
            "mapping": dict(mapping),
            "created_by": by,
            "created_at": self._workspace.now(),
        }
        with self._workspace.db.write() as connection:
            known = mapping_presets.c.name == name
            done = connection.execute(update(mapping_presets).where(known).values(**values))
            if done.rowcount == 0:
                connection.execute(insert(mapping_presets).values(name=name, **values))

    def share(self, name: str) -> str:
        """A saved mapping as text that another brand's `take` understands."""
        one = self.get(name)
        shared = {"yutang_mapping": 1, "name": one.name, "mapping": one.mapping}
        return json.dumps(shared, ensure_ascii=False, indent=2)

    def take(self, text: str | bytes, *, by: str) -> SavedMapping:
        """Save a shared mapping under its name. Raises BadInput where the text is none."""
        try:
            shared = json.loads(text)
            name, mapping = shared["name"], shared["mapping"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                "This is no shared mapping.", hint="Choose a file that Yutang has exported."
            ) from error
        if not isinstance(name, str) or not isinstance(mapping, dict):
            raise BadInput("This is no shared mapping.")
        self.save(name, mapping, by=by)
        return self.get(name.strip())

    def remove(self, name: str) -> None:
        with self._workspace.db.write() as connection:
            connection.execute(delete(mapping_presets).where(mapping_presets.c.name == name))
