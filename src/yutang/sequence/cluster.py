"""The executor for more than one machine: views are worked on by the workers of a Ray cluster.

Nothing large travels with a question. Each worker opens the shard set itself, read-only, from the
same path (a file system all machines share), at the same facts version; customer attributes go to
Ray's object store once and are fetched by those who read them; a view goes by its numbers. What
travels is the work itself: it is pickled with references in place of shards and attributes.

A worker that dies is replaced and its views are worked on elsewhere (Ray does that). Facts that
moved on while the question was on its way, so that a worker cannot open their files any more, are
still mapped by whoever asked: he answers himself.
"""

from __future__ import annotations

import io
import json
import pickle
import socket
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import structlog

from yutang.errors import BadInput, Busy, NotFound
from yutang.sequence.executors import Span, Threads, spans
from yutang.sequence.shard import ShardSet
from yutang.sequence.source import Attribute
from yutang.sequence.view import View

T = TypeVar("T")

log = structlog.get_logger("cluster")
# A worker or its machine may die so often before the question fails.
RETRIES = 3
# Shard sets a worker keeps open: mappings cost address space, not memory. Brands times versions.
KEPT_OPEN = 8
# Sets of attributes whoever asks keeps in the object store.
KEPT_SHIPPED = 4


KNOCK_SECONDS = 3.0


class FactsMovedError(Exception):
    """A worker cannot open the files of that version any more."""


class Ray:
    """Runs work over the views of a shard set on a Ray cluster.

    address: of the cluster's head, as HOST:6379; "auto" for the one this machine belongs to.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._remote: Any = None
        self._shipped: OrderedDict[int, Shipped] = OrderedDict()
        self._here = Threads()

    def run(self, shards: ShardSet, work: Callable[[View], T]) -> list[T]:
        """`work` of every view, in the order of the views. Raises Busy where no cluster is."""
        ray = self._connected()
        workers = max(int(ray.cluster_resources().get("CPU", 1)), 1)
        shipped = self._ship(shards)
        asked = ray.put(dumps(work, shards))
        where = (str(shards.folder), dict(shards.manifest))
        pending = [
            self._remote.remote(where, shipped.token, shipped.references, asked, span)
            for span in spans(shards, workers=workers)
        ]
        try:
            return list(ray.get(pending))
        except ray.exceptions.RayTaskError as error:
            if not isinstance(error.cause, FactsMovedError):
                raise error.cause from error
            log.info("cluster.facts_moved", facts_version=shards.facts_version)
            return self._here.run(shards, work)
        except ray.exceptions.RayError as error:
            log.error("cluster.failed", exc_info=error)
            raise Busy(
                "The cluster could not answer: %(why)s.",
                hint="`ray status` shows its workers. Ask again, or unset YUTANG_RAY_ADDRESS.",
                why=type(error).__name__,
            ) from error

    def _connected(self) -> Any:
        try:
            import ray
        except ModuleNotFoundError as error:
            raise BadInput(
                "YUTANG_RAY_ADDRESS is set, but Ray is not installed.",
                hint="`pip install yutang[scale]`, here and on every worker.",
            ) from error
        with self._lock:
            if not ray.is_initialized():
                try:
                    _knock(self.address)
                    ray.init(address=self.address, namespace="yutang", log_to_driver=False)
                except (OSError, RuntimeError, ValueError) as error:
                    raise Busy(
                        "There is no Ray cluster at %(address)s.",
                        hint="Start one with `ray start --head`, or unset YUTANG_RAY_ADDRESS.",
                        address=self.address,
                    ) from error
            if self._remote is None:
                # Views are of one size and read by path: no machine is nearer to one than another.
                remote = ray.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")
                self._remote = remote(work_on)
        return ray

    def _ship(self, shards: ShardSet) -> Shipped:
        """The attributes of a set in the object store; put there once."""
        import ray

        with self._lock:
            held = self._shipped.get(id(shards.attributes))
            if held is None:
                references = {name: ray.put(one) for name, one in shards.attributes.items()}
                held = Shipped(shards.attributes, references)
                self._shipped[id(shards.attributes)] = held
                while len(self._shipped) > KEPT_SHIPPED:
                    self._shipped.popitem(last=False)
            return held


def _knock(address: str) -> None:
    """Raises OSError where nobody listens; Ray itself would try for minutes, and then exit."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=KNOCK_SECONDS).close()


