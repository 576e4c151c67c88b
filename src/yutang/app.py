"""The composition root: reads top to bottom as the architecture. No logic here.

`Brand` binds one brand's features to its workspace; `Services` holds an open installation;
`create_app` puts pages and API on top of it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yutang import reading
from yutang.attributes import Attributes
from yutang.commerce import (
    OrderBook,
    OrderImports,
    Repairs,
    Shops,
    note_domain,
    status_of,
)
from yutang.connectors import order_files
from yutang.connectors.posting import post
from yutang.connectors.replays import request_of
from yutang.connectors.samples import Sample, sample_of
from yutang.connectors.tracking import PROTOCOLS
from yutang.customers import Customers
from yutang.facts import BrandFacts
from yutang.identity import HandRequests, Hands, Identities
from yutang.ingest import (
    Committer,
    Dictionary,
    DictionaryRules,
    EventImports,
    EventIntake,
    Imports,
    IntakeHealth,
    LakeHealth,
    MappingPresets,
    Quarantine,
    Sources,
    StreamIntake,
    StreamReplays,
    ValueRepairs,
    WaitingWords,
    WordList,
    WordVolumes,
    carry_out,
)
from yutang.ingest.live import Answer, Live, SelfTest
from yutang.installation import BrandRow, Installation
from yutang.jobs import made_version
from yutang.measure import Measure
from yutang.privacy import PersonFiles, Privacy, Retention
from yutang.receivers import Connecting, limits_of
from yutang.reports import Reports
from yutang.settings import Settings
from yutang.sql import Limits as SqlLimits
from yutang.sql import SqlDesk, Tables
from yutang.staff import BrandAudit, Staff
from yutang.workspace import Workspace

if TYPE_CHECKING:
    from fastapi import FastAPI

    from yutang.collect import Collecting
    from yutang.reports import Runs
    from yutang.sequence import ShardCache, ShardSet


class Brand:
    """One brand with everything it can do."""

    def __init__(
        self, row: BrandRow, workspace: Workspace, settings: Settings | None = None
    ) -> None:
        settings = settings or Settings()
        self.row = row
        self.workspace = workspace
        self.identities = Identities(workspace)
        self.committer = Committer(workspace)
        self.orders = OrderBook(workspace, self.identities)
        self.shops = Shops(workspace, note_domain)
        self.facts = BrandFacts(workspace, self.identities, self.orders)
        self.imports = Imports(
            workspace,
            {
                "orders": OrderImports(
                    workspace, self.identities, self.committer, order_files.read_orders
                ),
                "events": EventImports(self.committer, EventIntake(workspace, self.identities)),
            },
        )
        self.order_files = order_files  # the mapping page's door to reading files
        self.presets = MappingPresets(
            workspace, lambda mapping: order_files.Mapping.from_json(json.dumps(mapping))
        )
        self.quarantine = Quarantine(workspace)
        self.value_repairs = ValueRepairs(workspace, self.identities, self.quarantine)
        self.repairs = Repairs(
            workspace, self.imports, self.quarantine, self.orders, order_files.read_orders
        )
        self.intake = IntakeHealth(workspace)
        self.lake_health = LakeHealth(workspace)
        self.dictionary = Dictionary(workspace)
        self.dictionary_rules = DictionaryRules(workspace)
        self.word_volumes = WordVolumes(workspace)
        self.word_list = WordList(self.dictionary, self.word_volumes)
        self.sources = Sources(workspace)
        self.reports = Reports(workspace)
        self.audit = BrandAudit(workspace.db, workspace.now)
        self._lock = threading.Lock()
        self._attributed: tuple[int, ShardCache] | None = None
        self.sql = SqlDesk(
            Tables(workspace, self.identities, self.orders, self.customers),
            SqlLimits(settings.sql_seconds, settings.sql_memory_mb),
        )
        self._bind_tracking(settings)
        self._bind_people()

    def _bind_tracking(self, settings: Settings) -> None:
        """What trackers send: records into facts and attributes, and those that were set aside."""
        limits = limits_of(settings)
        self.live = Live(self.workspace, self.sources, PROTOCOLS, limits)
        self.connecting = Connecting(settings)
        self.attributes = Attributes(self.workspace)
        self.stream = StreamIntake(
            self.workspace, self.identities, self.attributes, self.committer, PROTOCOLS,
            limits=limits, reader=reading.command(limits),
        )  # fmt: skip
        self.replays = StreamReplays(
            self.workspace, self.committer, self.stream.preparing, PROTOCOLS, self.quarantine,
            request_of, limits=limits,
        )  # fmt: skip
        self.waiting_words = WaitingWords(
            self.workspace, self.dictionary, self.dictionary_rules, self.word_volumes,
            self.quarantine, self.replays, self.value_repairs,
        )  # fmt: skip

    def _bind_people(self) -> None:
        """Who is one person, by hand; his rights; how long things are kept."""
        workspace, identities = self.workspace, self.identities
        self.hands = Hands(
            workspace,
            identities,
            lambda connection, journal, moved: carry_out(
                connection, workspace, "identity", journal, moved
            ),
        )
        self.hand_requests = HandRequests(workspace, self.hands, self.audit.record_in)
        self.retention = Retention(workspace, identities, self.audit)
        self.person_files = PersonFiles(
            workspace, identities, self.attributes, lambda: self.customers
        )

    @property
    def shard_folder(self) -> Path:
        return self.workspace.cache / "shards"

    @cached_property
    def _shard_cache(self) -> ShardCache:
        from yutang.sequence import ShardCache

        return ShardCache()

    def _bare_shards(self) -> ShardSet:
        """The shards without customer attributes, for making those attributes."""
        return self._shard_cache.get(self.shard_folder)

    def shards(self) -> ShardSet:
        """The analysis cache as the worker last left it, with the attributes of its customers."""
        from yutang.sequence import ShardCache

        made_at = self.customers.snapshot().made_at
        with self._lock:
            if self._attributed is None or self._attributed[0] != made_at:
                self._attributed = (made_at, ShardCache())
            return self._attributed[1].get(self.shard_folder, self.customers.attributes())

    def status(self) -> dict[str, int]:
        """What the brand holds: see `yutang status`."""
        return status_of(self.workspace, self.orders, self.imports)

    def saved_mapping(self, preset: str) -> dict[str, Any] | None:
        """The brand's own mapping of that name; None for a built-in preset or an unknown name."""
        found = (one for one in self.presets.list_() if one.name == preset)
        return next((dict(one.mapping) for one in found), None) if preset else None

    def is_fresh(self) -> bool:
        """Do the caches stand at the newest facts?"""
        return made_version(self.workspace.cache) == self.facts.version()

    def analyse(self, model: str, params: dict[str, Any]) -> dict[str, Any]:
        """The answer of an analysis model as plain data: see `yutang analyse`."""
        from yutang import analysis

        return analysis.run(model, self.shards(), params).to_json()

    @cached_property
    def runs(self) -> Runs:
        from yutang.reports import Runs

        return Runs(self.workspace)

    @cached_property
    def customers(self) -> Customers:
        return Customers(self.workspace, self.identities, self.orders, self._bare_shards)

    @cached_property
    def measure(self) -> Measure:
        return Measure(self.workspace, self.customers, self.shops)

    def cache_versions(self) -> dict[str, Callable[[], int]]:
        """Cache → the facts version it stands at; asking raises where it is unreadable."""
        return {
            "orders": lambda: self.orders.current().version,
            "analysis": lambda: self._bare_shards().facts_version,
            "customers": lambda: self.customers.snapshot().version,
        }

    @cached_property
    def self_test(self) -> SelfTest:
        return SelfTest(
            self.live,
            lambda source, event, visitor, name, value: sample_of(
                source.kind,
                Sample(source.name, source.key, event, visitor, name, value, self.workspace.now()),
            ),
            lambda request: Answer(*post(self.connecting.base, request)),
        )

    @cached_property
    def privacy(self) -> Privacy:
        return Privacy(
            self.workspace, self.identities, self.attributes, purge_journal=self.stream.purge
        )


@dataclass
class Services:
    """An open installation."""

    settings: Settings
    installation: Installation
    staff: Staff
    collecting: Collecting | None = None  # this process' receivers, where it has any

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._brands: dict[str, Brand] = {}

    @classmethod
    def open(cls, settings: Settings) -> Services:
        from yutang.kit.clock import now_ms

        installation = Installation.open(settings.home)
        return cls(settings, installation, Staff(installation.db, now_ms))

    def brands(self) -> list[BrandRow]:
        return self.installation.brands()

    def brand(self, name: str = "") -> Brand:
        """The brand of this slug or name (the first without one). Raises NotFound."""
        row = self.installation.get_brand(name)
        with self._lock:
            if row.slug not in self._brands:
                self._brands[row.slug] = Brand(row, self.installation.workspace(row), self.settings)
            return self._brands[row.slug]


def create_app(settings: Settings) -> FastAPI:
    """The web application of an installation: console at /, API at /api/v1."""
    from fastapi import FastAPI

    from yutang import __version__, api, console

    app = FastAPI(title="Yutang 鱼塘", version=__version__, docs_url=None, redoc_url=None)
    app.state.services = Services.open(settings)
    api.mount(app)
    console.mount(app)
    return app
