"""Saved reports and what is made of them: dashboards, alerts, schedules, segments, runs."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text

from yutang.state.brand.metadata import metadata
from yutang.state.types import Big, at, count, data, key, text

# --- what is made of saved reports: dashboards, notes on days, alerts, files on time ---
saved_reports = Table(
    "saved_reports",
    metadata,
    key(),
    text("name"),
    text("model"),
    data("params"),
    text("created_by", default=""),
    at("created_at"),
    at("changed_at", nullable=True),
)
dashboards = Table(
    "dashboards",
    metadata,
    key(),
    text("name"),
    text("description", default=""),
    data("settings"),  # the range and filter that stand for those of every card
    text("ready", default=""),  # the ready one it was made from; "" made by hand
    text("created_by", default=""),
    at("created_at"),
    at("changed_at"),
)
dashboard_cards = Table(
    "dashboard_cards",
    metadata,
    key(),
    Column("dashboard_id", Big, ForeignKey("dashboards.id"), nullable=False, index=True),
    Column("report_id", Big, ForeignKey("saved_reports.id"), nullable=True, index=True),
    text("note", default=""),  # a card of words, where there is no report
    data("settings"),  # what of the report is shown, and how
    count("position"),
    count("width"),  # of 12 columns
)
day_notes = Table(  # what happened on a day, shown on every chart over time
    "day_notes",
    metadata,
    key(),
    text("first_on"),  # business days, YYYY-MM-DD, both inclusive
    text("last_on"),
    text("kind"),  # campaign | release | incident | other
    text("text"),
    text("created_by", default=""),
    at("created_at"),
)
Index("day_notes_first_on", day_notes.c.first_on)
alerts = Table(
    "alerts",
    metadata,
    key(),
    Column("report_id", Big, ForeignKey("saved_reports.id"), nullable=False, index=True),
    text("name"),
    data("rule"),  # which number, and when it is worth a word
    data("channels"),  # who is told: logins, webhooks
    text("status", default="on"),  # on | off | removed (can be taken back until it is swept)
    text("state", default=""),  # "" not asked yet | calm | firing | late | empty | broken
    data("seen", nullable=True),  # the numbers of the last look
    at("checked_at", nullable=True),
    at("next_at", nullable=True),  # when it is looked at next, even without new facts
    text("created_by", default=""),
    at("created_at"),
)
Index("alerts_next_at", alerts.c.status, alerts.c.next_at)
alert_events = Table(  # changes of an alert's state
    "alert_events",
    metadata,
    key(),
    Column("alert_id", Big, ForeignKey("alerts.id"), nullable=False, index=True),
    at("at"),
    text("state"),
    data("detail"),
)
schedules = Table(
    "schedules",
    metadata,
    key(),
    Column("report_id", Big, ForeignKey("saved_reports.id"), nullable=True, index=True),
    Column("dashboard_id", Big, ForeignKey("dashboards.id"), nullable=True, index=True),
    text("name"),
    data("cadence"),  # every day, week or month at a local time
    data("settings"),  # format, who is told
    text("status", default="on"),  # on | off | removed (can be taken back until it is swept)
    at("next_at", nullable=True),
    text("created_by", default=""),
    at("created_at"),
)
Index("schedules_next_at", schedules.c.status, schedules.c.next_at)
schedule_runs = Table(
    "schedule_runs",
    metadata,
    key(),
    Column("schedule_id", Big, ForeignKey("schedules.id"), nullable=False, index=True),
    at("at"),
    text("status"),  # done | failed
    text("stored_as", default=""),  # the file below the brand's folder; "" gone or none
    text("filename", default=""),
    count("size"),
    count("facts_version"),
    data("error", nullable=True),
)
notices = Table(  # what the console tells somebody
    "notices",
    metadata,
    key(),
    at("at"),
    text("login"),  # to whom; "" to all who have the right
    text("needs", default=""),  # that right
    text("kind"),  # alert | schedule
    text("message"),  # an English template, shown in the reader's language
    data("params"),
    text("link", default=""),  # below the brand's pages
    text("level", default=""),  # "" for information | bad | good
)
Index("notices_login", notices.c.login, notices.c.at)
notice_reads = Table(
    "notice_reads",
    metadata,
    Column("login", Text, primary_key=True),
    Column("notice_id", Big, ForeignKey("notices.id"), primary_key=True),
    at("at"),
)
webhooks = Table(
    "webhooks",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    text("kind"),  # json | wecom_robot
    text("url"),
    text("secret", default=""),
    text("status", default="on"),  # on | off
    text("created_by", default=""),
    at("created_at"),
)
webhook_posts = Table(  # written before the first try; tried again until it is taken or too old
    "webhook_posts",
    metadata,
    key(),
    Column("webhook_id", Big, ForeignKey("webhooks.id"), nullable=False, index=True),
    at("at"),
    data("body"),
    text("status", default="waiting"),  # waiting | sent | failed
    count("attempts"),
    at("next_at", nullable=True),
    text("answer", default=""),
)
Index("webhook_posts_next_at", webhook_posts.c.status, webhook_posts.c.next_at)

# --- people kept under a name, and what a model said of everybody ---
segments = Table(
    "segments",
    metadata,
    key(),
    text("name"),
    text("kind"),  # static: a list that stays | dynamic: a rule
    text("description", default=""),
    data("rule", nullable=True),
    text("created_by", default=""),
    at("created_at"),
    at("changed_at"),
    at("archived_at", nullable=True),
)
segment_versions = Table(
    "segment_versions",
    metadata,
    key(),
    Column("segment_id", Big, ForeignKey("segments.id"), nullable=False, index=True),
    at("at"),
    Column("facts_version", Big, nullable=False),
    Column("people", LargeBinary, nullable=False),  # roaring bitmap of customer ids
    count("size"),
    data("origin", nullable=True),  # where they come from: a model's cell, a list
    text("by", default=""),
)
segment_changes = Table(  # who came into a segment and who left it, at each time it was asked
    "segment_changes",
    metadata,
    key(),
    Column("segment_id", Big, ForeignKey("segments.id"), nullable=False),
    at("at"),
    Column("facts_version", Big, nullable=False),
    Column("entered", LargeBinary, nullable=False),  # roaring bitmaps of customer ids
    Column("left", LargeBinary, nullable=False),
    count("entered_size"),
    count("left_size"),
    count("size"),  # of the segment afterwards
)
Index("segment_changes_segment", segment_changes.c.segment_id, segment_changes.c.at)
model_runs = Table(  # answers that the next one is compared with: the layers of RFM
    "model_runs",
    metadata,
    key(),
    text("model"),
    Column("report_id", Big, ForeignKey("saved_reports.id"), nullable=True, index=True),
    data("params"),
    data("result"),  # edges and counts
    Column("facts_version", Big, nullable=False),
    text("asked_on"),  # the business day it was asked for, YYYY-MM-DD
    text("by", default=""),
    at("at"),
    at("deleted_at", nullable=True),  # kept for a while, so that it can be undone
)
model_run_groups = Table(
    "model_run_groups",
    metadata,
    Column("run_id", Big, ForeignKey("model_runs.id"), primary_key=True),
    Column("label", Text, primary_key=True),
    Column("people", LargeBinary, nullable=False),  # roaring bitmap of customer ids
    count("size"),
)
