"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, Text

Big = BigInteger().with_variant(Integer, "sqlite")


def key() -> Column[int]:
    """A dense integer primary key."""
    return Column("id", Big, primary_key=True, autoincrement=True)


def at(name: str, *, nullable: bool = False) -> Column[int]:
    """An instant: UTC milliseconds since 1970."""
    return Column(name, Big, nullable=nullable)


def text(name: str, *, nullable: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=nullable, server_default=default)


def count(name: str) -> Column[int]:
    return Column(name, Big, nullable=False, server_default="0")


def data(name: str, *, nullable: bool = False) -> Column[object]:
    """A JSON document."""
    return Column(name, JSON, nullable=nullable)
