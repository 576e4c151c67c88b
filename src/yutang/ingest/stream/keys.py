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
class RecordKeys:
    """What tells n records apart within their source: high, low (uint64, n), and a hash of what
    came with each (`content`); `unreadable` are places of those that hold what no text can hold."""

    high: np.ndarray
    low: np.ndarray
    content: np.ndarray
    unreadable: list[int]

    def of_sources(self, sources: Sequence[str], source: np.ndarray, days: np.ndarray) -> Keys:
        """The keys among all sources. source: int64 (n), index into `sources`; days: of the
        uncorrected times (int32, n)."""
        marks = b"".join(md5(one.encode(), usedforsecurity=False).digest() for one in sources)
        mark = np.frombuffer(marks, ">u8").astype(np.uint64).reshape(-1, 2)[source]
        high, low = self.high ^ mark[:, 0], self.low ^ mark[:, 1]
        return Keys(high, low, days.astype(np.int32), self.content)


def record_keys(records: Sequence[Record]) -> RecordKeys:
    """Keys of n records: hash of (sender's id or else the whole record, name, own time)."""
    digests: list[bytes] = []
    contents: list[bytes] = []
    unreadable: list[int] = []
    add, add_content = digests.append, contents.append
    for i, record in enumerate(records):
        try:
            said = _said(record)
            id_ = record.message_id
            if id_ is None:
                head = f"record\x1f{record.event}\x1f{record.time}\x1f"
                add(md5(head.encode() + said, usedforsecurity=False).digest())
                add_content(NOTHING)
            else:
                head = f"id\x1f{id_}\x1f\x1f{record.event}\x1f{record.time}"
                add(md5(head.encode(), usedforsecurity=False).digest())
                add_content(blake2b(said, digest_size=8).digest())
        except UnicodeEncodeError:
            unreadable.append(i)
            add(NO_KEY)
            add_content(NOTHING)
    return RecordKeys(*_columns(digests, contents), unreadable)


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
    high, low, content = _columns([one[0] for one in found], [one[1] for one in found])
    return Keys(high, low, np.array([one[2] for one in found], np.int32), content)


def _said(record: Record) -> bytes:
    """The whole record without transport fields, always spelt the same way."""
    said = _encode((record.identities, record.properties))
    if record.act != "event" or record.same or record.misfits or record.profile:
        said += _encode((record.act, record.same, record.misfits, record.profile))
    return said


def _columns(
    digests: list[bytes], contents: list[bytes]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pairs = np.frombuffer(b"".join(digests), ">u8").astype(np.uint64).reshape(-1, 2)
    content = np.frombuffer(b"".join(contents), ">u8").astype(np.uint64)
    return pairs[:, 0], pairs[:, 1], content
