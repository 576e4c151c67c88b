"""What is known of each customer and each sale at one facts version: arrays, memory-mapped.

A cache under cache/customers: one folder a generation, one .npy file an array, and a pointer that
is switched in one step. Readers keep the generation they opened, so all numbers of one page come
from one version.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yutang.customers.buying import Days
from yutang.customers.intervals import Intervals
from yutang.customers.lifecycle_rule import DEFAULT, RuleVersion, rule_of
from yutang.customers.rules import FOREVER, PoolChanges, Relations
from yutang.errors import Damaged

FORMAT = 2
POINTER = "current.json"
KEEP_GENERATIONS = 2
DOMAIN_CODES = {"private": 0, "public": 1, "store": 2}
# Below this a plain read is cheaper than a mapping (and an empty file cannot be mapped).
_MAP_FROM_BYTES = 65_536


@dataclass(frozen=True)
class People:
    """By customer id (index 0 = nobody). Times are UTC ms, 0 = never; codes are -1 = unknown.

    orders, purchase_days int32; paid_fen, net_fen int64; items float64; first_order_at,
    last_order_at, first_seen_at, last_seen_at int64; domains uint8 (bit 1 << code of the domain);
    stage, role uint8 (rules.Stage, rules.Role); member, alive bool (a merged or erased customer
    is not alive); source int32 (Snapshot.words["source"]), channel int32 (words["channel"]);
    inviter uint32 (0 = none).

    Of buyers: category int32 (words["category"], of the last purchase day), interval_days float32
    (usual days between purchases), interval_source uint8 (intervals.Source), dormant_after,
    lost_after int32 (days; 0 = never bought), limit_source uint8 (Source). lead_at, koc_at int64:
    since when he is known with a contact or as a member, since when he claimed a task (FOREVER =
    never). value_net_fen int64: net of the window of value; received int32: messages in 30 days;
    last_interaction_at int64: his last act that is no purchase. nes, aipl, five_a, value_tier,
    fatigue uint8 (codes of views.py).
    """

    orders: NDArray[np.int32]
    purchase_days: NDArray[np.int32]
    paid_fen: NDArray[np.int64]
    net_fen: NDArray[np.int64]
    items: NDArray[np.float64]
    first_order_at: NDArray[np.int64]
    last_order_at: NDArray[np.int64]
    first_seen_at: NDArray[np.int64]
    last_seen_at: NDArray[np.int64]
    domains: NDArray[np.uint8]
    stage: NDArray[np.uint8]
    role: NDArray[np.uint8]
    member: NDArray[np.bool_]
    alive: NDArray[np.bool_]
    source: NDArray[np.int32]
    channel: NDArray[np.int32]
    inviter: NDArray[np.uint32]
    category: NDArray[np.int32]
    interval_days: NDArray[np.float32]
    interval_source: NDArray[np.uint8]
    dormant_after: NDArray[np.int32]
    lost_after: NDArray[np.int32]
    limit_source: NDArray[np.uint8]
    lead_at: NDArray[np.int64]
    koc_at: NDArray[np.int64]
    value_net_fen: NDArray[np.int64]
    received: NDArray[np.int32]
    last_interaction_at: NDArray[np.int64]
    nes: NDArray[np.uint8]
    aipl: NDArray[np.uint8]
    five_a: NDArray[np.uint8]
    value_tier: NDArray[np.uint8]
    fatigue: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.orders)


@dataclass(frozen=True)
class Sales:
    """Paid orders and cancellations without their order, sorted by customer, then time.

    customer uint32 (0 = unknown), at int64 ms, day int32 (business day), paid bool, paid_fen,
    refund_fen int64 (positive), items float64 (gifts left out), domain uint8 (DOMAIN_CODES),
    platform, shop int32 (words), first bool (the customer's first paid order), inside bool (was
    in the pool when he paid).
    """

    customer: NDArray[np.uint32]
    at: NDArray[np.int64]
    day: NDArray[np.int32]
    paid: NDArray[np.bool_]
    paid_fen: NDArray[np.int64]
    refund_fen: NDArray[np.int64]
    items: NDArray[np.float64]
    domain: NDArray[np.uint8]
    platform: NDArray[np.int32]
    shop: NDArray[np.int32]
    first: NDArray[np.bool_]
    inside: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True)
class Ties:
    """Relation events, sorted by customer, time, arrival: rules.Relations plus where each came
    from (codes into words) and `end` (int64: the row that ends it, len = live, -1 = is an end).

    `after_message` bool: a deletion within 7 days after a message of that guide.
    """

    customer: NDArray[np.uint32]
    time: NDArray[np.int64]
    kind: NDArray[np.int8]
    key: NDArray[np.int32]
    is_end: NDArray[np.bool_]
    end: NDArray[np.int64]
    channel_code: NDArray[np.int32]
    touchpoint: NDArray[np.int32]
    source: NDArray[np.int32]
    after_message: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.time)

    def relations(self) -> Relations:
        """The part the rules work on."""
        return Relations(self.customer, self.time, self.kind, self.key, self.is_end)


@dataclass(frozen=True)
class Sends:
    """Messages by business day (int32) and guide (int32 code): count int64."""

    day: NDArray[np.int32]
    guide: NDArray[np.int32]
    count: NDArray[np.int64]


@dataclass(frozen=True)
class Restocks:
    """The last purchase of each customer in each category that has a rhythm of its own.

    customer uint32, category int32 (words), day int32. By category: rhythm_category int32, low,
    middle, high float64 (quartiles of the gaps, days), gaps int64 (how many were seen).
    """

    customer: NDArray[np.uint32]
    category: NDArray[np.int32]
    day: NDArray[np.int32]
    rhythm_category: NDArray[np.int32]
    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]
    gaps: NDArray[np.int64]


@dataclass(frozen=True)
class Spans:
    """Stretches in which a customer did something of a kind without a pause of the rule's window:
    customer uint32, kind uint8 (moments.ACTED, ASKED, RECOMMENDED), first, last int64 (ms)."""

    customer: NDArray[np.uint32]
    kind: NDArray[np.uint8]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


@dataclass(frozen=True)
class Snapshot:
    """One generation. `as_of` is the newest fact (ms; 0 = no facts), the "today" of all numbers;
    `words` are the texts behind codes; `has_events` says whether events were there to read; `rule`
    is the rule by which stages and views were told."""

    version: int
    has_events: bool
    as_of: int
    made_at: int
    words: Mapping[str, list[str]]
    people: People
    sales: Sales
    ties: Ties
    pool: PoolChanges
    sends: Sends
    restocks: Restocks
    days: Days
    intervals: Intervals
    spans: Spans
    rule: RuleVersion = DEFAULT


_PARTS: dict[str, type[Any]] = {
    "people": People,
    "sales": Sales,
    "ties": Ties,
    "pool": PoolChanges,
    "sends": Sends,
    "restocks": Restocks,
    "days": Days,
    "intervals": Intervals,
    "spans": Spans,
}
_DTYPES = {
    "NDArray[np.int8]": np.int8,
    "NDArray[np.uint8]": np.uint8,
    "NDArray[np.int32]": np.int32,
    "NDArray[np.uint32]": np.uint32,
    "NDArray[np.int64]": np.int64,
    "NDArray[np.float32]": np.float32,
    "NDArray[np.float64]": np.float64,
    "NDArray[np.bool_]": np.bool_,
}


def empty_part(part: type[Any]) -> Any:
    """A part without rows, with the right types."""
    return part(*(np.empty(0, _DTYPES[str(field.type)]) for field in fields(part)))


def blank_people(size: int) -> People:
    """Customers of whom nothing is known, to be filled in part by part."""
    blank: dict[str, NDArray[Any]] = {
        one.name: np.zeros(size, _DTYPES[str(one.type)]) for one in fields(People)
    }
    for name in ("source", "channel", "category"):
        blank[name] -= 1
    for name in ("lead_at", "koc_at"):
        blank[name] += FOREVER
    return People(**blank)


def empty_snapshot() -> Snapshot:
    """What is there before the first refresh."""
    parts = {name: empty_part(part) for name, part in _PARTS.items()}
    return Snapshot(0, False, 0, 0, {}, **parts)


def write_snapshot(root: Path, made: Snapshot, *, whole: bool = False) -> None:
    """Store a generation and switch to it; with `whole` no older one stays on disk."""
    folder = root / f"{made.version}-{made.made_at}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sizes: dict[str, int] = {}
    for name, part in _PARTS.items():
        for field in fields(part):
            path = folder / f"{name}.{field.name}.npy"
            values = getattr(getattr(made, name), field.name)
            np.save(path, np.ascontiguousarray(values, _DTYPES[str(field.type)]))
            sizes[path.name] = path.stat().st_size
    manifest = {
        "format": FORMAT,
        "folder": folder.name,
        "version": made.version,
        "has_events": made.has_events,
        "as_of": made.as_of,
        "made_at": made.made_at,
        "words": made.words,
        "rule": {**asdict(made.rule), "rule": made.rule.rule.to_json()},
        "sizes": sizes,
    }
    temporary = root / f"{POINTER}.new"
    temporary.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    os.replace(temporary, root / POINTER)
    generations = sorted(
        (path for path in root.iterdir() if path.is_dir() and path != folder),
        key=lambda path: path.stat().st_mtime_ns,
    )
    for old in generations if whole else generations[: len(generations) - KEEP_GENERATIONS + 1]:
        shutil.rmtree(old, ignore_errors=True)


class SnapshotReader:
    """Opens the current generation, and opens again when the worker has switched."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stamp: tuple[int, int] | None = None
        self._open = empty_snapshot()

    def get(self) -> Snapshot:
        """The current snapshot (empty before the first refresh). Raises Damaged."""
        try:
            stat = (self._root / POINTER).stat()
        except FileNotFoundError:
            return empty_snapshot()
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            self._open = self._read()
            self._stamp = stamp
        return self._open

    def _read(self) -> Snapshot:
        manifest = json.loads((self._root / POINTER).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            return empty_snapshot()
        folder = self._root / manifest["folder"]
        parts = {
            name: part(
                *(_load(folder / f"{name}.{field.name}.npy", manifest) for field in fields(part))
            )
            for name, part in _PARTS.items()
        }
        return Snapshot(
            manifest["version"],
            manifest["has_events"],
            manifest["as_of"],
            manifest["made_at"],
            manifest["words"],
            rule=RuleVersion(**{**manifest["rule"], "rule": rule_of(manifest["rule"]["rule"])}),
            **parts,
        )


def _load(path: Path, manifest: Mapping[str, Any]) -> NDArray[Any]:
    try:
        size = path.stat().st_size
        if size != manifest["sizes"][path.name]:
            raise ValueError(path.name)
        mode: Any = "r" if size >= _MAP_FROM_BYTES else None
        values: NDArray[Any] = np.load(path, mmap_mode=mode)
        return np.asarray(values)
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise Damaged(
            "The cache of customers is unreadable.", hint="Run `yutang rebuild`."
        ) from error