class Shipped:
    """Attributes that are in the object store; `token` names them for the workers."""

    def __init__(self, attributes: Mapping[str, Attribute], references: Mapping[str, Any]) -> None:
        self.attributes = attributes  # held, so that its id means nothing else meanwhile
        self.references = references
        self.token = uuid.uuid4().hex


class Fetched(Mapping[str, Attribute]):
    """Attributes as a worker reads them: fetched when asked for, then kept."""

    def __init__(self, references: Mapping[str, Any]) -> None:
        self._references = references
        self._held: dict[str, Attribute] = {}

    def __getitem__(self, name: str) -> Attribute:
        if name not in self._held:
            import ray

            self._held[name] = ray.get(self._references[name])
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)


# --- on a worker ---------------------------------------------------------------------------------
_open: OrderedDict[tuple[str, str, str], ShardSet] = OrderedDict()


def work_on(
    where: tuple[str, Mapping[str, Any]],
    token: str,
    references: Mapping[str, Any],
    asked: bytes,
    span: Span,
) -> Any:
    """What Ray runs: one view's part of a question. Raises FactsMovedError."""
    shards = _opened(where, token, references)
    return loads(asked, shards)(span.of(shards))


def _opened(
    where: tuple[str, Mapping[str, Any]], token: str, references: Mapping[str, Any]
) -> ShardSet:
    """The set of this manifest with these attributes; opened again when either is another."""
    folder, manifest = where
    key = (folder, json.dumps(manifest, sort_keys=True), token)
    if key not in _open:
        try:
            _open[key] = ShardSet(Path(folder), manifest, Fetched(references))
        except FileNotFoundError as error:
            if not Path(folder).is_dir():
                raise NotFound(
                    "A worker does not see the folder of the analysis cache.",
                    hint="Every machine of the cluster needs the installation's folder at the"
                    " same path (docs/operate.md).",
                ) from error
            raise FactsMovedError(folder) from error
        while len(_open) > KEPT_OPEN:
            _open.popitem(last=False)
    _open.move_to_end(key)
    return _open[key]


# --- work, with references in place of what every worker has --------------------------------------
def dumps(work: Callable[[View], Any], shards: ShardSet) -> bytes:
    """Work over views as bytes. Shards, attributes and their arrays stay behind as names."""
    from ray.cloudpickle import CloudPickler

    names = _names_of(shards)

    class Pickler(CloudPickler):  # type: ignore[misc,unused-ignore]  # untyped where ray is not
        def persistent_id(self, thing: Any) -> tuple[Any, ...] | None:
            if isinstance(thing, np.ndarray):
                return names.get(_place(thing))
            return names.get((id(thing),))

    buffer, untyped = io.BytesIO(), cast(Any, Pickler)
    untyped(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(work)
    return buffer.getvalue()


def loads(work: bytes, shards: ShardSet) -> Callable[[View], Any]:
    """What `dumps` made, bound to the worker's own shards. Only our own bytes come here: a cluster
    is as trusted as the server that asks it."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, name: tuple[Any, ...]) -> Any:
            return _find(shards, *name)

    found: Callable[[View], Any] = Unpickler(io.BytesIO(work)).load()
    return found


def _names_of(shards: ShardSet) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    names: dict[tuple[Any, ...], tuple[Any, ...]] = {
        (id(shards),): ("set",),
        (id(shards.attributes),): ("attributes",),
    }
    for number, shard in enumerate(shards.shards):
        names[(id(shard),)] = ("shard", number)
    for name, one in shards.attributes.items():
        names[(id(one),)] = ("attribute", name)
        names[_place(one.values)] = ("values", name)
        if one.offsets is not None:
            names[_place(one.offsets)] = ("offsets", name)
    return names


def _place(array: np.ndarray) -> tuple[Any, ...]:
    """Where an array lies: a frozen view of it is the same for who reads."""
    return (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str)


def _find(shards: ShardSet, kind: str, name: Any = None) -> Any:
    if kind == "set":
        return shards
    if kind == "attributes":
        return shards.attributes
    if kind == "shard":
        return shards.shards[name]
    attribute = shards.attributes[name]
    return {"attribute": attribute, "values": attribute.values, "offsets": attribute.offsets}[kind]
