"""The composition root: reads top to bottom as the architecture. No logic here.

`Brand` binds one brand's features to its workspace; `Services` holds an open installation;
`create_app` puts pages and API on top of it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from yutang import outgoing, reading
from yutang.alerts import Alerts, Asker
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
from yutang.linkage import Suggestions
from yutang.measure import Measure
from yutang.notices import Desk, Notices, Webhooks
from yutang.privacy import PersonFiles, Privacy, Retention
from yutang.receivers import Connecting, limits_of
from yutang.reports import Dashboards, DayNotes, Reports
from yutang.schedules import Schedules
from yutang.segments import ATTRIBUTE, Segments
from yutang.settings import Settings
from yutang.sql import Limits as SqlLimits
from yutang.sql import SqlDesk, Tables
from yutang.staff import BrandAudit, Staff
from yutang.workspace import Workspace

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pyroaring import BitMap

    from yutang.analysis import Result
    from yutang.collect import Collecting
    from yutang.predictions import Predictions
    from yutang.reports import Runs
    from yutang.sequence import Attribute, ShardCache, ShardSet


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
        self.dashboards = Dashboards(workspace)
        self.day_notes = DayNotes(workspace)
        self.audit = BrandAudit(workspace.db, workspace.now)
        self._lock = threading.Lock()
        self._attributed: tuple[tuple[Any, ...], ShardCache] | None = None
        self.sql = SqlDesk(
            Tables(workspace, self.identities, self.orders, self.customers),
            SqlLimits(settings.sql_seconds, settings.sql_memory_mb),
        )
        self._bind_tracking(settings)
        self._bind_people()
        self._bind_watching(settings)

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
        self.suggestions = Suggestions(workspace, self.attributes, self.hand_requests)
        self.retention = Retention(workspace, identities, self.audit)
        self.person_files = PersonFiles(
            workspace, identities, self.attributes, lambda: self.customers
        )

    def _bind_watching(self, settings: Settings) -> None:
        """Saved reports that are watched and sent: alerts, files on time, who is told."""
        workspace = self.workspace
        self.notices = Notices(workspace)
        self.webhooks = Webhooks(
            workspace, self.notices, outgoing.sender(workspace, settings), outgoing.said
        )
        desk = Desk(self.notices, self.webhooks)
        asker = Asker(self._ask, workspace.zone, workspace.now)
        self.alerts = Alerts(workspace, self.reports, asker, desk)
        self.schedules = Schedules(
            workspace, desk, partial(outgoing.sheets_of, self),
            partial(outgoing.board_sheets_of, self), lambda: self.shards().facts_version,
        )  # fmt: skip

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

        segments, expected = self.segments.attribute(), self._expected()
        stand = (self.customers.snapshot().made_at, segments, expected)
        with self._lock:
            held = self._attributed
            if held is None or held[0] != stand:
                held = self._attributed = (stand, ShardCache())
            attributes = self.customers.attributes() | expected
            if segments is not None:
                attributes[ATTRIBUTE] = segments
            return held[1].get(self.shard_folder, attributes)

    def _expected(self) -> dict[str, Attribute]:
        """What a model expects of each customer, where the worker has fitted one: nobody waits for
        a fit, or for its packages where there is none."""
        if not (self.workspace.cache / "predictions").exists():
            return {}
        return self.predictions.attributes()

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

        return analysis.answered(model, self.shards(), params).to_json()

    def _ask(self, model: str, params: Mapping[str, Any], today: date) -> Result:
        from yutang import analysis

        return analysis.answered(model, self.shards(), params, today=today)

    @cached_property
    def runs(self) -> Runs:
        from yutang.reports import Runs

        return Runs(self.workspace, self.identities)

    @cached_property
    def customers(self) -> Customers:
        return Customers(self.workspace, self.identities, self.orders, self._bare_shards)

    @cached_property
    def measure(self) -> Measure:
        return Measure(self.workspace, self.customers, self.shops)

    @cached_property
    def predictions(self) -> Predictions:
        from yutang.predictions import Predictions

        return Predictions(self.workspace, self.customers, self._refusing)

    def _refusing(self) -> BitMap:
        """Customers who refuse profiling."""
        from pyroaring import BitMap

        return BitMap()

    @cached_property
    def segments(self) -> Segments:
        return Segments(
            self.workspace, self.identities, lambda: self.customers, self.shards,
            lambda name, *period: self.measure.people_of(name, *period), self._moved,
        )  # fmt: skip

    def _moved(self, before: int, after: int, edges: str, cell: tuple[str, str]) -> BitMap:
        """Who went from one layer to another between two stored runs."""
        by: Literal["own", "same"] = "own" if edges == "own" else "same"
        movement = self.runs.movement(self.shards(), before, after, self.measure.today(), edges=by)
        return movement.people(*cell)

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
        if settings.ray_address:
            from yutang import analysis
            from yutang.sequence import Ray

            analysis.use(Ray(settings.ray_address))
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
    """The web application of an installation: console at /, API at /api/v1, MCP at /mcp."""
    from fastapi import FastAPI

    from yutang import __version__, api, console, mcp

    app = FastAPI(title="Yutang 鱼塘", version=__version__, docs_url=None, redoc_url=None)
    app.state.services = Services.open(settings)
    api.mount(app)
    mcp.mount(app)
    console.mount(app)
    return app
