"""Tags: groups, tags, who has them now, and every change of it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table

from yutang.state.brand.metadata import metadata
from yutang.state.types import Big, at, count, data, key, text

tag_groups = Table(
    "tag_groups",
    metadata,
    key(),
    text("name"),
    text("code", default=""),  # of a group that the product made itself; "" made by people
    text("description", default=""),
    count("exclusive"),  # 1: a customer has at most one tag of it
    count("position"),
    text("created_by", default=""),
    at("created_at"),
    at("changed_at"),
    at("archived_at", nullable=True),
)
tags = Table(
    "tags",
    metadata,
    key(),
    Column("group_id", Big, ForeignKey("tag_groups.id"), nullable=False, index=True),
    text("name"),
    text("description", default=""),
    text("kind"),  # manual | rule | computed | imported | platform
    text("colour", default=""),  # #rrggbb; "" none
    count("valid_days"),  # 0: for ever
    text("set_by", default="guides"),  # guides | operators
    data("rule", nullable=True),  # of computed and rule tags: who gets it
    data("behaviour", nullable=True),  # what holders should do, by which tagging is judged
    count("position"),
    text("created_by", default=""),
    at("created_at"),
    at("changed_at"),
    at("archived_at", nullable=True),
    at("expires_at", nullable=True),  # when the next of its people is over time
    count("version"),  # goes up whenever its people change
)
tag_people = Table(  # who has it now, by the numbers of the day it was given
    "tag_people",
    metadata,
    Column("tag_id", Big, ForeignKey("tags.id"), primary_key=True),
    Column("people", LargeBinary, nullable=False),  # roaring bitmap of customer ids
)
tag_changes = Table(  # append-only: undoing a change marks it
    "tag_changes",
    metadata,
    key(),
    Column("tag_id", Big, ForeignKey("tags.id"), nullable=False),
    text("action"),  # add | remove | expire
    Column("customer", Big, nullable=True),  # when it is about one number
    Column("people", LargeBinary, nullable=True),  # roaring bitmap, when about several
    count("size"),
    text("kind"),  # manual | rule | computed | import | platform | bulk
    text("by", default=""),  # a login, a guide's key, a source
    text("note", default=""),
    at("at"),
    at("until", nullable=True),  # of an addition: when it is over time
    at("undone_at", nullable=True),
    text("undone_by", default=""),
    text("job", default=""),  # several changes made by one act
    Column("part_of", Big, nullable=True, index=True),  # the addition that replaced this tag
)
Index("tag_changes_tag", tag_changes.c.tag_id, tag_changes.c.id)
Index("tag_changes_customer", tag_changes.c.customer, tag_changes.c.id)
Index("tag_changes_job", tag_changes.c.job)
