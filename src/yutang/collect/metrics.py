"""GET /metrics: what this process received and what its brands took in, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from yutang.collect.collecting import Collecting
from yutang.collect.stores import StoredBrand
from yutang.errors import YutangError
from yutang.journal import backlog
from yutang.kit import clock
from yutang.state.brand import counters

DAYS = 7  # business days whose intake is told one by one; the totals reach back to the beginning

Sample = tuple[dict[str, str], float]


def page_of(collecting: Collecting) -> str:
    """The whole page, text format 0.0.4. Reads every brand's counters: call it in a thread."""
    lines: list[str] = []
    for name, kind, told, samples in _families(collecting):
        lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{_labels(labels)} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _families(collecting: Collecting) -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    yield from _received(collecting)
    yield from _written(collecting)
    health = collecting.health()
    yield _one("yutang_collect_queue_bytes", "Bytes read and not durable yet.", health.queued_bytes)
    yield _one("yutang_collect_queue_limit_bytes", "Their bound.", health.queue_limit)
    yield _one(
        "yutang_collect_queue_requests", "Requests being answered.", collecting.queue.requests
    )
    yield _one(
        "yutang_collect_keys_failing",
        "1 where write keys cannot be read.",
        int(bool(health.keys_failing)),
    )
    yield _one("yutang_disk_free_bytes", "Free space where the journal is.", health.free_bytes)
    yield from _waiting(collecting)
    yield from _taken_in(collecting)


def _one(name: str, told: str, value: float) -> tuple[str, str, str, list[Sample]]:
    return name, "gauge", told, [({}, value)]


def _received(collecting: Collecting) -> Iterator[tuple[str, str, str, list[Sample]]]:
    found = list(collecting.counters.by_source.items())
    labels = [({"brand": brand, "source": source}, one) for (brand, source), one in found]
    taken = [(label, one) for label, one in labels if label["brand"]]
    yield (
        "yutang_collect_requests_total", "counter", "Requests made durable and answered.",
        [(label, one.requests) for label, one in taken],
    )  # fmt: skip
    yield (
        "yutang_collect_bytes_total", "counter", "Bytes of their bodies and queries.",
        [(label, one.bytes) for label, one in taken],
    )  # fmt: skip
    yield (
        "yutang_collect_refused_total", "counter", "Requests refused, by reason.",
        [
            ({**label, "reason": reason}, n)
            for label, one in labels
            for reason, n in sorted(one.refused.items())
        ],
    )  # fmt: skip


def _written(collecting: Collecting) -> Iterator[tuple[str, str, str, list[Sample]]]:
    groups = [({"brand": slug}, one) for slug, one in sorted(collecting.groups.items())]
    yield (
        "yutang_journal_syncs_total", "counter", "Groups of requests made durable.",
        [(label, one.writer.volume.groups) for label, one in groups],
    )  # fmt: skip
    yield (
        "yutang_journal_sync_seconds_total", "counter", "Time spent waiting for the disk.",
        [(label, one.writer.volume.seconds) for label, one in groups],
    )  # fmt: skip
    yield (
        "yutang_journal_requests_total", "counter", "Requests written.",
        [(label, one.writer.volume.requests) for label, one in groups],
    )  # fmt: skip
    yield (
        "yutang_journal_written_bytes_total", "counter", "Bytes written.",
        [(label, one.writer.volume.bytes) for label, one in groups],
    )  # fmt: skip
    yield (
        "yutang_journal_failing", "gauge", "1 where the journal cannot be written.",
        [(label, int(one.trouble is not None)) for label, one in groups],
    )  # fmt: skip


def _waiting(collecting: Collecting) -> Iterator[tuple[str, str, str, list[Sample]]]:
    now = collecting.now()
    found = [(one.slug, backlog(one.journal)) for one in collecting.stores.brands()]
    yield (
        "yutang_journal_backlog_bytes", "gauge", "Bytes of journal files not removed yet.",
        [({"brand": slug}, one.bytes) for slug, one in found],
    )  # fmt: skip
    yield (
        "yutang_journal_backlog_seconds", "gauge", "Age of the oldest journal file.",
        [
            ({"brand": slug}, max(0, now - one.oldest_at) / 1000 if one.oldest_at else 0)
            for slug, one in found
        ],
    )  # fmt: skip


def _taken_in(collecting: Collecting) -> Iterator[tuple[str, str, str, list[Sample]]]:
    """The worker's counters; a brand whose state cannot be read is left out."""
    totals: list[Sample] = []
    by_day: list[Sample] = []
    for brand in collecting.stores.brands():
        try:
            total, days = _counted(brand, collecting.now())
        except (SQLAlchemyError, OSError, YutangError):
            continue
        totals += total
        by_day += days
    yield (
        "yutang_ingest_records_total", "counter", "Records by what became of them.", totals
    )  # fmt: skip
    yield (
        "yutang_ingest_day_records", "gauge", "The same by business day, the last week.", by_day
    )  # fmt: skip


def _counted(brand: StoredBrand, now: int) -> tuple[list[Sample], list[Sample]]:
    first = clock.iso_day(now - (DAYS - 1) * clock.DAY_MS, brand.zone)
    c = counters.c
    totals = select(c.source, c.name, func.sum(c.n)).group_by(c.source, c.name)
    days = select(c.source, c.name, c.day, c.n).where(c.day >= first)
    with brand.db.read() as connection:
        return (
            [
                ({"brand": brand.slug, "source": source, "outcome": name}, n)
                for source, name, n in connection.execute(totals.order_by(c.source, c.name))
            ],
            [
                ({"brand": brand.slug, "source": source, "outcome": name, "day": day}, n)
                for source, name, day, n in connection.execute(
                    days.order_by(c.source, c.name, c.day)
                )
            ],
        )


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
