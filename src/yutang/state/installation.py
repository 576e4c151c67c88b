"""Tables of the installation: who may enter which brand. No customer data ever stands here."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, Text

from yutang.state.types import Big, at, data, key, text

metadata = MetaData()

brands = Table(
    "brands",
    metadata,
    key(),
    Column("slug", Text, nullable=False, unique=True),
    text("name"),
    text("label", default="real"),  # real | simulated
    text("provenance_zh", default=""),
    text("provenance_en", default=""),
    text("zone", default="Asia/Shanghai"),
    at("created_at"),
)
accounts = Table(
    "accounts",
    metadata,
    key(),
    Column("login", Text, nullable=False, unique=True),
    text("name"),
    text("password_hash"),
    text("locale", default="zh"),
    text("theme", default="auto"),
    at("created_at"),
    at("disabled_at", nullable=True),
)
memberships = Table(
    "memberships",
    metadata,
    Column("account_id", Big, ForeignKey("accounts.id"), primary_key=True),
    Column("brand_id", Big, ForeignKey("brands.id"), primary_key=True),
    text("role"),  # admin | operator | analyst | guide
    at("created_at"),
)
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", Big, ForeignKey("accounts.id"), nullable=False),
    at("created_at"),
    at("seen_at"),
    at("expires_at"),
    text("ip", default=""),
    text("agent", default=""),
)
login_attempts = Table(
    "login_attempts",
    metadata,
    key(),
    text("login"),
    text("ip"),
    at("at"),
    Column("ok", Big, nullable=False),
)
Index("login_attempts_login_at", login_attempts.c.login, login_attempts.c.at)
api_keys = Table(
    "api_keys",
    metadata,
    key(),
    Column("brand_id", Big, ForeignKey("brands.id"), nullable=False),
    text("name"),
    text("prefix"),
    Column("key_hash", Text, nullable=False, unique=True),
    text("role"),
    text("created_by"),
    at("created_at"),
    at("used_at", nullable=True),
    at("revoked_at", nullable=True),
)
audit_log = Table(
    "installation_audit",
    metadata,
    key(),
    at("at"),
    text("login"),
    text("action"),
    text("target", default=""),
    data("detail", nullable=True),
    text("ip", default=""),
)
