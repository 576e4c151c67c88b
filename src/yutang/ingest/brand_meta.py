"""Single values of a brand that no table is made for."""

from __future__ import annotations

from sqlalchemy import Connection, select, text

from yutang.state.brand import meta

# Set when dynamic segments are asked again though no facts came: a tag, a consent, a rule.
SEGMENTS_DUE = "segments_due"


def note_due(connection: Connection) -> None:
    """Let dynamic segments be asked again."""
    set_meta(connection, SEGMENTS_DUE, "1")


def get_meta(connection: Connection, key: str) -> str | None:
    """The value under this key, if there is one."""
    value: str | None = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
    return value


def set_meta(connection: Connection, key: str, value: str) -> None:
    """Set or replace the value under this key."""
    connection.execute(
        text(
            "INSERT INTO meta (key, value) VALUES (:key, :value)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ),
        {"key": key, "value": value},
    )
