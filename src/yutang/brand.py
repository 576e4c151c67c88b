"""One brand with everything it can do: its features bound to its workspace.

Reads top to bottom as the architecture. No logic here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from operator import is_not
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
from yutang.consents import WITHDRAWN, Consents
from yutang.customers import Customers
from yutang.facts import BrandFacts
from yutang.followups import FollowUps
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
from yutang.installation import BrandRow
from yutang.jobs import made_version
from yutang.lifecycle import Lifecycle
from yutang.linkage import Suggestions
from yutang.measure import Measure, RedGroup
from yutang.notices import Desk, Notices, Webhooks
from yutang.privacy import PersonFiles, Privacy, Retention
from yutang.receivers import Connecting, limits_of
from yutang.reports import Dashboards, DayNotes, Reports
from yutang.schedules import Schedules
from yutang.segments import ATTRIBUTE, Living, Segments
from yutang.segments import EPOCH as SEGMENTS_EPOCH
from yutang.settings import Settings
from yutang.sql import Limits as SqlLimits
from yutang.sql import SqlDesk, Tables
from yutang.staff import BrandAudit
from yutang.tags import ATTRIBUTE as TAGS
from yutang.tags import EPOCH as TAGS_EPOCH
from yutang.tags import Computed, Files, FromEvents, Judging, Tags
from yutang.workspace import Workspace

if TYPE_CHECKING:
    from pyroaring import BitMap

    from yutang.analysis import Result
    from yutang.groups import Groups
    from yutang.portrait import Portraits
    from yutang.predictions import Predictions
    from yutang.products import Products
    from yutang.reports import Runs
    from yutang.sequence import Attribute, ShardCache, ShardSet


LIST_EPOCHS = (SEGMENTS_EPOCH, TAGS_EPOCH)
_NOTHING: dict[str, Attribute] = {}


@dataclass(frozen=True)
class _Attributed:
    """Shards opened with what is known of customers: `parts` are what it was put together of."""

    made_at: int
    parts: tuple[object, ...]
    known: dict[str, Attribute]
    shards: ShardCache


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
        self._attributed: _Attributed | None = None
        self._listed: tuple[tuple[int, ...], dict[str, Attribute | None]] | None = None
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
        self.follow_ups = FollowUps(workspace)
        self.consents = Consents(workspace, identities, self._bare_shards)
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

        made_at = self.customers.snapshot().made_at
        lists = self._lists()
        told, expected = self.attributes.columns(), self._expected()
        parts = (told, expected, *lists.values())
        with self._lock:
            held = self._attributed
            if held is None or held.made_at != made_at or any(map(is_not, held.parts, parts)):
                # Where a source calls something as we do, ours counts.
                known = {**told, **self.customers.attributes(), **expected}
                known |= {name: one for name, one in lists.items() if one is not None}
                held = self._attributed = _Attributed(made_at, parts, known, ShardCache())
            return held.shards.get(self.shard_folder, held.known)

    def _lists(self) -> dict[str, Attribute | None]:
        """The attributes of segments and tags; one question where neither has changed."""
        with self.workspace.db.read() as connection:
            stamp = self.identities.survivors.stamp(connection, *LIST_EPOCHS)
        held = self._listed
        if held is None or held[0] != stamp:
            made = {ATTRIBUTE: self.segments.attribute(), TAGS: self.tags.attribute()}
            held = self._listed = (stamp, made)
        return held[1]

    def _expected(self) -> dict[str, Attribute]:
        """What a model expects of each customer, where the worker has fitted one: nobody waits for
        a fit, or for its packages where there is none."""
        if not (self.workspace.cache / "predictions").exists():
            return _NOTHING
        return self.predictions.attributes() or _NOTHING

    def status(self) -> dict[str, int]:
        """What the brand holds: see `yutang status`."""
        return status_of(self.workspace, self.orders, self.imports)

    def saved_mapping(self, preset: str) -> dict[str, Any] | None:
        """The brand's own mapping of that name; None for a built-in preset or an unknown name."""
        found = (one for one in self.presets.list_() if one.name == preset)
        return next((dict(one.mapping) for one in found), None) if preset else None

    def is_fresh(self) -> bool:
        """Do the caches stand at the newest facts, and by the rules in force?"""
        at_newest = made_version(self.workspace.cache) == self.facts.version()
        return at_newest and self.customers.is_by_the_rule()

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
        return Customers(
            self.workspace, self.identities, self.orders, self._bare_shards, lambda: self.tags
        )

    @cached_property
    def tags(self) -> Tags:
        return Tags(self.workspace, self.identities)

    @cached_property
    def tag_rules(self) -> Computed:
        return Computed(
            self.tags, self.shards, lambda: self.customers.alive(), lambda: self.measure.today()
        )

    @cached_property
    def tag_events(self) -> FromEvents:
        return FromEvents(self.workspace, self.tags, self._bare_shards)

    @cached_property
    def tag_files(self) -> Files:
        return Files(
            self.workspace, self.identities, self.tags,
            lambda: self.customers.snapshot().people.alive,
        )  # fmt: skip

    @cached_property
    def tag_quality(self) -> Judging:
        customers = self.customers
        return Judging(
            self.workspace, self.identities, self.tags, customers.contacts,
            customers.buyers_by_category, self.tag_rules.people,
            lambda: (customers.snapshot().as_of, customers.snapshot().made_at),
        )  # fmt: skip

    @cached_property
    def measure(self) -> Measure:
        return Measure(self.workspace, self.customers, self.shops, self._red_groups)

    @cached_property
    def predictions(self) -> Predictions:
        from yutang.predictions import Predictions

        return Predictions(
            self.workspace, self.customers, lambda: self.consents.people("profiling", WITHDRAWN)
        )

    @cached_property
    def lifecycle(self) -> Lifecycle:
        return Lifecycle(self.workspace, self.customers)

    @cached_property
    def groups(self) -> Groups:
        from yutang.groups import Groups

        return Groups(self.workspace, self.identities, self.customers)

    @cached_property
    def portraits(self) -> Portraits:
        from yutang.portrait import Parts, Portraits

        return Portraits(
            self.workspace,
            Parts(
                self.customers, self.attributes, self.tags, self.consents, self.follow_ups,
                self.segments, self.lifecycle, self.products, self.shards,
            ),
        )  # fmt: skip

    @cached_property
    def products(self) -> Products:
        from yutang.products import Products

        return Products(self.workspace, self.orders, self.customers)

    @cached_property
    def segments(self) -> Segments:
        return Segments(
            self.workspace, self.identities, lambda: self.customers, self.shards,
            lambda name, *period: self.measure.people_of(name, *period), self._moved,
            tagged=self.tags.people, consenting=self.consents.people,
            others={
                "lifecycle": lambda origin: self.lifecycle.people(origin),
                "matrix": lambda origin: self.lifecycle.people(origin),
                "products": lambda origin: self.products.people(origin),
                "group": self._in_groups,
            },
        )  # fmt: skip

    @cached_property
    def living(self) -> Living:
        return Living(self.workspace, self.segments)

    def _in_groups(self, origin: Mapping[str, Any]) -> BitMap:
        """A list of people of a group ("" = of any) in a period."""
        days = {end: date.fromisoformat(origin[end]) for end in ("first", "last")}
        period = str(origin["period"])
        asked = self.measure.period(period, **(days if period == "custom" else {}))
        return self.groups.people(str(origin["group"]), str(origin["who"]), asked.first, asked.last)

    def _red_groups(self) -> list[RedGroup]:
        found = [(one, one.health.open) for one in self.groups.red()]
        return [RedGroup(one.key, one.title, open_[0].title) for one, open_ in found if open_]

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
            "groups": lambda: self.groups.made().version,
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
