"""Consents, follow-ups; who entered and left a segment when."""

import sqlalchemy as sa
from alembic import context, op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if context.config.attributes["kind"] != "brand":
        return
    op.create_table(
        "consent_changes",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("customer", BIG, nullable=True),
        sa.Column("people", sa.LargeBinary(), nullable=True),
        sa.Column("size", BIG, server_default="0", nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consent_changes_customer", "consent_changes", ["customer"])
    op.create_table(
        "follow_ups",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("customer", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("removed_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_follow_ups_customer", "follow_ups", ["customer"])
    op.create_table(
        "segment_changes",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("segment_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("facts_version", BIG, nullable=False),
        sa.Column("entered", sa.LargeBinary(), nullable=False),
        sa.Column("left", sa.LargeBinary(), nullable=False),
        sa.Column("entered_size", BIG, server_default="0", nullable=False),
        sa.Column("left_size", BIG, server_default="0", nullable=False),
        sa.Column("size", BIG, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("segment_changes_segment", "segment_changes", ["segment_id", "at"])


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
