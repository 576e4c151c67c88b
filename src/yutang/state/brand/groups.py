"""What people say about groups; what happens in them are events."""

from __future__ import annotations

from sqlalchemy import Table, UniqueConstraint

from yutang.state.brand.metadata import metadata
from yutang.state.types import at, key, text

groups = Table(
    "groups",
    metadata,
    key(),
    text("key"),  # the platform's id of the group
    text("name", default=""),  # "" = as the events say; so with owner
    text("purpose", default=""),  # benefit | activity | flash | expert | service | other | ""
    text("owner", default=""),  # key of the guide
    text("status", default="active"),  # active | dissolved (said by hand)
    text("dissolve_on", default=""),  # last day of a flash group, YYYY-MM-DD
    text("carries_over_to", default=""),  # key of the group that takes its members
    text("note", default=""),
    text("changed_by", default=""),
    at("created_at"),
    at("changed_at"),
    UniqueConstraint("key"),
)
