"""Tags: groups, tags, who has them, and every change of it."""

import sqlalchemy as sa
from alembic import context, op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if context.config.attributes["kind"] != "brand":
        return
    _groups()
    _tags()
    _changes()


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")


def _groups() -> None:
    op.create_table(
        "tag_groups",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("exclusive", BIG, server_default="0", nullable=False),
        sa.Column("position", BIG, server_default="0", nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.Column("archived_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _tags() -> None:
    op.create_table(
        "tags",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("group_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_days", BIG, server_default="0", nullable=False),
        sa.Column("set_by", sa.Text(), server_default="guides", nullable=False),
        sa.Column("rule", sa.JSON(), nullable=True),
        sa.Column("behaviour", sa.JSON(), nullable=True),
        sa.Column("position", BIG, server_default="0", nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.Column("archived_at", BIG, nullable=True),
        sa.Column("expires_at", BIG, nullable=True),
        sa.Column("version", BIG, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tag_groups.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_tags_group_id"), "tags", ["group_id"], unique=False)
    op.create_table(
        "tag_people",
        sa.Column("tag_id", BIG, nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"]),
        sa.PrimaryKeyConstraint("tag_id"),
    )


def _changes() -> None:
    op.create_table(
        "tag_changes",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("tag_id", BIG, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("customer", BIG, nullable=True),
        sa.Column("people", sa.LargeBinary(), nullable=True),
        sa.Column("size", BIG, server_default="0", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("until", BIG, nullable=True),
        sa.Column("undone_at", BIG, nullable=True),
        sa.Column("undone_by", sa.Text(), server_default="", nullable=False),
        sa.Column("job", sa.Text(), server_default="", nullable=False),
        sa.Column("part_of", BIG, nullable=True),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("tag_changes_tag", "tag_changes", ["tag_id", "id"], unique=False)
    op.create_index("tag_changes_customer", "tag_changes", ["customer", "id"], unique=False)
    op.create_index("tag_changes_job", "tag_changes", ["job"], unique=False)
    op.create_index(op.f("ix_tag_changes_part_of"), "tag_changes", ["part_of"], unique=False)
