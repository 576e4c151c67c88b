"""What is left beside the facts of a batch: what was set aside, and counts by source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection, select

from yutang.ingest.personal import Hash, conceal
from yutang.ingest.records import RECORD_LIMIT, Misfit
from yutang.ingest.stream.batch import Batch, News
from yutang.ingest.stream.decoding import Unread
from yutang.ingest.stream.people import People
from yutang.ingest.stream.quarantined import READ, as_text, text_of, unread_misfit
from yutang.state.brand import quarantine

TEXTS_AT_ONCE = 100  # records compared with those that are set aside already


def misfits_of(
    connection: Connection,
    batch: Batch,
    stored: np.ndarray,
    values: Sequence[tuple[int, str, str, str | None]],
    keyed_hash: Hash,
) -> list[Misfit]:
    """All that was set aside. stored: places of the stored events (int64); values: (row of
    `stored`, property, reason, value) of those that did not fit."""
    whole = [_record(batch, *one, keyed_hash) for one in batch.verdicts.aside]
    first_free = int(batch.arrival[-1]) + 1 if len(batch) else 0
    whole += [
        _unread(first_free + k, one, batch, keyed_hash)
        for k, one in enumerate(batch.arrived.unread)
    ]
    single = [
        _value(batch, int(stored[i]), name, reason, value) for i, name, reason, value in values
    ]
    is_stored = np.zeros(len(batch), bool)
    is_stored[stored] = True
    for i, record in batch.arrived.special.items():
        for name, reason, value in record.misfits if is_stored[i] else ():
            told = conceal(value, batch.words.rule, keyed_hash)
            single.append(_value(batch, i, name, reason, None if told is None else as_text(told)))
    return _not_known(connection, whole) + single


def counts_of(
    batch: Batch, news: News, people: People, items: np.ndarray, misfits: Sequence[Misfit]
) -> dict[str, dict[str, int]]:
    """Counts by source. items: bool (n), records that are rows of dimension tables."""
    operations, verdicts = news.operations, batch.verdicts
    with_new = np.zeros(len(batch), bool)
    with_new[operations.at[operations.new]] = True
    with_known = news.known.copy()
    with_known[operations.at[~operations.new & ~operations.reused]] = True
    alias = batch.is_act("alias") & verdicts.taken & ~people.refused
    accepted = news.events | with_new | items | alias
    masks = {
        "accepted": accepted,
        "duplicates": with_known & ~accepted & ~people.refused,
        "refused": people.refused,
        "late": verdicts.late,
        "future": verdicts.future,
        "blocked": verdicts.blocked,
        "robots": news.events & batch.arrived.robot,
        "events": news.events,
    }
    place, names = batch.source, [source.name for source in batch.sources]
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for what, mask in masks.items():
        if mask.any():
            for name, n in zip(names, np.bincount(place[mask], minlength=len(names)), strict=True):
                if n:
                    found[name][what] = found[name].get(what, 0) + int(n)
    for name, n in Counter(one.source or "" for one in misfits).items():
        found.setdefault(name, {})["quarantined"] = n
    for name, n in Counter(_name(one, batch) for one in batch.arrived.unread).items():
        found.setdefault(name, {})["rejected"] = n
    return found


def _record(batch: Batch, i: int, column: str, reason: str, keyed_hash: Hash) -> Misfit:
    """A whole record; one that ails by its event's name tells it as value, so that records of one
    name are found together."""
    record, rule = batch.record(i), batch.words.rule
    return Misfit(
        int(batch.arrival[i]),
        column or None,
        reason,
        conceal(record.event, rule, keyed_hash) if column == "event" else None,
        text_of(record, rule, keyed_hash),
        source=batch.source_of(i).name,
        at=int(batch.times.received[i]),
        note=READ,
    )


def _value(batch: Batch, i: int, name: str, reason: str, value: str | None) -> Misfit:
    source, at = batch.source_of(i).name, int(batch.times.received[i])
    return Misfit(int(batch.arrival[i]), name, reason, value, None, source=source, at=at)


def _unread(row: int, one: Unread, batch: Batch, keyed_hash: Hash) -> Misfit:
    source, rule = _name(one, batch), batch.words.rule
    return unread_misfit(row, source, one.received_at, one.protocol, one.bad, rule, keyed_hash)


def _name(one: Unread, batch: Batch) -> str:
    return batch.sources[int(batch.key_source[one.key])].name


def _not_known(connection: Connection, found: list[Misfit]) -> list[Misfit]:
    """Each record once: a sender who was answered too late sends a bad record again too."""
    texts = {one.record[:RECORD_LIMIT] for one in found if one.record is not None}
    known: set[tuple[str, str, str | None]] = set()
    ordered = sorted(texts)
    for start in range(0, len(ordered), TEXTS_AT_ONCE):
        query = select(quarantine.c.source, quarantine.c.reason, quarantine.c.record).where(
            quarantine.c.status == "open",
            quarantine.c.reason.in_(sorted({one.reason for one in found})),
            quarantine.c.record.in_(ordered[start : start + TEXTS_AT_ONCE]),
        )
        known |= {(source, reason, record) for source, reason, record in connection.execute(query)}
    left = []
    for one in found:
        if one.record is not None:
            key = (one.source or "", one.reason, one.record[:RECORD_LIMIT])
            if key in known:
                continue
            known.add(key)
        left.append(one)
    return left
