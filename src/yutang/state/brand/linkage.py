"""Who may be one person: suggestions of a probabilistic model, and what people said to them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, UniqueConstraint

from yutang.state.brand.metadata import metadata
from yutang.state.types import Big, at, count, data, key, text

identity_suggestions = Table(  # no value of a person: numbers and how well their fields agree
    "identity_suggestions",
    metadata,
    key(),
    Column("a", Big, nullable=False),  # customers, the smaller number first
    Column("b", Big, nullable=False, index=True),
    count("weight"),  # match weight in thousandths: log2 of the odds
    data("evidence"),  # field → level of agreement
    text("status", default="open"),  # open | joined | apart | stale
    at("at"),  # when it was suggested last
    Column("request", Big, nullable=True),  # of hand_requests, where it was joined
    text("decided_by", default=""),
    at("decided_at", nullable=True),
    UniqueConstraint("a", "b"),
)
Index("identity_suggestions_status", identity_suggestions.c.status)
