"""Reads what happened in groups from the lake: messages, removals, statistics, lives of groups.

Text of a message is looked at once, for questions and complaints, and not kept. Facts of a group
itself are nobody's (catalog.events.WITHOUT_PERSON), so they are read here and not from shards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from yutang.catalog.events import WITHOUT_PERSON
from yutang.groups import words as wording
from yutang.groups.arrays import (
    IS_COMPLAINT,
    IS_PRODUCT,
    IS_QUESTION,
    IS_TOLD,
    RAW,
    READ,
    REMOVED,
    Life,
)
from yutang.groups.words import WordLists
from yutang.ingest import properties
from yutang.kit import clock
from yutang.lake import arrow_of, one_of
from yutang.workspace import Workspace

BASE = ("identity", "time", "event", "arrival")
# Properties that are read, and the type each must have.
TYPES = {
    "group": "string", "role": "string", "kind": "string", "text": "string", "question": "bool",
    "complaint": "bool", "product": "bool", "answered_at": "time", "left_by": "string",
    "name": "string", "owner": "string", "members": "number", "active_members": "number",
    "messages": "number", "joined": "number", "left": "number",
}  # fmt: skip
OURS = ("owner", "staff")
PRODUCT_KINDS = ("product", "mini_program", "link", "coupon")
COUNTED = ("members", "active_members", "messages", "joined", "left")
MOST_CHANGES = 200  # of one group; its history shows no more


@dataclass
class Gathered:
    """What the facts after some version say. groups, owners: text → code, added to; lives by group
    code."""

    groups: dict[str, int]
    owners: dict[str, int]
    lives: list[Life]
    messages: list[NDArray[Any]] = field(default_factory=list)
    removed: list[NDArray[Any]] = field(default_factory=list)
    reads: list[NDArray[Any]] = field(default_factory=list)

    def group_codes(self, column: pa.Array) -> NDArray[np.int32]:
        found = _codes(column, self.groups)
        names = list(self.groups)
        self.lives += [Life(name) for name in names[len(self.lives) :]]
        return found


def gather(workspace: Workspace, since: int, until: int, lists: WordLists, into: Gathered) -> None:
    """Read the facts of the commits after `since` (0 = all) up to `until` into `into`."""
    dataset = workspace.lake.dataset("events")
    if dataset is None:
        return
    with workspace.db.read() as connection:
        known = {one.name.casefold(): one for one in properties(connection).values()}
    columns = {
        name: known[name].field
        for name, type_ in TYPES.items()
        if name in known and known[name].type == type_ and known[name].field in dataset.schema.names
    }
    if "group" not in columns and "owner" not in columns:
        return
    where = arrow_of([[one_of("event", sorted({*WITHOUT_PERSON, "group_left"}))]])
    where = where & (ds.field("commit_id") > since) & (ds.field("commit_id") <= until)
    batches = dataset.to_batches(
        columns=[*BASE, *columns.values()], filter=where, batch_readahead=1, fragment_readahead=1
    )
    changes: list[tuple[int, int, int, str, str]] = []
    for table in _large(batches):
        _take(table, columns, lists, workspace.zone, into, changes)
    _live(into, sorted(changes))


def _take(
    table: pa.Table,
    columns: Mapping[str, str],
    lists: WordLists,
    zone: str,
    into: Gathered,
    changes: list[tuple[int, int, int, str, str]],
) -> None:
    event = table.column("event").cast(pa.string())
    for name, take in (("group_message_sent", _messages), ("group_left", _removed)):
        mine = table.filter(pc.equal(event, name))
        if mine.num_rows and "group" in columns:
            take(_Rows(mine, columns), lists, into)
    mine = table.filter(pc.equal(event, "group_statistics_read"))
    if mine.num_rows:
        _reads(_Rows(mine, columns), zone, into)
    mine = table.filter(pc.is_in(event, value_set=pa.array(_SAYS)))
    if mine.num_rows and "group" in columns:
        _changes(_Rows(mine, columns), mine.column("event").to_pylist(), into, changes)


_SAYS = ("group_created", "group_renamed", "group_owner_changed", "group_dissolved")


def _changes(
    rows: _Rows, events: list[str], into: Gathered, changes: list[tuple[int, int, int, str, str]]
) -> None:
    """Note (time, arrival, group, event, what it says) of each."""
    codes = into.group_codes(rows.column("group")).tolist()
    names, owners = (rows.column(name).to_pylist() for name in ("name", "owner"))
    times, arrivals = rows.base("time").tolist(), rows.base("arrival").tolist()
    for at, arrival, code, event, name, owner in zip(
        times, arrivals, codes, events, names, owners, strict=True
    ):
        says = {
            "group_created": f"{name or ''}\n{owner or ''}",
            "group_renamed": name or "",
            "group_owner_changed": owner or "",
        }
        if code >= 0:
            changes.append((at, arrival, code, event, says.get(event, "")))


class _Rows:
    """Rows of one event with their properties; one that the brand never sent is null."""

    def __init__(self, table: pa.Table, columns: Mapping[str, str]) -> None:
        self._table = table.combine_chunks()
        self._columns = columns

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def base(self, name: str) -> NDArray[np.int64]:
        return np.asarray(self._table.column(name), np.int64)

    def column(self, name: str) -> pa.Array:
        if name not in self._columns:
            types = {"number": pa.float64(), "bool": pa.bool_(), "time": pa.int64()}
            return pa.nulls(len(self), types.get(TYPES[name], pa.string()))
        column = self._table.column(self._columns[name])
        return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)

    def number(self, name: str) -> NDArray[np.float64]:
        return np.asarray(pc.fill_null(self.column(name).cast(pa.float64()), np.nan), np.float64)


def _messages(rows: _Rows, lists: WordLists, into: Gathered) -> None:
    group = into.group_codes(rows.column("group"))
    out = np.zeros(len(rows), RAW)
    out["identity"], out["time"], out["group"] = rows.base("identity"), rows.base("time"), group
    role = rows.column("role").cast(pa.string())
    named = np.asarray(pc.is_in(role, value_set=pa.array(OURS)))
    out["ours"] = np.where(np.asarray(pc.is_valid(role)), named, out["identity"] == 0)
    text = rows.column("text").cast(pa.string())
    has_text = np.asarray(pc.is_valid(text))
    theirs = ~out["ours"]
    flags = np.zeros(len(rows), np.uint8)
    told = has_text.copy()
    for name, bit, words in (
        ("question", IS_QUESTION, lists.question),
        ("complaint", IS_COMPLAINT, lists.complaint),
    ):
        said = rows.column(name)
        known = np.asarray(pc.is_valid(said))
        found = np.asarray(pc.fill_null(said, False)).astype(bool)
        look = np.flatnonzero(has_text & ~known & theirs)
        found[look] = wording.find(text.take(pa.array(look)), words)
        flags |= np.where(found & theirs, bit, 0).astype(np.uint8)
        told |= known
    product = pc.is_in(rows.column("kind").cast(pa.string()), value_set=pa.array(PRODUCT_KINDS))
    product = pc.coalesce(rows.column("product"), product)
    flags |= np.where(np.asarray(product).astype(bool) & ~theirs, IS_PRODUCT, 0).astype(np.uint8)
    flags |= np.where(told, IS_TOLD, 0).astype(np.uint8)
    out["flags"] = flags
    answered = np.asarray(pc.fill_null(rows.column("answered_at").cast(pa.int64()), 0), np.int64)
    wait = np.clip((answered - out["time"]) // 1000, 1, 2**31 - 1)
    out["answered"] = np.where(answered >= out["time"], wait, 0)
    into.messages.append(out[group >= 0])


def _removed(rows: _Rows, _lists: WordLists, into: Gathered) -> None:
    by_us = pc.is_in(rows.column("left_by").cast(pa.string()), value_set=pa.array(["staff"]))
    group = into.group_codes(rows.column("group"))
    out = np.zeros(len(rows), REMOVED)
    out["identity"], out["time"], out["group"] = rows.base("identity"), rows.base("time"), group
    into.removed.append(out[np.asarray(by_us) & (group >= 0)])


def _reads(rows: _Rows, zone: str, into: Gathered) -> None:
    out = np.zeros(len(rows), READ)
    out["arrival"] = rows.base("arrival")
    out["group"] = into.group_codes(rows.column("group"))
    out["owner"] = _codes(rows.column("owner"), into.owners)
    out["day"] = clock.day_numbers(rows.base("time"), zone)
    for name in COUNTED:
        values = rows.number(name)
        out[name.removesuffix("_members")] = np.where(values < 0, np.nan, values)
    into.reads.append(out[(out["group"] >= 0) | (out["owner"] >= 0)])


def _live(into: Gathered, changes: list[tuple[int, int, int, str, str]]) -> None:
    """Take the changes into the lives, in order of time (a late one goes to its place)."""
    touched: dict[int, list[tuple[int, str, str]]] = {}
    for at, _, code, kind, text in changes:
        touched.setdefault(code, []).append((at, kind, text))
    for code, news in touched.items():
        life = into.lives[code]
        life.changes = sorted({*life.changes, *news})[-MOST_CHANGES:]
        _settle(life)


def _settle(life: Life) -> None:
    """Name, owner, beginning and end as the changes leave them."""
    life.name, life.owner, life.created_at, life.dissolved_at = "", "", 0, 0
    for at, kind, text in life.changes:
        if kind == "group_created":
            name, _, owner = text.partition("\n")
            life.created_at = life.created_at or at
            life.name, life.owner = name or life.name, owner or life.owner
            life.dissolved_at = 0
        elif kind == "group_renamed":
            life.name = text or life.name
        elif kind == "group_owner_changed":
            life.owner = text or life.owner
        elif kind == "group_dissolved":
            life.dissolved_at = at


def _codes(column: pa.Array, known: dict[str, int]) -> NDArray[np.int32]:
    """Code of each text, -1 for none; new ones are added to `known`."""
    coded = column.cast(pa.string()).dictionary_encode()
    texts = [text.strip() for text in coded.dictionary.to_pylist()]
    places = [known.setdefault(text, len(known)) if text else -1 for text in texts]
    index = np.asarray(pc.fill_null(coded.indices, len(texts)), np.int64)
    return np.array([*places, -1], np.int32)[index]


def _large(batches: Any, least: int = 150_000) -> Iterator[pa.Table]:
    """Batches joined: a day's file is too small to work on alone."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if batch.num_rows:
            waiting.append(batch)
            rows += batch.num_rows
        if rows >= least:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if rows:
        yield pa.Table.from_batches(waiting)
