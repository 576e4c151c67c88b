"""Bytes of a request → text: form fields, base64, gzip, each within limits.

Clients mislabel what they send (protocols.md §8, 1 and 2), so content decides, never a header: two
bytes tell gzip. What cannot be undone raises Unusable, which decoders turn into a `Bad`.
"""

from __future__ import annotations

import binascii
import zlib
from urllib.parse import unquote_to_bytes

from yutang.catalog.records import Bad, Decoded, Limits

GZIP = b"\x1f\x8b"
ANY_HEADER = zlib.MAX_WBITS | 32  # zlib or gzip, by its own header
RAW_TEXT = 20_000  # characters of something unreadable that are kept to be looked at
# Above this a body is looked over before it is parsed: small values take far more memory as
# objects than as text, so a body may hold only so many of them.
LOOK_OVER = 1_000_000
MARKS_PER_PROPERTY = 4
FIELDS = 100  # of a form or query that are looked at


class Unusable(Exception):
    """Nothing of a request can be read. reason: catalog.reasons; value: a detail, or None."""

    def __init__(self, reason: str, value: str | None = None, raw: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value
        self.raw = raw

    def decoded(self) -> Decoded:
        return Decoded([], [Bad(0, None, self.reason, self.value, as_text(self.raw))])


def as_text(raw: bytes) -> str:
    """The beginning of unreadable bytes, for people."""
    return raw[:RAW_TEXT].decode("utf-8", "replace").replace("\x00", "\ufffd")


def inflate(data: bytes, limits: Limits) -> bytes:
    """gzip (all members) or zlib undone, holding at most `limits.inflated` bytes.

    Raises Unusable: `too_large` as soon as the limit is passed, `damaged_body`.
    """
    made, rest = b"", data
    while rest:
        member = zlib.decompressobj(ANY_HEADER)
        try:
            part = member.decompress(rest, limits.inflated - len(made) + 1)
        except zlib.error as error:
            raise Unusable("damaged_body", str(error), data) from None
        if len(made) + len(part) > limits.inflated:
            raise Unusable("too_large", f"> {limits.inflated}")
        if not member.eof:
            raise Unusable("damaged_body", "truncated", data)
        made = made + part if made else part
        rest = member.unused_data
        if not rest.startswith(GZIP):  # padding after the last member means nothing
            break
    return made


def uncompressed(data: bytes, encoding: str, limits: Limits) -> bytes:
    """A body without its compression. encoding: the header Content-Encoding, which may lie."""
    if len(data) > limits.body:
        raise Unusable("too_large", str(len(data)))
    if data.startswith(GZIP) or (encoding == "deflate" and data[:1] == b"\x78"):
        return inflate(data, limits)
    return data


def unquoted(value: bytes) -> bytes:
    """A form value; `+` stays as it is, since base64 has it and careless senders do not escape.

    >>> unquoted(b"a%2Bb+c%3D")
    b'a+b+c='
    """
    if b"%" not in value:
        return value
    # Base64 has three characters to escape, and this is several times faster than asking for all.
    value = value.replace(b"%2B", b"+").replace(b"%2F", b"/").replace(b"%3D", b"=")
    return unquote_to_bytes(value) if b"%" in value else value


def base64_text(value: bytes) -> bytes:
    """Base64 as its sender made it, from a form value: a proxy may have made spaces of `+`."""
    text = unquoted(value)
    return text.replace(b" ", b"+") if b" " in text else text


def unbase64(text: bytes) -> bytes:
    """Raises Unusable (`damaged_body`). Padding may be missing; the URL alphabet is fine too."""
    if b"-" in text or b"_" in text:
        text = text.replace(b"-", b"+").replace(b"_", b"/")
    try:
        return binascii.a2b_base64(text + b"==")
    except binascii.Error as error:
        raise Unusable("damaged_body", str(error), text) from None


def form_value(form: bytes, name: bytes) -> bytes | None:
    """The first value of a field in `a=1&b=2`, still quoted; None where there is none.

    >>> form_value(b"data_list=W10%3D&gzip=1", b"gzip")
    b'1'
    """
    start, at = name + b"=", 0
    for _ in range(FIELDS):
        end = form.find(b"&", at)  # of one byte: far faster than looking for the name
        if form.startswith(start, at):
            return form[at + len(start) :] if end < 0 else form[at + len(start) : end]
        if end < 0:
            break
        at = end + 1
    return None


def query_text(query: bytes, name: bytes) -> str:
    """A parameter of a query string as text; "" where there is none."""
    value = form_value(query, name)
    if not value:
        return ""
    return unquote_to_bytes(value.replace(b"+", b" ")).decode("utf-8", "replace").strip()


def look_over(text: bytes, limits: Limits) -> None:
    """Raises Unusable (`too_large`) where parsing the text would take far more memory than it."""
    if len(text) <= LOOK_OVER:
        return
    marks = sum(text.count(mark) for mark in (b",", b"[", b"{", b"\n"))
    if marks > limits.records * limits.properties * MARKS_PER_PROPERTY:
        raise Unusable("too_large", f"{marks} values", text)
