"""Tables of one brand. Brands share nothing: no tenant column anywhere."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from yutang.state.types import Big, at, count, data, key, text

metadata = MetaData()

meta = Table("meta", metadata, Column("key", Text, primary_key=True), text("value"))

# --- identity: dense ids; a customer is a connected component of identities ---
customers = Table(
    "customers",
    metadata,
    key(),
    at("created_at"),
    Column("merged_into", Big, ForeignKey("customers.id"), nullable=True, index=True),
)
identities = Table(
    "identities",
    metadata,
    key(),
    text("kind"),
    text("value"),  # a keyed hash where the kind is `hashed`
    text("shown"),  # what a person may see of it
    text("tail", default=""),  # last four digits of a phone, for search
    Column("customer_id", Big, ForeignKey("customers.id"), nullable=False, index=True),
    Column("commit_id", Big, nullable=False),
    text("source"),
    at("first_seen_at"),
    UniqueConstraint("kind", "value"),
)
Index("identities_tail", identities.c.tail)
Index("identities_value", identities.c.value)
identity_links = Table(
    "identity_links",
    metadata,
    key(),
    Column("a", Big, ForeignKey("identities.id"), nullable=False, index=True),
    Column("b", Big, ForeignKey("identities.id"), nullable=False, index=True),
    text("evidence"),
    text("source"),
    at("at"),
    text("by", default=""),
    at("revoked_at", nullable=True),
    UniqueConstraint("a", "b", "source"),
)
refusals = Table(  # keyed hashes of erased identities: they are not taken in again
    "refusals",
    metadata,
    text("kind"),
    Column("value_hash", Text, primary_key=True),
    at("at"),
)
erasures = Table("erasures", metadata, key(), at("at"), text("by"), data("receipt"))

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

# --- dictionary ---
event_names = Table(
    "event_names",
    metadata,
    Column("name", Text, primary_key=True),
    text("label", default=""),
    text("description", default=""),
    text("owner", default=""),
    count("events"),
    at("first_seen_at"),
    at("last_seen_at", nullable=True),
)
event_properties = Table(
    "event_properties",
    metadata,
    Column("name_key", Text, primary_key=True),  # case-folded
    text("name"),
    text("type"),  # number | string | bool | time | list
    Column("field", Text, nullable=False, unique=True),  # column of the lake
    text("label", default=""),
    text("description", default=""),
    at("first_seen_at"),
)

# --- commerce and console ---
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
saved_reports = Table(
    "saved_reports",
    metadata,
    key(),
    text("name"),
    text("model"),
    data("params"),
    text("created_by", default=""),
    at("created_at"),
)
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
