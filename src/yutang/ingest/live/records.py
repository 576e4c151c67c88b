"""One record as the live view shows it: what was understood of it, and how it came."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from yutang.catalog.identity_kinds import kind_of
from yutang.catalog.records import Bad, Decoded, Record, Request
from yutang.identity import mask, mask_text, secrets_of, shown

RAW_LENGTH = 20_000  # characters of a raw record that are shown
SHOWN_BYTES = 4_000  # of a request that nobody can read
KEY_PATH = "/c/"
STRENGTHS = ("person", "app", "device")


@dataclass(frozen=True)
class Problem:
    """What was left out or set aside: where (None: the record itself), why (catalog.reasons)."""

    column: str | None
    reason: str
    value: str | None


@dataclass(frozen=True)
class Came:
    """How the request came: `ip` as the settings let it be kept."""

    method: str
    path: str
    agent: str
    ip: str
    size: int


@dataclass(frozen=True)
class LiveRecord:
    """place: where it stands in the journal, stable as long as it is kept. act: as in
    `catalog.records.Record`, or `bad` where the record cannot be used. identities: (kind, what may
    be seen of it). operations: (operation, attribute, value) on a profile. stored: the worker has
    committed its request. All values are masked.
    """

    place: str
    received_at: int
    time: int | None
    source: str
    protocol: str
    act: str
    event: str
    identities: tuple[tuple[str, str], ...]
    properties: dict[str, Any]
    operations: tuple[tuple[str, str, Any], ...]
    item: tuple[str, str] | None
    library: str
    problems: tuple[Problem, ...]
    raw: str
    came: Came
    stored: bool

    @property
    def is_bad(self) -> bool:
        return bool(self.problems)


@dataclass(frozen=True)
class Found:
    """A record or a bad one as it was decoded, before anything is masked."""

    index: int
    record: Record | None
    bad: Bad | None

    @property
    def write_key(self) -> str:
        return self.record.write_key if self.record is not None else ""

    @property
    def is_problem(self) -> bool:
        return self.record is None or bool(self.record.misfits)


def found_in(decoded: Decoded) -> list[Found]:
    """Everything a request held, in its order: first the good records, then the bad."""
    n = len(decoded.records)
    good = [Found(i, one, None) for i, one in enumerate(decoded.records)]
    return good + [Found(n + i, None, one) for i, one in enumerate(decoded.bad)]


def matches(found: Found, source: str, terms: Sequence[str]) -> bool:
    """Does every term occur in an event's name, an identity, a property, the source or a
    problem? `name=value` asks for both at once. terms: case-folded."""
    texts: list[tuple[str, str]] | None = None
    for term in terms:
        if term in source.casefold():
            continue
        if texts is None:
            texts = list(_texts(found))
        name, equals, value = term.partition("=")
        if any(
            term in text or (equals and name == label and value in text) or term in label
            for label, text in texts
        ):
            continue
        return False
    return True


def _texts(found: Found) -> Iterator[tuple[str, str]]:
    """(name, text) of all that can be searched, case-folded."""
    record = found.record
    if record is None:
        assert found.bad is not None
        yield "", found.bad.reason
        yield "", _dumps(found.bad.raw).casefold()
        return
    yield "event", record.event.casefold()
    yield "act", record.act
    for kind, value in (*record.identities.items(), *record.same):
        yield kind, value.casefold()
    for name, value in record.properties.items():
        yield name.casefold(), _as_text(value).casefold()
    for _, name, value in record.profile:
        yield name.casefold(), _as_text(value).casefold()
    for name, reason, _ in record.misfits:
        yield name.casefold(), reason


def row_of(
    found: Found, request: Request, *, place: str, source: str, protocol: str, stored: bool
) -> LiveRecord:
    """The record as it may be shown."""
    record, bad = found.record, found.bad
    if record is None:
        assert bad is not None
        problem = Problem(bad.column, bad.reason, _masked_text(bad.value))
        record = Record("", None, {}, {}, act="bad", raw=bad.raw)
        problems: tuple[Problem, ...] = (problem,)
    else:
        problems = tuple(
            Problem(name, reason, _masked_text(value)) for name, reason, value in record.misfits
        )
    known = (*record.identities.items(), *record.same)
    secrets = secrets_of(known)
    library = f"{record.properties.get('$lib', '')} {record.properties.get('$lib_version', '')}"
    return LiveRecord(
        place=place,
        received_at=request.received_at,
        time=record.time,
        source=source,
        protocol=protocol,
        act=record.act,
        event=mask_text(record.event),
        identities=tuple((kind, shown(kind, value)) for kind, value in sorted(known, key=_rank)),
        properties=mask(record.properties, secrets),
        operations=tuple((op, name, mask(value, secrets)) for op, name, value in record.profile),
        item=record.item,
        library=mask_text(library.strip()),
        problems=problems,
        raw=_raw(record.raw, secrets),
        came=_came(request),
        stored=stored,
    )


def unreadable(request: Request) -> Decoded:
    """A request that no decoder takes, as one bad record."""
    text = (request.body or request.query)[:SHOWN_BYTES].decode("utf-8", "replace")
    return Decoded([], [Bad(0, None, "unreadable_request", None, text)])


def _came(request: Request) -> Came:
    path = request.path
    before, found, after = path.partition(KEY_PATH)
    if found:
        path = f"{before}{KEY_PATH}…/{after.partition('/')[2]}"
    agent = request.headers.get("user-agent", "")
    size = len(request.body) + len(request.query)
    return Came(request.method, mask_text(path), mask_text(agent), request.ip, size)


def _rank(identity: tuple[str, str]) -> int:
    """What names a person best comes first."""
    return STRENGTHS.index(kind_of(identity[0]).strength)


def _raw(raw: Any, secrets: list[tuple[str, str]]) -> str:
    if isinstance(raw, str):
        return str(mask(raw, secrets))[:RAW_LENGTH]
    return _dumps(mask(raw, secrets), indent=2)[:RAW_LENGTH]


def _masked_text(value: Any) -> str | None:
    return None if value is None else mask_text(_as_text(value))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else _dumps(value)


def _dumps(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)
