"""The first tables, as they were when this was written: a later change is a later migration."""

import sqlalchemy as sa
from alembic import context, op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for make in INSTALLATION if context.config.attributes["kind"] == "installation" else BRAND:
        make()


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead: the first migration cannot be taken back.")


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("login", sa.Text(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), server_default="zh", nullable=False),
        sa.Column("theme", sa.Text(), server_default="auto", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("disabled_at", BIG, nullable=True),
    )


def _brands() -> None:
    op.create_table(
        "brands",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("slug", sa.Text(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="real", nullable=False),
        sa.Column("provenance_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("provenance_en", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), server_default="Asia/Shanghai", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
    )


def _installation_audit() -> None:
    op.create_table(
        "installation_audit",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("ip", sa.Text(), server_default="", nullable=False),
    )


def _login_attempts() -> None:
    op.create_table(
        "login_attempts",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("ok", BIG, nullable=False),
    )
    op.create_index("login_attempts_login_at", "login_attempts", ["login", "at"])


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("brand_id", BIG, sa.ForeignKey("brands.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("used_at", BIG, nullable=True),
        sa.Column("revoked_at", BIG, nullable=True),
    )


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("account_id", BIG, sa.ForeignKey("accounts.id"), primary_key=True),
        sa.Column("brand_id", BIG, sa.ForeignKey("brands.id"), primary_key=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("account_id", BIG, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("seen_at", BIG, nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.Column("ip", sa.Text(), server_default="", nullable=False),
        sa.Column("agent", sa.Text(), server_default="", nullable=False),
    )


INSTALLATION = (
    _accounts,
    _brands,
    _installation_audit,
    _login_attempts,
    _api_keys,
    _memberships,
    _sessions,
)


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("ip", sa.Text(), server_default="", nullable=False),
    )


def _commits() -> None:
    op.create_table(
        "commits",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("changed", sa.LargeBinary(), nullable=True),
        sa.UniqueConstraint("journal", "position"),
    )


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("day", sa.Text(), primary_key=True),
        sa.Column("n", BIG, server_default="0", nullable=False),
    )


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("merged_into", BIG, sa.ForeignKey("customers.id"), nullable=True),
    )
    op.create_index(op.f("ix_customers_merged_into"), "customers", ["merged_into"])


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=False),
    )


def _event_names() -> None:
    op.create_table(
        "event_names",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("events", BIG, server_default="0", nullable=False),
        sa.Column("first_seen_at", BIG, nullable=False),
        sa.Column("last_seen_at", BIG, nullable=True),
    )


def _event_properties() -> None:
    op.create_table(
        "event_properties",
        sa.Column("name_key", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False, unique=True),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("first_seen_at", BIG, nullable=False),
    )


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("preset", sa.Text(), server_default="", nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=True),
        sa.Column("platform", sa.Text(), server_default="", nullable=False),
        sa.Column("shop", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("done_rows", BIG, server_default="0", nullable=False),
        sa.Column("total_rows", BIG, server_default="0", nullable=False),
        sa.Column("generation", BIG, server_default="0", nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("started_at", BIG, nullable=True),
        sa.Column("finished_at", BIG, nullable=True),
    )


def _mapping_presets() -> None:
    op.create_table(
        "mapping_presets",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )


def _refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value_hash", sa.Text(), primary_key=True),
        sa.Column("at", BIG, nullable=False),
    )


def _saved_reports() -> None:
    op.create_table(
        "saved_reports",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
    )


def _shops() -> None:
    op.create_table(
        "shops",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.UniqueConstraint("platform", "shop"),
    )


def _identities() -> None:
    op.create_table(
        "identities",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("tail", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_id", BIG, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("commit_id", BIG, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_seen_at", BIG, nullable=False),
        sa.UniqueConstraint("kind", "value"),
    )
    op.create_index("identities_tail", "identities", ["tail"])
    op.create_index("identities_value", "identities", ["value"])
    op.create_index(op.f("ix_identities_customer_id"), "identities", ["customer_id"])


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("import_id", BIG, sa.ForeignKey("imports.id"), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("row", BIG, nullable=False),
        sa.Column("column", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("at", BIG, nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("repair", sa.JSON(), nullable=True),
        sa.Column("resolved_at", BIG, nullable=True),
        sa.Column("resolved_by", sa.Text(), server_default="", nullable=False),
    )
    op.create_index(op.f("ix_quarantine_import_id"), "quarantine", ["import_id"])
    op.create_index("quarantine_open", "quarantine", ["status", "reason"])


def _identity_links() -> None:
    op.create_table(
        "identity_links",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("a", BIG, sa.ForeignKey("identities.id"), nullable=False),
        sa.Column("b", BIG, sa.ForeignKey("identities.id"), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("revoked_at", BIG, nullable=True),
        sa.UniqueConstraint("a", "b", "source"),
    )
    op.create_index(op.f("ix_identity_links_a"), "identity_links", ["a"])
    op.create_index(op.f("ix_identity_links_b"), "identity_links", ["b"])


BRAND = (
    _audit_log,
    _commits,
    _counters,
    _customers,
    _erasures,
    _event_names,
    _event_properties,
    _imports,
    _mapping_presets,
    _meta,
    _refusals,
    _saved_reports,
    _shops,
    _identities,
    _quarantine,
    _identity_links,
)
