"""What makes a tracked record one: its key, and a hash of what came with it.

The same rule as for event files (ingest.event_keys), for records of many sources at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b, md5

import msgspec
import numpy as np

from yutang.catalog.records import Record
from yutang.lake import Keys

_encode = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode
NOTHING = b"\0" * 8
NO_KEY = b"\0" * 16


@dataclass(frozen=True)
class KeyedRecords:
    """Keys of n records; `unreadable` are places of those that hold what no text can hold."""

    keys: Keys
    unreadable: list[int]


def record_keys(
    records: Sequence[Record], sources: Sequence[str], days: np.ndarray
) -> KeyedRecords:
    """Keys of n events: hash of (source, sender's id or else the whole record, name, own time).

    days: of the uncorrected times (int32, n).
    """
    digests: list[bytes] = []
    contents: list[bytes] = []
    unreadable: list[int] = []
    add, add_content = digests.append, contents.append
    for i, (record, source) in enumerate(zip(records, sources, strict=True)):
        try:
            said = _said(record)
            id_ = record.message_id
            if id_ is None:
                head = f"{source}\x1frecord\x1f{record.event}\x1f{record.time}\x1f"
                add(md5(head.encode() + said, usedforsecurity=False).digest())
                add_content(NOTHING)
            else:
                head = f"{source}\x1fid\x1f{id_}\x1f\x1f{record.event}\x1f{record.time}"
                add(md5(head.encode(), usedforsecurity=False).digest())
                add_content(blake2b(said, digest_size=8).digest())
        except UnicodeEncodeError:
            unreadable.append(i)
            add(NO_KEY)
            add_content(NOTHING)
    return KeyedRecords(_keys(digests, contents, days), unreadable)


def operation_keys(record: Record, source: str, day: int) -> list[tuple[bytes, bytes, int]]:
    """(digest, content, day) of each operation on an attribute that the record holds.

    Each has a key of its own, so that a record of which one operation was set aside can be mended
    and come again without doing the others twice.
    """
    found = []
    seen: dict[tuple[str, str], int] = {}
    for operation, name, value in record.profile:
        nth = seen[operation, name] = seen.get((operation, name), -1) + 1
        said = _encode((record.identities, record.same, value))
        head = f"{source}\x1fprofile\x1f{operation}\x1f{name}\x1f{nth}\x1f{record.time}\x1f"
        if record.message_id is None:
            key = md5((head + "record\x1f").encode() + said, usedforsecurity=False)
            found.append((key.digest(), NOTHING, day))
        else:
            key = md5(f"{head}id\x1f{record.message_id}".encode(), usedforsecurity=False)
            found.append((key.digest(), blake2b(said, digest_size=8).digest(), day))
    return found


def keys_of_operations(found: Sequence[tuple[bytes, bytes, int]]) -> Keys:
    """What `operation_keys` gave for several records, in columns."""
    days = np.array([one[2] for one in found], np.int32)
    return _keys([one[0] for one in found], [one[1] for one in found], days)


def _said(record: Record) -> bytes:
    """The whole record without transport fields, always spelt the same way."""
    said = _encode((record.identities, record.properties))
    if record.act != "event" or record.same or record.misfits or record.profile:
        said += _encode((record.act, record.same, record.misfits, record.profile))
    return said


def _keys(digests: list[bytes], contents: list[bytes], days: np.ndarray) -> Keys:
    pairs = np.frombuffer(b"".join(digests), ">u8").astype(np.uint64).reshape(-1, 2)
    content = np.frombuffer(b"".join(contents), ">u8").astype(np.uint64)
    return Keys(pairs[:, 0], pairs[:, 1], days.astype(np.int32), content)
