"""The records of one batch side by side: all that can be said of them without the state.

Making it costs most of a batch's time, needs nothing but the requests, and gives the same each
time: so another process may do it (`ahead`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from yutang.catalog.identity_kinds import kind_of
from yutang.catalog.records import Record
from yutang.ingest.stream.columns import Values, gather, spread, typed
from yutang.ingest.stream.decoding import Taken, Unread
from yutang.ingest.stream.keys import RecordKeys, record_keys

ORDER = {"person": 0, "app": 1, "device": 2}
FAR = 2**62  # of a time that no clock shows
NOBODY = Record("", None, {}, {})


@dataclass
class Arrived:
    """n records, in the order of their receipt.

    received, own, sent: int64 (n), UTC ms, the latter two by the sender's clock (of receipt where
    he named none); timed: bool (n), he named a time. key: int64 (n), index into the write `keys`.
    event: int32 (n), index into `events`. acts: bool (n) by name of the act, where there is one
    besides `event`. robot, old: bool (n), by the user agent, and times may be as old as they like.
    ip: text (n), null where it is not kept. identities: kind → text (n, null where absent); of an
    unbinding only the strongest, which says whose it is. values: properties by name.
    special: the records that hold more than an event does. unread: what is no record.
    """

    received: np.ndarray
    own: np.ndarray
    sent: np.ndarray
    timed: np.ndarray
    key: np.ndarray
    keys: list[str]
    event: np.ndarray
    events: list[str]
    acts: dict[str, np.ndarray]
    robot: np.ndarray
    old: np.ndarray
    ip: pa.Array
    identities: dict[str, pa.Array]
    values: dict[str, Values]
    record_keys: RecordKeys
    special: dict[int, Record]
    unread: list[Unread]
    # For a record that is nothing special; not sent from process to process.
    whole: Callable[[int], Record] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.received)

    def record(self, place: int) -> Record:
        """A record as a whole: for those that are set aside, and the special ones."""
        found = self.special.get(place)
        if found is None:
            assert self.whole is not None
            found = self.whole(place)
        return found


def arrange(taken: Taken, types: Mapping[str, str] | None = None) -> Arrived:
    """The records side by side. types: of known properties, by case-folded name: their values
    become columns of that type where they fit."""
    made = record_keys(taken.records)
    # What no text can hold is set aside, and must not break the columns of the others.
    records = list(taken.records) if made.unreadable else taken.records
    for i in made.unreadable:
        records[i] = NOBODY
    received = np.repeat(np.array(taken.received, np.int64), taken.count)
    time = [record.time for record in records]
    codes = pa.array([record.event for record in records], pa.string()).dictionary_encode()
    acts = {record.act for record in records} - {"event"}
    return Arrived(
        received=received,
        own=_times(time, received),
        sent=_times([record.sent_at for record in records], received),
        timed=np.array([one is not None for one in time], bool),
        key=np.repeat(np.array(taken.key, np.int64), taken.count),
        keys=taken.keys,
        event=np.asarray(codes.indices, np.int32),
        events=codes.dictionary.to_pylist(),
        acts={act: np.array([record.act == act for record in records], bool) for act in acts},
        robot=np.repeat(np.array(taken.robot, bool), taken.count),
        old=np.array([record.old_allowed for record in records], bool),
        ip=pa.array([ip or None for ip in taken.ip], pa.string()).take(
            pa.array(np.repeat(np.arange(len(taken.ip)), taken.count))
        ),
        identities=_identities(records, unbinds="unbind" in acts),
        values=_values(records, types or {}),
        record_keys=made,
        special={i: one for i, one in enumerate(records) if _is_special(one)},
        unread=taken.unread,
        whole=taken.records.__getitem__,
    )


def _is_special(record: Record) -> bool:
    return record.act != "event" or bool(record.same or record.profile or record.misfits)


def _identities(records: Sequence[Record], *, unbinds: bool) -> dict[str, pa.Array]:
    parts = [one.identities for one in records]
    if unbinds:
        parts = [_named(one) if one.act == "unbind" else one.identities for one in records]
    return {
        kind: spread(pa.array(one.plain, pa.string()), one.rows, len(records))
        for kind, one in gather(parts).items()
    }


def _values(records: Sequence[Record], types: Mapping[str, str]) -> dict[str, Values]:
    found = gather([record.properties for record in records])
    for name, one in found.items():
        type_ = types.get(name.casefold())
        if type_ is not None:
            column, bad = typed(one.plain, type_)
            if not bad:
                found[name] = Values(one.rows, [], column)
    return found


def _named(record: Record) -> dict[str, str]:
    """The identities that stand together. What an unbinding takes away does not: then only the
    strongest says whose event it is."""
    if len(record.identities) < 2:
        return record.identities
    strongest = min(record.identities, key=lambda kind: ORDER[kind_of(kind).strength])
    return {strongest: record.identities[strongest]}


def _times(values: list[int | None], received: np.ndarray) -> np.ndarray:
    """int64 (n); the time of receipt where there is none."""
    missing = [value is None for value in values]
    try:
        made = np.array([0 if value is None else value for value in values], np.int64)
    except (OverflowError, TypeError, ValueError):
        made = np.array([_bounded(value) for value in values], np.int64)
    return np.where(missing, received, made)


def _bounded(value: object) -> int:
    return max(-FAR, min(FAR, value)) if isinstance(value, int) else -FAR
