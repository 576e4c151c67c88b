"""Commits, imports, quarantine, shops, the audit log."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from yutang.state.brand.metadata import metadata
from yutang.state.types import Big, at, count, data, key, text

meta = Table("meta", metadata, Column("key", Text, primary_key=True), text("value"))

# --- facts: one row per commit to the lake; its id is the facts version ---
commits = Table(
    "commits",
    metadata,
    key(),
    at("at"),
    text("kind"),  # events | orders | merge | undo | erase
    text("journal"),
    Column("position", Big, nullable=False),
    text("status"),  # prepared | done
    data("counts"),
    Column("changed", LargeBinary, nullable=True),  # roaring bitmap of customers to read whole
    UniqueConstraint("journal", "position"),
)
imports = Table(
    "imports",
    metadata,
    key(),
    text("kind"),  # orders | events
    text("filename"),
    text("stored_as"),
    text("sha256"),
    Column("size", Big, nullable=False),
    text("preset", default=""),
    data("mapping", nullable=True),
    text("platform", default=""),
    text("shop", default=""),
    text("status"),  # uploaded | queued | running | done | failed | undoing | undone
    text("step", default=""),
    count("done_rows"),
    count("total_rows"),
    count("generation"),  # how often it was replayed after another import's undo
    data("result", nullable=True),
    data("error", nullable=True),
    text("created_by", default=""),
    at("created_at"),
    at("started_at", nullable=True),
    at("finished_at", nullable=True),
)
quarantine = Table(
    "quarantine",
    metadata,
    key(),
    Column("import_id", Big, ForeignKey("imports.id"), nullable=True, index=True),
    text("source"),
    Column("row", Big, nullable=False),
    text("column", nullable=True),
    text("reason"),
    text("value", nullable=True),
    text("record", nullable=True),
    at("at"),
    text("status", default="open"),  # open | repairing | repaired | dismissed
    data("repair", nullable=True),  # what was asked for, and why it failed the last time
    at("resolved_at", nullable=True),
    text("resolved_by", default=""),
)
Index("quarantine_open", quarantine.c.status, quarantine.c.reason)
counters = Table(
    "counters",
    metadata,
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),  # accepted duplicate late future rejected quarantined
    Column("day", Text, primary_key=True),
    count("n"),
)

# --- commerce ---
shops = Table(
    "shops",
    metadata,
    key(),
    text("platform"),
    text("shop"),
    text("name"),
    text("domain"),
    Column("confirmed_by", Text, nullable=False, server_default=""),
    at("created_at"),
    UniqueConstraint("platform", "shop"),
)
mapping_presets = Table(
    "mapping_presets",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    data("mapping"),
    text("created_by", default=""),
    at("created_at"),
)

# --- who did what ---
audit_log = Table(
    "audit_log",
    metadata,
    key(),
    at("at"),
    text("login"),
    text("action"),
    text("target", default=""),
    data("detail", nullable=True),
    text("ip", default=""),
)
