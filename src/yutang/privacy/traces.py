"""Find a person's plain values in text and files that no column explains."""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yutang.identity import Identity, as_text

# A shorter value, such as “12”, says nothing where no field names it. (Chinese has 3 bytes a sign.)
SHORTEST, SHORTEST_BYTES = 5, 8
PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1\d{2}[- ]?\d{4}[- ]?\d{4})(?!\d)")
EMAIL = re.compile(r"[^\s@\"'<>,;:()]+@[^\s@\"'<>,;:()]+\.[^\s@\"'<>,;:()]+")
# The fields by which trackers name a person: there a short value tells, too.
NAMING = frozenset(
    ("distinct_id", "original_id", "login_id", "anonymous_id", "anonymousid", "userid", "user_id",
     "previousid", "track_signup_original_id", "device_id", "$device_id", "alias")
)  # fmt: skip
READ_BYTES = 4 << 20
OVERLAP = 4_096  # a value may lie across two reads

Hash = Callable[[str, str], str]


class Traces:
    """Knows one person's values: plain ones, and phones by their keyed hash alone."""

    def __init__(
        self, members: Iterable[Identity], keyed_hash: Hash, *, hashed: frozenset[str]
    ) -> None:
        members = list(members)
        self._hash = keyed_hash
        self._keys = {(one.kind, one.value) for one in members}
        self._hashed = hashed
        self._has_phone = any(one.kind == "phone" for one in members)
        self._has_email = any(one.kind == "email" for one in members)
        self._plain = {one.value for one in members if one.kind not in hashed}
        self._words = _pattern({value for value in self._plain if _is_telling(value)})

    def in_identity(self, kind: str, value: object) -> bool:
        """Is this identity, as a sender wrote it, the person's?"""
        key = as_text(kind, str(value))
        if key is None:
            return False
        return (kind, self._hash(kind, key) if kind in self._hashed else key) in self._keys

    def in_text(self, text: str) -> bool:
        """Does a telling value stand in the text as a word of its own?"""
        if self._words is not None and self._words.search(text):
            return True
        if self._has_email and any(self.in_identity("email", m) for m in EMAIL.findall(text)):
            return True
        return self._has_phone and any(
            self.in_identity("phone", match) for match in PHONE.findall(text)
        )

    def in_record(self, record: str | None) -> bool:
        """Is a quarantined record (JSON of an event line or of a raw row) about the person?"""
        if not record:
            return False
        try:
            found = json.loads(record)
        except json.JSONDecodeError:
            return self.in_text(record)
        named = found.get("identities") if isinstance(found, dict) else None
        if isinstance(named, dict) and any(self.in_identity(k, v) for k, v in named.items()):
            return True
        return self._is_named(found) or self.in_text(record)

    def _is_named(self, found: Any) -> bool:
        """Does a field of a tracker's record that names a person hold one of the values?"""
        if isinstance(found, list):
            return any(self._is_named(one) for one in found)
        if not isinstance(found, dict):
            return False
        return any(
            (key.casefold() in NAMING and str(value).strip() in self._plain)
            or (isinstance(value, dict | list) and self._is_named(value))
            for key, value in found.items()
        )

    def in_file(self, path: Path) -> bool:
        """Does a telling value stand in the file? Reads text, Parquet and XLSX."""
        return any(self.in_text(text) for text in _texts(path))


def _is_telling(value: str) -> bool:
    return len(value) >= SHORTEST or len(value.encode()) >= SHORTEST_BYTES


def _pattern(values: set[str]) -> re.Pattern[str] | None:
    """The values as whole words, in each spelling that JSON, CSV and XML give them."""
    spellings = set()
    for value in values:
        spellings |= {
            value,
            json.dumps(value)[1:-1],
            json.dumps(value, ensure_ascii=False)[1:-1],
            value.replace('"', '""'),
            html.escape(value),
        }
    if not spellings:
        return None
    either = "|".join(re.escape(one) for one in sorted(spellings, key=len, reverse=True))
    return re.compile(rf"(?<![0-9A-Za-z_])(?:{either})(?![0-9A-Za-z_])")


def _texts(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == b"PAR1":
        yield from _parquet_texts(path)
    elif magic[:2] == b"PK":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    yield from _decoded(iter(lambda m=member: m.read(READ_BYTES), b""))  # type: ignore[misc]
    else:
        with path.open("rb") as file:
            yield from _decoded(iter(lambda: file.read(READ_BYTES), b""))


def _decoded(parts: Iterator[bytes]) -> Iterator[str]:
    """Each part with the end of the one before, as UTF-8 and, where it is none, as GB18030."""
    tail = b""
    for part in parts:
        data = tail + part
        tail = data[-OVERLAP:]
        text = data.decode("utf-8", "replace")
        yield text
        if "�" in text:
            yield data.decode("gb18030", "replace")


def _parquet_texts(path: Path) -> Iterator[str]:
    file = pq.ParquetFile(path)
    for batch in file.iter_batches(batch_size=100_000):
        for column in batch.columns:
            if pa.types.is_dictionary(column.type):
                column = column.dictionary
            if pa.types.is_list(column.type):
                column = column.flatten()
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                yield "\n".join(one for one in pc.unique(column).to_pylist() if one)
            elif pa.types.is_integer(column.type):
                yield "\n".join(str(one) for one in pc.unique(column).to_pylist())
