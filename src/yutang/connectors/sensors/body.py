"""What a Sensors request carries: form fields, base64, gzip, and the checksum of web clients."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from yutang.catalog.records import Limits, Refused, Request
from yutang.connectors.wire.bodies import (
    GZIP,
    Unusable,
    base64_text,
    form_value,
    inflate,
    unbase64,
    uncompressed,
    unquoted,
)

CRC = re.compile(rb"crc=(-?\d{1,10})")
# h = 31·h + code for each character, modulo 2^32, is a sum of codes times powers of 31; a block at
# a time keeps the powers small enough to be made once.
BLOCK = 4_096
POWERS = np.array([pow(31, BLOCK - 1 - i, 2**32) for i in range(BLOCK)], np.uint32)
CRYPTIC = (b"{", b"[", b"%7B", b"%7b", b"%5B", b"%5b")  # how JSON begins; base64 cannot


class Carried(NamedTuple):
    """value: the field as it stands in the form, None where nothing is carried. form: which."""

    value: bytes | None
    form: bytes


def carried(request: Request) -> Carried:
    """`data` or `data_list` of the body, else of the query (images; also posts)."""
    for form in (request.body, request.query) if request.body else (request.query,):
        for name in (b"data", b"data_list"):
            value = form_value(form, name)
            if value:
                return Carried(value, form)
    return Carried(None, b"")


def checksum(text: bytes) -> int:
    """The web SDK's `crc` of base64 text: h = 31·h + code, as a signed 32-bit integer.

    >>> checksum(b"ab")
    3105
    """
    codes = np.frombuffer(text, np.uint8)
    total = 0
    for start in range(0, len(codes), BLOCK):
        block = codes[start : start + BLOCK]
        part = int(np.dot(block.astype(np.uint32), POWERS[BLOCK - len(block) :]))
        total = (total * pow(31, len(block), 2**32) + part) % 2**32
    return total - 2**32 if total >= 2**31 else total


def check(sent: Carried) -> None:
    """Raises Refused where the request is damaged or encrypted. Cheap where it has no checksum:
    a batch is not even unquoted."""
    if sent.value is None:
        raise Refused(400, "The request holds neither data nor data_list.")
    if sent.value.startswith(CRYPTIC):
        raise Refused(
            400,
            "The data is not base64. If an encryption plug-in is on, switch it off and send over"
            " HTTPS: its key is not here.",
        )
    ext = form_value(sent.form, b"ext")
    told = CRC.search(unquoted(ext)) if ext else None
    if told and int(told[1]) != checksum(base64_text(sent.value)):
        raise Refused(400, "The checksum (crc) is wrong: the request was damaged on its way.")


def json_text(request: Request, limits: Limits) -> bytes:
    """The JSON that the request carries. Raises Unusable."""
    if request.body.startswith(GZIP):  # the whole form was packed, by a proxy or a script
        encoding = request.headers.get("content-encoding", "")
        body = uncompressed(request.body, encoding, limits)
        request = Request(request.method, request.path, request.query, {}, body, 0)
    elif len(request.body) > limits.body:
        raise Unusable("too_large", str(len(request.body)))
    value = carried(request).value
    if value is None:
        raise Unusable("damaged_body", None, request.body)
    if value.startswith(CRYPTIC):
        raise Unusable("encrypted_body", None, unquoted(value))
    data = unbase64(base64_text(value))
    return inflate(data, limits) if data.startswith(GZIP) else data
