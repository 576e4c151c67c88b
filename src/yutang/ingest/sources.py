"""Sources: which site, mini-program or server may send to this brand, and with which write keys.

A write key stands in the code of a site, so it is no secret; it says whose a request is and can be
ended. Rotation gives a new key at once and leaves the old one valid for a while, so that no event
is lost while pages and apps still hold it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Insert, Update, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from yutang.attributes import FORMER_NAMES, rename_trusted
from yutang.catalog import source_kinds
from yutang.errors import BadInput, Conflict, NotFound
from yutang.kit.clock import DAY_MS
from yutang.state.brand import counters, sources, write_keys
from yutang.workspace import Workspace

KINDS = tuple(kind.code for kind in source_kinds.KINDS)
NAME_LENGTH = 80
RESERVED = frozenset({"file"})  # what imported files are counted under
# Apps are updated slowly: in a month nearly everybody who still opens one has the new version.
GRACE_MS = 30 * DAY_MS


@dataclass(frozen=True)
class WriteKey:
    """`ends_at`: UTC ms from which on it is refused, None = never."""

    key: str
    created_at: int
    ends_at: int | None


@dataclass(frozen=True)
class Source:
    """`keys`: newest first, ended ones included. `status`: on | off."""

    id: int
    name: str
    kind: str
    status: str
    settings: Mapping[str, Any]
    created_by: str
    created_at: int
    keys: tuple[WriteKey, ...]

    @property
    def key(self) -> str:
        """The key to use: the newest that does not end; "" where all were revoked."""
        return next((one.key for one in self.keys if one.ends_at is None), "")


class Sources:
    """The sources of one brand. Receivers know of a change within seconds."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def list_(self) -> list[Source]:
        """All of them, the oldest first."""
        with self._workspace.db.read() as connection:
            return _all(connection)

    def get(self, name: str) -> Source:
        """Raises NotFound."""
        with self._workspace.db.read() as connection:
            return _get(connection, name)

    def at(self, source_id: int) -> Source:
        """Raises NotFound."""
        found = next((one for one in self.list_() if one.id == source_id), None)
        if found is None:
            raise NotFound("There is no such source.")
        return found

    def find_by_key(self, key: str) -> Source | None:
        """Whose a key is or was: what was received while it was valid belongs to it still."""
        query = select(write_keys.c.source_id).where(write_keys.c.key == key)
        with self._workspace.db.read() as connection:
            found = connection.execute(query).scalar()
            return next((one for one in _all(connection) if one.id == found), None)

    def create(self, name: str, kind: str, *, by: str) -> Source:
        """A new source with its first key. Raises BadInput, and Conflict for a name in use."""
        if kind not in KINDS:
            raise BadInput(
                "There is no kind of source “%(kind)s”.",
                hint="Kinds: %(known)s.",
                kind=kind,
                known=", ".join(KINDS),
            )
        now = self._workspace.now()
        with self._workspace.db.write() as connection:
            values = {
                "name": _name(name),
                "kind": kind,
                "status": "on",
                "settings": {},
                "created_by": by,
                "created_at": now,
            }
            source_id = _unique(connection, insert(sources).values(values), values["name"])
            _add_key(connection, source_id, now)
            return _get(connection, str(values["name"]))

    def rename(self, name: str, new: str) -> Source:
        """Its counters and its place among trusted sources go along; facts in the lake keep the
        name under which they came.

        Raises NotFound, BadInput, and Conflict for a name in use.
        """
        with self._workspace.db.write() as connection:
            one = _get(connection, name)
            made = _name(new)
            if made == one.name:
                return one
            former = [*one.settings.get(FORMER_NAMES, ()), one.name]
            values = {"name": made, "settings": {**one.settings, FORMER_NAMES: former}}
            changed = update(sources).where(sources.c.id == one.id).values(values)
            _unique(connection, changed, new)
            _move_counters(connection, one.name, made)
            rename_trusted(connection, one.name, made)
            return _get(connection, made)

    def turn(self, name: str, *, on: bool) -> Source:
        """Take its requests, or refuse them. Raises NotFound."""
        return self._set(name, status="on" if on else "off")

    def set_(self, name: str, settings: Mapping[str, Any]) -> Source:
        """Change some of a source's own settings; None takes one back. Raises NotFound."""
        changed = {**self.get(name).settings, **settings}
        return self._set(name, settings={k: v for k, v in changed.items() if v is not None})

    def rotate(self, name: str, *, grace_ms: int = GRACE_MS) -> Source:
        """Give a new key; those in use end after `grace_ms`. Raises NotFound and BadInput."""
        if grace_ms < 0:
            raise BadInput("A key cannot end in the past.")
        now = self._workspace.now()
        with self._workspace.db.write() as connection:
            one = _get(connection, name)
            mine = (write_keys.c.source_id == one.id) & write_keys.c.ends_at.is_(None)
            connection.execute(update(write_keys).where(mine).values(ends_at=now + grace_ms))
            _add_key(connection, one.id, now)
            return _get(connection, name)

    def revoke(self, name: str, key: str) -> Source:
        """End one key now. Raises NotFound."""
        with self._workspace.db.write() as connection:
            one = _get(connection, name)
            if key not in {known.key for known in one.keys}:
                raise NotFound("The source “%(name)s” has no such write key.", name=name)
            ended = update(write_keys).where(write_keys.c.key == key)
            connection.execute(ended.values(ends_at=self._workspace.now()))
            return _get(connection, name)

    def _set(self, name: str, **values: Any) -> Source:
        with self._workspace.db.write() as connection:
            one = _get(connection, name)
            connection.execute(update(sources).where(sources.c.id == one.id).values(**values))
            return _get(connection, name)


