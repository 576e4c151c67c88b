"""Which source is believed before which: an order that a brand's administrator gives."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, select, text

from yutang.errors import BadInput
from yutang.state.brand import meta, sources

PRIORITY = "attribute_sources"  # in `meta`: names of sources, the most trusted first
FORMER_NAMES = "former_names"  # in a source's settings: what it said under them is its own still


def priority(connection: Connection) -> list[str]:
    """Names of sources, the most trusted first."""
    stored = connection.execute(select(meta.c.value).where(meta.c.key == PRIORITY)).scalar()
    return [str(one) for one in json.loads(stored or "[]")]


def set_priority(connection: Connection, names: Sequence[str]) -> None:
    """Raises BadInput for a source that there is not, or that stands there twice."""
    known = set(connection.execute(select(sources.c.name)).scalars())
    for place, name in enumerate(names):
        if name not in known:
            raise BadInput("There is no source “%(name)s”.", name=name)
        if name in names[:place]:
            raise BadInput("The source “%(name)s” stands in the order twice.", name=name)
    _store(connection, names)


def rename(connection: Connection, old: str, new: str) -> None:
    """A source that is called otherwise keeps its place."""
    names = priority(connection)
    if old in names:
        _store(connection, [new if one == old else one for one in names])


def ranks(connection: Connection) -> dict[str, int]:
    """Source → place, 0 is trusted most; also of the names it had before."""
    order = select(meta.c.value).where(meta.c.key == PRIORITY).scalar_subquery()
    rows = connection.execute(select(sources.c.name, sources.c.settings, order)).all()
    names = json.loads(rows[0][2] or "[]") if rows else []
    places = {str(name): place for place, name in enumerate(names)}
    taken = {row.name for row in rows}
    for name, settings, _ in rows:
        for former in (settings or {}).get(FORMER_NAMES, ()):
            if name in places and former not in taken:
                places.setdefault(former, places[name])
    return places


def _store(connection: Connection, names: Sequence[str]) -> None:
    connection.execute(
        text(
            "INSERT INTO meta (key, value) VALUES (:key, :value)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ),
        {"key": PRIORITY, "value": json.dumps(list(names), ensure_ascii=False)},
    )
