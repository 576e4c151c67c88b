"""Who is one person."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from yutang.state.brand.metadata import metadata
from yutang.state.types import Big, at, count, data, key, text

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

# --- what people agreed to: the latest word of a purpose counts ---
consent_changes = Table(
    "consent_changes",
    metadata,
    key(),
    text("purpose"),
    text("state"),  # given | withdrawn
    Column("customer", Big, nullable=True),  # one person; else `people`, a roaring bitmap
    Column("people", LargeBinary, nullable=True),
    count("size"),
    at("at"),
    text("source"),  # page | api | list | the tracker's name
    text("by", default=""),
    text("note", default=""),
)
Index("consent_changes_customer", consent_changes.c.customer)
follow_ups = Table(  # what staff write down of a customer
    "follow_ups",
    metadata,
    key(),
    Column("customer", Big, nullable=False, index=True),  # the number of that day
    text("kind"),  # note | chat | call | visit | service | complaint
    text("text"),
    text("by"),
    at("at"),
    at("removed_at", nullable=True),
)
