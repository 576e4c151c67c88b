"""Event keys in columns.

A key is 128 bits and belongs to the day of its uncorrected time; 64 more bits say what came with
it, where that is known, so that a sender who uses an id twice is noticed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Keys:
    """n keys: `high` and `low` halves (uint64, n) and their `day` (int32, days since 1970).

    content: a hash of what each key stands for (uint64, n), 0 where nobody asks.
    """

    high: np.ndarray
    low: np.ndarray
    day: np.ndarray
    content: np.ndarray

    def __len__(self) -> int:
        return len(self.high)

    @classmethod
    def empty(cls) -> Keys:
        none = np.empty(0, np.uint64)
        return cls(none, none, np.empty(0, np.int32), none)

    @classmethod
    def from_arrow(
        cls,
        keys: pa.ChunkedArray | pa.Array,
        days: pa.ChunkedArray | pa.Array | np.ndarray,
        content: np.ndarray | None = None,
    ) -> Keys:
        """From 16-byte binaries, int32 days and, where it is known, the content (uint64)."""
        chunks = keys.chunks if isinstance(keys, pa.ChunkedArray) else [keys]
        data = b"".join(_bytes(chunk) for chunk in chunks)
        pairs = np.frombuffer(data, dtype=">u8").astype(np.uint64).reshape(-1, 2)
        content = np.zeros(len(pairs), np.uint64) if content is None else content
        return cls(pairs[:, 0], pairs[:, 1], np.asarray(days).astype(np.int32), content)

    def to_arrow(self) -> pa.Array:
        """16-byte binaries."""
        data = np.stack([self.high, self.low], axis=1).astype(">u8").tobytes()
        offsets = np.arange(0, len(data) + 1, 16, dtype=np.int32)
        return pa.Array.from_buffers(
            pa.binary(), len(self), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        )

    def take(self, rows: np.ndarray) -> Keys:
        return Keys(self.high[rows], self.low[rows], self.day[rows], self.content[rows])


def _bytes(chunk: pa.Array) -> bytes:
    """The 16-byte values of one chunk, end to end."""
    offsets = np.frombuffer(chunk.buffers()[1], np.int32)[
        chunk.offset : chunk.offset + len(chunk) + 1
    ]
    if len(chunk) == 0:
        return b""
    if not (np.diff(offsets) == 16).all():
        raise ValueError("event keys have 16 bytes")
    values: bytes = chunk.buffers()[2].to_pybytes()
    return values[offsets[0] : offsets[-1]]
