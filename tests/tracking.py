"""Tracked requests for tests: a protocol of three lines, a journal written at once, a brand."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import Connection, insert

from tests.small_brand import NOW, SmallBrand, Step, nothing, open_brand_at
from yutang.attributes import Attributes
from yutang.catalog.records import Bad, Decoded, Limits, Record, Reply, Request
from yutang.ingest.stream import StreamIntake
from yutang.journal import SegmentWriter, segments
from yutang.state.brand import sources, write_keys

KEY, SOURCE = "wk_test", "app"
# Segments of one millisecond are read in no particular order.
_CLOCK = count(NOW - 1_000_000_000)


class Plain:
    """A body is a JSON list of records in the shape of catalog.records.Record."""

    code = "plain"

    def claims(self, method: str, path: str) -> bool:
        return path == "/plain"

    def write_key(self, request: Request) -> str:
        return request.write_key

    def reply(self, request: Request) -> Reply:
        return Reply()

    def stores(self, request: Request) -> bool:
        return True

    def refusal(self, request: Request, status: int, why: str) -> Reply:
        return Reply(status)

    def decode(self, request: Request, limits: Limits) -> Decoded:
        decoded = Decoded([], [])
        for place, one in enumerate(msgspec.json.decode(request.body)):
            try:
                decoded.records.append(msgspec.convert(one, Record))
            except msgspec.ValidationError:
                decoded.bad.append(Bad(place, None, "malformed_record", None, one))
        return decoded


class TrackedBrand(SmallBrand):
    """A small brand that takes tracked events."""

    def __init__(self, workspace: Any, step: Step = nothing) -> None:
        super().__init__(workspace, step)
        self.attributes = Attributes(workspace)
        self.protocols = [Plain()]
        self.stream = StreamIntake(
            workspace, self.identities, self.attributes, self.committer, self.protocols
        )

    def send(self, *records: dict[str, Any] | str, key: str = KEY, **request: Any) -> Path:
        """Write one request into a segment of its own."""
        before = set(segments(self.workspace.journal))
        writer = SegmentWriter(self.workspace.journal, now=lambda: next(_CLOCK))
        writer.append([request_of(*records, key=key, **request)])
        writer.close()
        (made,) = set(segments(self.workspace.journal)) - before
        return made

    def drain(self) -> None:
        with self.workspace.writer():
            self.stream.drain()

    def events(self, *columns: str) -> list[dict[str, Any]]:
        """Rows of the lake in the order of arrival."""
        names = columns or ("event", "time", "source")
        rows = self.workspace.lake.scan("events", [*names, "arrival"]).to_pylist()
        rows.sort(key=lambda row: row.pop("arrival") if "arrival" not in columns else 0)
        return rows


def request_of(
    *records: dict[str, Any] | str, key: str = KEY, at: int = NOW, agent: str = "", ip: str = ""
) -> Request:
    headers = {"user-agent": agent} if agent else {}
    body = msgspec.json.encode(list(records))
    return Request("POST", "/plain", b"", headers, body, at, ip, key)


def event(name: str = "page_viewed", who: str = "m1", time: int | None = NOW, **more: Any) -> Any:
    """An event of member `who`; more: fields of the record."""
    return {
        "event": name, "time": time, "identities": {"member_no": who}, "properties": {}, **more
    }  # fmt: skip


def profile(
    *operations: tuple[str, str, Any], who: str = "m1", time: int = NOW, **more: Any
) -> Any:
    return event("", who, time, act="profile", profile=operations, **more)


def open_tracked(home: Path, step: Step = nothing) -> TrackedBrand:
    """A brand with one source, whose write key is KEY; its clock stands still."""
    brand = TrackedBrand(open_brand_at(home, step).workspace, step)
    with brand.workspace.db.write() as connection:
        if not connection.execute(sources.select()).first():
            add_source(connection, SOURCE, KEY)
    return brand


def add_source(connection: Connection, name: str, key: str) -> None:
    made = connection.execute(
        insert(sources).values(name=name, kind="json", settings={}, created_at=NOW)
    )
    assert made.inserted_primary_key is not None
    connection.execute(
        insert(write_keys).values(key=key, source_id=made.inserted_primary_key[0], created_at=NOW)
    )


def profile_rows(identity: int, said: list[tuple[str, str, str, Any]], at: int = NOW) -> pa.Table:
    """Rows of the lake's `profiles`: (source, operation, attribute, value), a minute apart,
    the last a minute before `at`."""
    many = len(said)
    time = pa.array([at - (many - n) * 60_000 for n in range(many)], pa.int64())
    source, op, name, value = zip(*said, strict=True)
    return pa.table(
        {
            "day": ["2026-11-22"] * many,
            "identity": pa.array([identity] * many, pa.int64()),
            "source": list(source), "op": list(op), "name": list(name),
            "value": [json.dumps(one) for one in value],
            "time": time, "received_at": time,
            "row": pa.array(range(many), pa.int64()),
            "event_key": [identity.to_bytes(8) + n.to_bytes(8) for n in range(many)],
            "key_day": pa.array([0] * many, pa.int32()),
            "commit_id": pa.array([1] * many, pa.int64()),
        }
    )  # fmt: skip
