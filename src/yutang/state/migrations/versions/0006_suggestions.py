"""Who may be one person: suggestions, and what people said to them."""

import sqlalchemy as sa
from alembic import context, op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if context.config.attributes["kind"] != "brand":
        return
    op.create_table(
        "identity_suggestions",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("a", BIG, nullable=False),
        sa.Column("b", BIG, nullable=False),
        sa.Column("weight", BIG, server_default="0", nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("request", BIG, nullable=True),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("a", "b"),
    )
    op.create_index(op.f("ix_identity_suggestions_b"), "identity_suggestions", ["b"], unique=False)
    op.create_index("identity_suggestions_status", "identity_suggestions", ["status"], unique=False)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
