"""Whose a write key is, by name: what was received under a key that ended since is still his."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import select

from yutang.state.brand import sources, write_keys
from yutang.workspace import Workspace

KNOWN_SECONDS = 5.0  # names may be this old
UNKNOWN_SECONDS = 0.5  # an unknown key is looked up again this often


class SourceNames:
    """Names of one brand's sources by write key."""

    def __init__(
        self, workspace: Workspace, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._workspace = workspace
        self._monotonic = monotonic
        self._names: dict[str, str] = {}
        self._read_at = float("-inf")

    def __call__(self, write_key: str) -> str | None:
        """The source's name; None for a key that nobody has."""
        age = self._monotonic() - self._read_at
        if age > (KNOWN_SECONDS if write_key in self._names else UNKNOWN_SECONDS):
            query = select(write_keys.c.key, sources.c.name).join_from(write_keys, sources)
            with self._workspace.db.read() as connection:
                self._names = {str(key): str(name) for key, name in connection.execute(query)}
            self._read_at = self._monotonic()
        return self._names.get(write_key)
