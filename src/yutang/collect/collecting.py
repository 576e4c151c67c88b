"""One process' receivers: whose keys, which journals, how much waits, and is all well?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from yutang.catalog.records import Limits, TrackingProtocol
from yutang.collect.counters import Counters, Queue
from yutang.collect.group import GroupCommit, Trouble
from yutang.collect.keys import KeyDirectory
from yutang.collect.stores import Stores
from yutang.journal import SegmentWriter
from yutang.kit import clock

SCARCE_BYTES = 500 << 20  # as `yutang doctor` says: below this the next import may find no space


@dataclass(frozen=True)
class Rules:
    """What the installation's settings say to receivers (see `yutang.settings`)."""

    limits: Limits = field(default_factory=Limits)
    queue_bytes: int = 64_000_000
    body_seconds: float = 30.0  # a body that takes longer is not waited for
    ip_mode: str = "truncate"
    trusted_proxies: int = 0
    metrics_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Health:
    """Can requests be stored? `failing`: brand → why its journal cannot be written.

    `keys_failing`: why write keys cannot be read, "" = they can.
    """

    failing: dict[str, Trouble]
    keys_failing: str
    free_bytes: int
    queued_bytes: int
    queue_limit: int

    @property
    def is_scarce(self) -> bool:
        """Is the disk about to be full?"""
        return self.free_bytes < SCARCE_BYTES

    @property
    def is_well(self) -> bool:
        return not (self.failing or self.keys_failing or self.is_scarce)


class Collecting:
    """Opened once per process. `make_writer` is replaced by tests of failing disks."""

    def __init__(
        self,
        stores: Stores,
        protocols: Sequence[TrackingProtocol],
        rules: Rules | None = None,
        *,
        now: clock.Clock = clock.now_ms,
        make_writer: Callable[[Path], SegmentWriter] = SegmentWriter,
        keys: KeyDirectory | None = None,
    ) -> None:
        self.stores = stores
        self.protocols = tuple(protocols)
        self.rules = rules or Rules()
        self.now = now
        self.keys = keys or KeyDirectory(stores)
        self.counters = Counters()
        self.queue = Queue(self.rules.queue_bytes)
        self.groups: dict[str, GroupCommit] = {}
        self._make_writer = make_writer

    def group(self, slug: str) -> GroupCommit:
        """The brand's journal, its tickets are futures of the running event loop."""
        found = self.groups.get(slug)
        if found is None:
            writer = self._make_writer(self.stores.journal(slug))
            found = self.groups[slug] = GroupCommit(writer, now=self.now)
        return found

    def health(self) -> Health:
        """How this process' receivers are: for the console's banner and for metrics."""
        failing = {
            slug: group.trouble for slug, group in list(self.groups.items()) if group.trouble
        }
        return Health(
            failing=failing,
            keys_failing=self.keys.failing,
            free_bytes=shutil.disk_usage(self.stores.home).free,
            queued_bytes=self.queue.bytes,
            queue_limit=self.queue.limit,
        )

    def close(self) -> None:
        """Write what waits, end the segments."""
        for group in self.groups.values():
            group.close()
        self.groups.clear()
        self.stores.close()
