"""Decisions about people that wait for the one writer."""

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if context.config.attributes["kind"] != "brand":
        return
    op.create_table(
        "hand_requests",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("ip", sa.Text(), server_default="", nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("done_at", BIG, nullable=True),
    )
    op.create_index("hand_requests_status", "hand_requests", ["status"])


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
