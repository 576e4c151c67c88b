"""Tracking sources, customer attributes, retention; evidence with the time at which it was so."""

import sqlalchemy as sa
from alembic import context, op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if context.config.attributes["kind"] == "brand":
        _links()
        _identity_tables()
        _dictionary()
        _tracking()
        _profiles()


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead: evidence would be lost.")


def _links() -> None:
    """Evidence may now come twice, at different times: the table is made anew without its rule."""
    op.drop_index(op.f("ix_identity_links_a"), "identity_links")
    op.drop_index(op.f("ix_identity_links_b"), "identity_links")
    op.rename_table("identity_links", "old_links")
    op.create_table(
        "identity_links",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("a", BIG, sa.ForeignKey("identities.id"), nullable=False),
        sa.Column("b", BIG, sa.ForeignKey("identities.id"), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("strength", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("time", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("revoked_at", BIG, nullable=True),
        sa.Column("revoked_by", sa.Text(), server_default="", nullable=False),
    )
    weak = "('anonymous_id', 'device', 'cookie')"
    firm = "('phone', 'unionid', 'member_no', 'login_id')"
    op.execute(
        'INSERT INTO identity_links (id, a, b, evidence, strength, source, time, at, "by",'
        " revoked_at) SELECT l.id, CASE WHEN l.a < l.b THEN l.a ELSE l.b END,"
        " CASE WHEN l.a < l.b THEN l.b ELSE l.a END, l.evidence,"
        f" CASE WHEN x.kind IN {weak} OR y.kind IN {weak} THEN 'device'"
        f" WHEN x.kind IN {firm} AND y.kind IN {firm} THEN 'person' ELSE 'app' END,"
        ' l.source, l.at, l.at, l."by", l.revoked_at FROM old_links l'
        " JOIN identities x ON x.id = l.a JOIN identities y ON y.id = l.b ORDER BY l.id"
    )
    op.drop_table("old_links")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('identity_links', 'id'),"
            " (SELECT coalesce(max(id), 1) FROM identity_links))"
        )
    op.create_index("identity_links_pair", "identity_links", ["a", "b"])
    op.create_index(op.f("ix_identity_links_b"), "identity_links", ["b"])


def _identity_tables() -> None:
    op.add_column(
        "identities", sa.Column("first_customer", BIG, server_default="0", nullable=False)
    )
    op.execute("UPDATE identities SET first_customer = customer_id")
    op.create_table(
        "identity_moves",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("identity", BIG, nullable=False),
        sa.Column("customer", BIG, nullable=False),
    )
    op.create_table(
        "identity_detachments",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("identity", BIG, sa.ForeignKey("identities.id"), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("time", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("revoked_at", BIG, nullable=True),
        sa.Column("revoked_by", sa.Text(), server_default="", nullable=False),
    )
    op.create_index(op.f("ix_identity_detachments_identity"), "identity_detachments", ["identity"])
    op.create_table(
        "device_segments",
        sa.Column("device", BIG, sa.ForeignKey("identities.id"), primary_key=True),
        sa.Column("from_time", BIG, primary_key=True),
        sa.Column("owner", BIG, sa.ForeignKey("identities.id"), nullable=False),
    )
    op.create_index(op.f("ix_device_segments_owner"), "device_segments", ["owner"])
    op.create_table(
        "identity_reviews",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("identity", BIG, sa.ForeignKey("identities.id"), nullable=False, unique=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("people", BIG, server_default="0", nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("resolved_at", BIG, nullable=True),
        sa.Column("resolved_by", sa.Text(), server_default="", nullable=False),
    )


def _dictionary() -> None:
    op.add_column("event_names", sa.Column("status", sa.Text(), server_default="", nullable=False))
    for name in ("owner", "status", "privacy"):
        op.add_column(
            "event_properties", sa.Column(name, sa.Text(), server_default="", nullable=False)
        )
    op.add_column("event_properties", sa.Column("events", BIG, server_default="0", nullable=False))
    op.add_column("event_properties", sa.Column("last_seen_at", BIG, nullable=True))
    op.add_column("event_properties", sa.Column("examples", sa.JSON(), nullable=True))


def _tracking() -> None:
    op.create_table(
        "sources",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="on", nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
    )
    op.create_table(
        "write_keys",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("source_id", BIG, sa.ForeignKey("sources.id"), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("ends_at", BIG, nullable=True),
    )
    op.create_index(op.f("ix_write_keys_source_id"), "write_keys", ["source_id"])


def _profiles() -> None:
    op.create_table(
        "attributes",
        sa.Column("identity", BIG, sa.ForeignKey("identities.id"), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.Column("time", BIG, nullable=False),
        sa.Column("commit_id", BIG, nullable=False),
    )
    op.create_table(
        "items",
        sa.Column("type", sa.Text(), primary_key=True),
        sa.Column("item_id", sa.Text(), primary_key=True),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("time", BIG, nullable=False),
        sa.Column("deleted_at", BIG, nullable=True),
    )
    op.create_table(
        "retention_rules",
        sa.Column("event", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("days", BIG, server_default="0", nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
    )
