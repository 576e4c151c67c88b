"""What is made of saved reports; segments; runs of models that the next is compared with."""

import sqlalchemy as sa
from alembic import context, op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if context.config.attributes["kind"] != "brand":
        return
    op.add_column("saved_reports", sa.Column("changed_at", BIG, nullable=True))
    _reports()
    _alerts()
    _schedules()
    _telling()
    _people()


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")


def _reports() -> None:
    op.create_table(
        "dashboards",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("ready", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "day_notes",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("first_on", sa.Text(), nullable=False),
        sa.Column("last_on", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("day_notes_first_on", "day_notes", ["first_on"], unique=False)
    op.create_table(
        "dashboard_cards",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("dashboard_id", BIG, nullable=False),
        sa.Column("report_id", BIG, nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("position", BIG, server_default="0", nullable=False),
        sa.Column("width", BIG, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["dashboard_id"],
            ["dashboards.id"],
        ),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["saved_reports.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_dashboard_cards_dashboard_id"), "dashboard_cards", ["dashboard_id"], unique=False
    )
    op.create_index(
        op.f("ix_dashboard_cards_report_id"), "dashboard_cards", ["report_id"], unique=False
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), server_default="on", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("seen", sa.JSON(), nullable=True),
        sa.Column("checked_at", BIG, nullable=True),
        sa.Column("next_at", BIG, nullable=True),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["saved_reports.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_alerts_report_id"), "alerts", ["report_id"], unique=False)
    op.create_index("alerts_next_at", "alerts", ["status", "next_at"], unique=False)
    op.create_table(
        "alert_events",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("alert_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["alerts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_alert_events_alert_id"), "alert_events", ["alert_id"], unique=False)


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("report_id", BIG, nullable=True),
        sa.Column("dashboard_id", BIG, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cadence", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), server_default="on", nullable=False),
        sa.Column("next_at", BIG, nullable=True),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["dashboard_id"],
            ["dashboards.id"],
        ),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["saved_reports.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_schedules_dashboard_id"), "schedules", ["dashboard_id"], unique=False)
    op.create_index(op.f("ix_schedules_report_id"), "schedules", ["report_id"], unique=False)
    op.create_index("schedules_next_at", "schedules", ["status", "next_at"], unique=False)
    op.create_table(
        "schedule_runs",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("schedule_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("stored_as", sa.Text(), server_default="", nullable=False),
        sa.Column("filename", sa.Text(), server_default="", nullable=False),
        sa.Column("size", BIG, server_default="0", nullable=False),
        sa.Column("facts_version", BIG, server_default="0", nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["schedules.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_schedule_runs_schedule_id"), "schedule_runs", ["schedule_id"], unique=False
    )


def _telling() -> None:
    op.create_table(
        "notices",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.Column("level", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notices_login", "notices", ["login", "at"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="on", nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "notice_reads",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("notice_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["notices.id"],
        ),
        sa.PrimaryKeyConstraint("login", "notice_id"),
    )
    op.create_table(
        "webhook_posts",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("webhook_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", BIG, server_default="0", nullable=False),
        sa.Column("next_at", BIG, nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_webhook_posts_webhook_id"), "webhook_posts", ["webhook_id"], unique=False
    )
    op.create_index("webhook_posts_next_at", "webhook_posts", ["status", "next_at"], unique=False)


def _people() -> None:
    op.create_table(
        "segments",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("rule", sa.JSON(), nullable=True),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("changed_at", BIG, nullable=False),
        sa.Column("archived_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "model_runs",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("report_id", BIG, nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("facts_version", BIG, nullable=False),
        sa.Column("asked_on", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("deleted_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["saved_reports.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_model_runs_report_id"), "model_runs", ["report_id"], unique=False)
    op.create_table(
        "segment_versions",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("segment_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("facts_version", BIG, nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.Column("size", BIG, server_default="0", nullable=False),
        sa.Column("origin", sa.JSON(), nullable=True),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_segment_versions_segment_id"), "segment_versions", ["segment_id"], unique=False
    )
    op.create_table(
        "model_run_groups",
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.Column("size", BIG, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["model_runs.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "label"),
    )
