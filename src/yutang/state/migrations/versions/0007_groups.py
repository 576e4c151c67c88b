"""What people say about groups: purpose, owner, when a flash group ends."""

import sqlalchemy as sa
from alembic import context, op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = ("name", "purpose", "owner")
_MORE = ("dissolve_on", "carries_over_to", "note", "changed_by")


def upgrade() -> None:
    if context.config.attributes["kind"] != "brand":
        return
    op.create_table(
        "groups",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _TEXTS),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _MORE),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
