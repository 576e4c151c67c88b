"""Detectors of the business: what the numbers cannot tell for want of a source."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from yutang.kit.clock import DAY_MS
from yutang.ops.findings import Finding, Patient
from yutang.state.brand import commits, quarantine

STALE_DAYS = 7  # an operator looks at least once a week; older numbers mislead
MANY_WAITING = 100  # open quarantine rows


def nothing_yet(patient: Patient) -> Iterator[Finding]:
    if not _latest(patient):
        yield Finding(
            "empty", "hint", "Nothing has been imported yet.",
            "Import an order file: `yutang import orders FILE`, or the page Import.", patient.slug,
        )  # fmt: skip


def sources(patient: Patient) -> Iterator[Finding]:
    shops = patient.brand.shops.list_()
    if not shops:
        return
    domains = {one.domain for one in shops}
    if "public" not in domains:
        yield Finding(
            "no_public_source", "hint",
            "No public source is connected: this is a community, not yet a private domain.",
            "Import orders of a Tmall, JD or Douyin shop: the lead-in rate needs them.",
            patient.slug,
        )  # fmt: skip
    if "private" not in domains:
        yield Finding(
            "no_private_shop", "hint",
            "No shop is private: what the private domain sells cannot be told.",
            "Say on the page Shops which shop is yours, or import orders of it.", patient.slug,
        )  # fmt: skip
    unconfirmed = [one for one in shops if not one.confirmed_by]
    if unconfirmed:
        yield Finding(
            "shops_unconfirmed", "hint",
            "%(count)s shops are private or public only by a guess from their platform.",
            "Confirm them on the page Shops.", patient.slug, {"count": len(unconfirmed)},
        )  # fmt: skip


def no_events(patient: Patient) -> Iterator[Finding]:
    if _latest(patient) and not patient.brand.workspace.lake.exists("events"):
        yield Finding(
            "no_events", "hint",
            "There are orders but no events: interaction, seeding and social power stay unknown.",
            "Import events: `yutang import events FILE`.", patient.slug,
        )  # fmt: skip


def stale(patient: Patient) -> Iterator[Finding]:
    if patient.brand.row.label == "simulated":
        return
    latest = _latest(patient)
    days = (patient.now - latest) // DAY_MS
    if latest and days > STALE_DAYS:
        yield Finding(
            "stale", "hint", "The newest facts came %(days)s days ago.",
            "Import what has happened since.", patient.slug, {"days": days},
        )  # fmt: skip


def waiting_in_quarantine(patient: Patient) -> Iterator[Finding]:
    with patient.brand.workspace.db.read() as connection:
        query = select(func.count()).where(quarantine.c.status == "open")
        count = int(connection.execute(query).scalar() or 0)
    if count > MANY_WAITING:
        yield Finding(
            "quarantine", "hint", "%(count)s values or rows wait in quarantine.",
            "Repair or dismiss them on the page Data health.", patient.slug, {"count": count},
        )  # fmt: skip


def _latest(patient: Patient) -> int:
    """When facts came last (UTC ms); 0 = never."""
    with patient.brand.workspace.db.read() as connection:
        query = select(func.max(commits.c.at)).where(commits.c.kind.in_(["events", "orders"]))
        return int(connection.execute(query).scalar() or 0)
