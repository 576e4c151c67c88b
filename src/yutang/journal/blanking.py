"""Blank requests that were committed: nothing of them is left, and every offset stays as it was.

A segment that a receiver still writes cannot be removed, and commits name offsets in it. So a
frame is overwritten in place by one of the same length that holds no request: zeros.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import msgspec

from yutang.catalog.records import Request
from yutang.journal.frames import HEAD, LENGTH, MAGIC, seed_of
from yutang.journal.reader import next_frame, read

READ_BYTES = 4 << 20
_ENCODER = msgspec.msgpack.Encoder()


def blank(segment: Path, until: int) -> int:
    """Blank all whole frames that end at or before the offset `until`; how many were not blank
    before. Durable when it returns. Only the writer of the brand does it, and only for frames
    that are committed."""
    try:
        handle = os.open(segment, os.O_WRONLY)
    except FileNotFoundError:
        return 0
    blanked, offset, seed = 0, 0, seed_of(segment.name)
    try:
        while offset < until:
            found, end = read(segment, offset, READ_BYTES)
            for behind, request in found:
                if behind > until:
                    break
                if not is_blank(request):
                    os.pwrite(handle, _empty(behind - offset, request.received_at, seed), offset)
                    blanked += 1
                offset = behind
            if not found:
                following = next_frame(segment, end)
                if following is None or following >= until:
                    break
                _wipe(handle, offset, following)
                offset = following
            elif offset < end:
                break
        os.fsync(handle)
    finally:
        os.close(handle)
    return blanked


def is_blank(request: Request) -> bool:
    """Was this one a request that was blanked?"""
    return not request.method and not request.path


def _wipe(handle: int, start: int, end: int) -> None:
    """Zeros over damaged bytes between two frames."""
    os.pwrite(handle, bytes(end - start), start)


def _empty(length: int, received_at: int, seed: int) -> bytes:
    """A whole frame of so many bytes that holds no request."""
    size = length - HEAD.size
    for pad in range(8):  # the head of a text of zeros grows by jumps, which spaces fill up
        request = Request("", "", b"", {}, b"", received_at, " " * pad)
        free = size - len(_ENCODER.encode(request))
        for head in (0, 1, 3):  # more bytes than those of an empty text
            request.body = bytes(max(0, free - head))
            payload = _ENCODER.encode(request)
            if len(payload) == size:
                checksum = zlib.crc32(payload, zlib.crc32(LENGTH.pack(size), seed))
                return HEAD.pack(MAGIC, size, checksum) + payload
    raise ValueError(f"no frame has {length} bytes")  # unreachable: a request is never that short
