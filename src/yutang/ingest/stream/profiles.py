"""Profile records → rows of the lake's `profiles` table, and what they change of attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from yutang.attributes import OPERATIONS, Operation, fits
from yutang.catalog.records import Record
from yutang.ingest.known_words import Words
from yutang.ingest.personal import Hash, conceal
from yutang.ingest.stream.keys import keys_of_operations, operation_keys
from yutang.ingest.stream.quarantined import as_text
from yutang.ingest.stream.source_names import SourceName
from yutang.kit import clock
from yutang.kit.columns import iso_days
from yutang.lake import Keys, Lake

NAME_LIMIT = 100


@dataclass
class Operations:
    """m operations that a batch's records hold, and those that mean nothing.

    at: place of the record (int64, m); what: (operation, name, value); new: the lake does not hold
    it; reused: known with another content (bool, m). wrong: (place, attribute, reason).
    """

    at: np.ndarray
    what: list[tuple[str, str, Any]]
    keys: Keys
    new: np.ndarray
    reused: np.ndarray
    wrong: list[tuple[int, str, str]]


def operations_of(
    records: Mapping[int, Record],
    taken: np.ndarray,
    source_of: Callable[[int], SourceName],
    days: np.ndarray,
    lake: Lake,
) -> Operations:
    """The operations of these records (place → record), and which of them the lake does not hold
    yet. taken: bool, days: int32, by place."""
    at: list[int] = []
    what: list[tuple[str, str, Any]] = []
    keys: list[tuple[bytes, bytes, int]] = []
    wrong: list[tuple[int, str, str]] = []
    for i, record in records.items():
        if not record.profile or record.act == "item" or not taken[i]:
            continue
        try:
            own = operation_keys(record, source_of(i).mark, int(days[i]))
        except UnicodeEncodeError:
            wrong.append((i, "", "malformed_record"))
            continue
        for one, key in zip(record.profile, own, strict=True):
            if reason := _wrong(*one):
                wrong.append((i, one[1], reason))
                continue
            at.append(i)
            what.append(one)
            keys.append(key)
    made = keys_of_operations(keys)
    fresh, reused = lake.look_up("profiles", made)
    return Operations(np.array(at, np.int64), what, made, fresh & ~reused, reused, wrong)


def changes(
    made: Operations,
    primary: np.ndarray,
    time: np.ndarray,
    source_of: Callable[[int], SourceName],
    words: Words,
    keyed_hash: Hash,
) -> list[Operation]:
    """What the new operations do to attributes; personal values are treated as the dictionary
    says. primary, time: of the batch's records."""
    taken = np.flatnonzero(made.new)
    digests = made.keys.take(taken).to_arrow().to_pylist()
    found = []
    for i, key in zip(taken.tolist(), digests, strict=True):
        place = int(made.at[i])
        operation, name, value = made.what[i]
        known = words.properties.get(name.casefold())
        rule = words.rule if known is None else words.rule_of_attribute(known)
        # What is added to a sum is an amount, whatever it looks like.
        told = value if operation == "increment" else conceal(value, rule, keyed_hash)
        who, when = int(primary[place]), int(time[place])
        found.append(Operation(who, source_of(place).name, operation, name, told, when, key))
    return found


def profile_rows(
    made: Operations,
    operations: list[Operation],
    arrival: np.ndarray,
    received: np.ndarray,
    zone: str,
) -> pa.Table:
    """Rows of the lake for what `changes` gave. arrival, received: of the batch's records."""
    taken = np.flatnonzero(made.new)
    places, keys = made.at[taken], made.keys.take(taken)
    time = np.array([one.time for one in operations], np.int64)
    return pa.table(
        {
            "day": iso_days(clock.day_numbers(time, zone)),
            "identity": pa.array([one.identity for one in operations], pa.int64()),
            "op": pa.array([one.operation for one in operations], pa.string()),
            "name": pa.array([one.name for one in operations], pa.string()),
            "value": pa.array([as_text(one.value) for one in operations], pa.string()),
            "time": pa.array(time),
            "source": pa.array([one.source for one in operations], pa.string()),
            "received_at": pa.array(received[places]),
            "row": pa.array(arrival[places]),
            "event_key": keys.to_arrow(),
            "key_day": pa.array(keys.day, pa.int32()),
            "content": pa.array(keys.content.view(np.int64)),
        }
    )


def _wrong(operation: str, name: str, value: Any) -> str:
    """Why an operation means nothing; "" where it does."""
    if operation not in OPERATIONS:
        return "malformed_record"
    if operation == "delete":
        return ""
    if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
        return "name_invalid"
    return "" if fits(operation, value) else "value_misfit"