def _name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        raise BadInput("A name has 1 to %(n)d characters.", n=NAME_LENGTH)
    if name in RESERVED:
        raise Conflict("There is a source “%(name)s” already.", name=name)
    return name


def _move_counters(connection: Connection, old: str, new: str) -> None:
    rows = connection.execute(select(counters).where(counters.c.source == old)).all()
    for row in rows:
        place = (counters.c.name == row.name) & (counters.c.day == row.day)
        there = (counters.c.source == new) & place
        known = connection.execute(select(counters.c.n).where(there)).scalar()
        if known is None:
            moved = update(counters).where((counters.c.source == old) & place)
            connection.execute(moved.values(source=new))
        else:
            connection.execute(update(counters).where(there).values(n=known + row.n))
    connection.execute(delete(counters).where(counters.c.source == old))


def _unique(connection: Connection, statement: Insert | Update, name: object) -> int:
    """Run it; the new row's id. Raises Conflict where the name is taken."""
    try:
        done = connection.execute(statement)
    except IntegrityError as error:
        raise Conflict("There is a source “%(name)s” already.", name=name) from error
    made = done.inserted_primary_key if statement.is_insert else None
    return int(made[0]) if made else 0


def _add_key(connection: Connection, source_id: int, now: int) -> None:
    values = {"key": secrets.token_hex(16), "source_id": source_id, "created_at": now}
    connection.execute(insert(write_keys).values(values))


def _get(connection: Connection, name: str) -> Source:
    found = _all(connection)
    for one in found:
        if one.name == name:
            return one
    raise NotFound(
        "There is no source “%(name)s”.",
        hint="Sources: %(known)s.",
        name=name,
        known=", ".join(one.name for one in found) or "—",
    )


def _all(connection: Connection) -> list[Source]:
    keys: dict[int, list[WriteKey]] = {}
    newest_first = select(write_keys).order_by(write_keys.c.created_at.desc(), write_keys.c.ends_at)
    for row in connection.execute(newest_first):
        keys.setdefault(row.source_id, []).append(WriteKey(row.key, row.created_at, row.ends_at))
    return [
        Source(
            row.id,
            row.name,
            row.kind,
            row.status,
            row.settings or {},
            row.created_by,
            row.created_at,
            tuple(keys.get(row.id, ())),
        )
        for row in connection.execute(select(sources).order_by(sources.c.id))
    ]
