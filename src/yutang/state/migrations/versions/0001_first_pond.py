"""The first tables.

The tables are made from the metadata as they stand in this file's own commit; a later change of a
table is a later migration, and a test holds the chain against the metadata.
"""

from alembic import context, op

from yutang.state import brand, installation

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = context.config.attributes["kind"]
    metadata = installation.metadata if kind == "installation" else brand.metadata
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead: the first migration cannot be taken back.")
