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
    # the customer it began as: when people are taken apart again, they get their old number back
    count("first_customer"),
    UniqueConstraint("kind", "value"),
)
identity_moves = Table(  # which identities changed hands, so that caches read only those
    "identity_moves",
    metadata,
    key(),
    Column("identity", Big, nullable=False),
    Column("customer", Big, nullable=False),
)
Index("identities_tail", identities.c.tail)
Index("identities_value", identities.c.value)
identity_links = Table(  # append-only evidence that two identities are one person
    "identity_links",
    metadata,
    key(),
    Column("a", Big, ForeignKey("identities.id"), nullable=False),  # the smaller id
    Column("b", Big, ForeignKey("identities.id"), nullable=False, index=True),
    text("evidence"),  # event | login | bind | alias | order | twin | manual
    text("strength", default=""),  # person | app | device, the weaker end's; a twin is `person`
    text("source"),
    at("time"),  # when it was so, by the sender's (corrected) clock
    at("at"),
    text("by", default=""),
    text("note", default=""),  # what a person wrote down as the reason
    at("revoked_at", nullable=True),
    text("revoked_by", default=""),
)
Index("identity_links_pair", identity_links.c.a, identity_links.c.b)
identity_detachments = Table(  # an identity was taken away from whom it was tied to
    "identity_detachments",
    metadata,
    key(),
    Column("identity", Big, ForeignKey("identities.id"), nullable=False, index=True),
    # unbind: evidence of trackers up to `time` is void; manual: all evidence received up to `at`
    text("evidence"),
    text("source"),
    at("time"),
    at("at"),
    text("by", default=""),
    text("note", default=""),
    at("revoked_at", nullable=True),
    text("revoked_by", default=""),
)
device_segments = Table(  # whose a device was, from when on; kept for those that changed hands
    "device_segments",
    metadata,
    Column("device", Big, ForeignKey("identities.id"), primary_key=True),
    Column("from_time", Big, primary_key=True),
    Column("owner", Big, ForeignKey("identities.id"), nullable=False, index=True),
)
identity_reviews = Table(  # identities tied to too many people: they join nobody until decided
    "identity_reviews",
    metadata,
    key(),
    Column("identity", Big, ForeignKey("identities.id"), nullable=False, unique=True),
    text("reason"),  # fan_in: tied to more people than one person has
    count("people"),
    at("at"),
    text("status", default="open"),  # open | joined | apart
    at("resolved_at", nullable=True),
    text("resolved_by", default=""),
)
hand_requests = Table(  # decisions about people that pages and programs ask the one writer for
    "hand_requests",
    metadata,
    key(),
    text("kind"),  # link | split | undo | decide
    data("args"),  # numbers of identities, a decision's id, a review and its answer
    text("note", default=""),
    text("by", default=""),
    text("ip", default=""),
    at("at"),
    text("status", default="waiting"),  # waiting | done | refused
    text("decision", default=""),  # what came of it: link:N, split:N
    data("error", nullable=True),  # why it was refused
    at("done_at", nullable=True),
)
Index("hand_requests_status", hand_requests.c.status)
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
