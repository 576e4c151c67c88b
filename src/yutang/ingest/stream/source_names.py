"""Whose a write key is: what was received under a key that ended since is still his."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import select

from yutang.state.brand import sources, write_keys
from yutang.workspace import Workspace

KNOWN_SECONDS = 5.0  # names may be this old
UNKNOWN_SECONDS = 0.5  # an unknown key is looked up again this often


class SourceName(NamedTuple):
    """A source: its name of today, and what stays the same when it is renamed (`mark`)."""

    name: str
    mark: str


UNKNOWN = SourceName("unknown", "unknown")  # removed after the receiver took the request
SourceOf = Callable[[str], SourceName]  # by write key


class SourceNames:
    """One brand's sources."""

    def __init__(
        self, workspace: Workspace, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._workspace = workspace
        self._monotonic = monotonic
        self._by_key: dict[str, SourceName] = {}
        self._read_at = float("-inf")

    def __call__(self, write_key: str) -> SourceName:
        """The source of a write key; UNKNOWN for a key that nobody has."""
        age = self._monotonic() - self._read_at
        if age > (KNOWN_SECONDS if write_key in self._by_key else UNKNOWN_SECONDS):
            self._by_key = self._read()
            self._read_at = self._monotonic()
        return self._by_key.get(write_key, UNKNOWN)

    def named(self, name: str) -> SourceName:
        """The source of this name; where none has it any more, one of the name alone."""
        found = (one for one in self._read().values() if one.name == name)
        return next(found, SourceName(name, name))

    def _read(self) -> dict[str, SourceName]:
        query = select(write_keys.c.key, sources.c.name, sources.c.id).join_from(
            write_keys, sources
        )
        with self._workspace.db.read() as connection:
            return {
                str(key): SourceName(str(name), f"source:{id_}")
                for key, name, id_ in connection.execute(query)
            }
