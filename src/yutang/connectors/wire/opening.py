"""Text → the records it holds, each on its own: one broken record never costs its neighbours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from types import GenericAlias
from typing import Any, NamedTuple

import msgspec

from yutang.catalog.records import Bad, Decoded, Limits, Record
from yutang.connectors.wire.bodies import Unusable, as_text, look_over

VALUE = 500  # characters of a value that are shown with a problem
BOM = b"\xef\xbb\xbf"
# Envelope, list, record, properties and a value's own levels: deeper JSON is refused while it is
# read, so that nothing after it need fear the depth of recursion.
LEVELS = 12


def _json_of(levels: int) -> Any:
    scalar: Any = bool | int | float | str | None
    made = scalar
    for _ in range(levels):
        made = scalar | GenericAlias(list, (made,)) | GenericAlias(dict, (str, made))
    return made


_json = msgspec.json.Decoder(_json_of(LEVELS))
_parts = msgspec.json.Decoder(list[msgspec.Raw])
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
# What msgspec may say to text that somebody else wrote; ValueError: a number of 5,000 digits.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)
# Halves of a character (cut in the middle by a client that counts UTF-16) and U+0000 (which
# PostgreSQL cannot hold); other escapes are consumed so that `\\ud83d` after a backslash stays.
ODD_ESCAPE = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000)|(\\.)"
)


class Misshapen(Exception):
    """A record that cannot be used: which field, why (catalog.reasons), the value or None."""

    def __init__(self, column: str | None, reason: str, value: Any = None) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason
        self.value = value


class Unread(NamedTuple):
    """A place in a list whose JSON cannot be read."""

    reason: str
    text: str


class Opened(NamedTuple):
    """envelope: the fields around the records, {} where there are none."""

    envelope: dict[str, Any]
    records: Sequence[Any]


def open_json(text: bytes, limits: Limits, lists: tuple[str, ...] = ("batch",)) -> Opened:
    """The records of a JSON text: a list, an object with one of the `lists`, or one record.

    Raises Unusable where the text is no JSON at all.
    """
    if text.startswith(BOM):
        text = text[len(BOM) :]
    look_over(text, limits)
    if b"\\u0000" in text:
        text = mend(text)
    try:
        return _opened(_json.decode(text), lists)
    except UNREADABLE:
        pass
    text = mend(text)
    try:
        return _opened(_json.decode(text), lists)
    except UNREADABLE as error:
        return _piecemeal(text, lists, _why(error))


def open_lines(text: bytes, limits: Limits) -> Opened | None:
    """The records of NDJSON; None where the text is none, that is, where its first line is not
    an object of its own or is the only line. Raises Unusable (`too_large`)."""
    text = text.removeprefix(BOM).strip()
    first, newline, _ = text.partition(b"\n")
    if not newline or not first.startswith(b"{") or not first.rstrip().endswith(b"}"):
        return None
    if type(_one(first)) is not dict:
        return None
    look_over(text, limits)
    return Opened({}, [_one(line) for line in text.splitlines() if line.strip()])


def _opened(value: Any, lists: tuple[str, ...]) -> Opened:
    if type(value) is list:
        return Opened({}, value)
    if type(value) is dict:
        for name in lists:
            inside = value.get(name)
            if type(inside) is list:
                return Opened(value, inside)
    return Opened({}, [value])


def _piecemeal(text: bytes, lists: tuple[str, ...], why: str) -> Opened:
    """The same where some record cannot be read: the others are taken."""
    try:
        if text.lstrip()[:1] == b"[":
            return Opened({}, [_one(part) for part in _parts.decode(text)])
        fields = _fields.decode(text)
        for name in lists:
            if name in fields and bytes(fields[name]).lstrip()[:1] == b"[":
                records = [_one(part) for part in _parts.decode(fields.pop(name))]
                envelope = {key: _one(part) for key, part in fields.items()}
                return Opened(envelope, records)
    except UNREADABLE as error:
        raise Unusable(_why(error), str(error), text) from None
    return Opened({}, [Unread(why, as_text(text))])


def _one(part: msgspec.Raw | bytes) -> Any:
    text = bytes(part)
    try:
        return _json.decode(mend(text) if b"\\u0000" in text else text)
    except UNREADABLE:
        pass
    try:
        return _json.decode(mend(text))
    except UNREADABLE as error:
        return Unread(_why(error), as_text(text))


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "too_deep"
    deep = isinstance(error, msgspec.ValidationError) and "Expected" in str(error)
    return "too_deep" if deep else "malformed_json"


def mend(text: bytes) -> bytes:
    """Text with what no reader takes (half characters, U+0000, broken UTF-8) as U+FFFD."""
    text = text.decode("utf-8", "replace").encode()
    return ODD_ESCAPE.sub(lambda found: found[1] or found[2] or b"\\ufffd", text)


def collect(
    opened: Opened, limits: Limits, read: Callable[[dict[str, Any]], Iterable[Record]]
) -> Decoded:
    """The records that `read` makes of each; what it cannot use (Misshapen) is set aside.

    Of too many records the first `limits.records` are taken, as many again are set aside one by
    one, and the rest is told as a number: the request itself stays in the journal.
    """
    done = Decoded([], [])
    take = done.records.extend
    given = opened.records
    most = limits.records
    for position, raw in enumerate(given if len(given) <= most else given[:most]):
        if type(raw) is dict:
            try:
                take(read(raw))
            except Misshapen as problem:
                shown_value = None if problem.value is None else shown(problem.value)
                done.bad.append(Bad(position, problem.column, problem.reason, shown_value, raw))
        elif isinstance(raw, Unread):
            done.bad.append(Bad(position, None, raw.reason, None, raw.text))
        else:
            done.bad.append(Bad(position, None, "malformed_record", shown(raw), raw))
    for position in range(most, min(len(given), 2 * most)):
        raw = given[position].text if isinstance(given[position], Unread) else given[position]
        done.bad.append(Bad(position, None, "too_many_records", str(len(given)), raw))
    if len(given) > 2 * most:
        rest = f"{len(given) - 2 * most} more"
        done.bad.append(Bad(2 * most, None, "too_many_records", rest, None))
    return done


def shown(value: Any) -> str:
    """A value in a problem's words: text as it is, anything else as JSON; at most VALUE long."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text[:VALUE]
