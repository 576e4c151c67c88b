"""One request as bytes: magic (4) · length (4) · CRC-32 (4) · the request in MessagePack.

Little endian. The checksum starts from the segment's name, which holds a random part that nobody
outside knows: bytes that a sender hides in a body can therefore never pass for a frame, not even
when we look for the next whole frame behind damaged ones. It covers the length too.
"""

from __future__ import annotations

import struct
import zlib

import msgspec

from yutang.catalog.records import Request

MAGIC = b"YTJ1"
HEAD = struct.Struct("<4sII")
LENGTH = struct.Struct("<I")
LARGEST = 256 << 20  # bytes of one request; far above what a receiver takes

_PLACE = bytes(HEAD.size)
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Request)


def seed_of(name: str) -> int:
    """Where the checksums of a segment start."""
    return zlib.crc32(name.encode())


def add_frame(buffer: bytearray, request: Request, seed: int) -> None:
    """Append a request's frame to `buffer`. The one copy of a body that writing it costs."""
    start = len(buffer)
    buffer += _PLACE
    _ENCODER.encode_into(request, buffer, -1)
    size = len(buffer) - start - HEAD.size
    with memoryview(buffer) as whole, whole[start + HEAD.size :] as payload:
        checksum = zlib.crc32(payload, zlib.crc32(LENGTH.pack(size), seed))
    HEAD.pack_into(buffer, start, MAGIC, size, checksum)


def announced(data: bytes, offset: int) -> int | None:
    """Bytes of the frame whose head stands at `offset`; None where no head stands there whole."""
    if len(data) - offset < HEAD.size:
        return None
    magic, size, _checksum = HEAD.unpack_from(data, offset)
    return HEAD.size + size if magic == MAGIC and size <= LARGEST else None


def frame_at(data: bytes, offset: int, seed: int) -> tuple[Request, int] | None:
    """The request at `offset` and where it ends; None where no whole, undamaged frame stands."""
    size = announced(data, offset)
    if size is None or offset + size > len(data):
        return None
    with memoryview(data) as whole, whole[offset + HEAD.size : offset + size] as payload:
        length = LENGTH.pack(size - HEAD.size)
        if zlib.crc32(payload, zlib.crc32(length, seed)) != HEAD.unpack_from(data, offset)[2]:
            return None
        try:
            return _DECODER.decode(payload), offset + size
        except msgspec.DecodeError:  # written by another version
            return None
