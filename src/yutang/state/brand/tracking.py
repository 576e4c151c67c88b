"""The dictionary, sources, attributes."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, Text

from yutang.state.brand.metadata import metadata
from yutang.state.types import Big, at, count, data, key, text

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
    text("status", default=""),  # "" taken | blocked: counted and dropped
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
    text("owner", default=""),
    text("status", default=""),  # "" taken | blocked: dropped from every event
    text("privacy", default=""),  # "" as the brand's rule says | allow | hash | refuse
    count("events"),  # how many events brought a value
    at("last_seen_at", nullable=True),
    data("examples", nullable=True),  # a few short values, never of a guarded property
)

# --- tracking: who may send, what a person is like, dimension rows, how long things are kept ---
sources = Table(
    "sources",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    text("kind"),  # sensors | segment | posthog | json
    text("status", default="on"),  # on | off
    data("settings"),
    text("created_by", default=""),
    at("created_at"),
)
write_keys = Table(
    "write_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("source_id", Big, ForeignKey("sources.id"), nullable=False, index=True),
    at("created_at"),
    at("ends_at", nullable=True),  # rotated: taken until then
)
attributes = Table(  # what each source last said of an identity; the lake's `profiles` is the truth
    "attributes",
    metadata,
    Column("identity", Big, ForeignKey("identities.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    data("value", nullable=True),  # null: unset
    at("time"),
    Column("commit_id", Big, nullable=False),
)
items = Table(  # dimension rows of trackers: item_set, item_delete
    "items",
    metadata,
    Column("type", Text, primary_key=True),
    Column("item_id", Text, primary_key=True),
    data("properties"),
    text("source"),
    at("time"),
    at("deleted_at", nullable=True),
)
retention_rules = Table(
    "retention_rules",
    metadata,
    Column("event", Text, primary_key=True),  # "" any
    Column("source", Text, primary_key=True),  # "" any
    count("days"),
    text("created_by", default=""),
    at("created_at"),
)
