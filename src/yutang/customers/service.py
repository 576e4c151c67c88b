"""Customers of one brand: lists, portraits, timelines, search; the worker refreshes the cache."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator

import numpy as np
from pyroaring import BitMap

from yutang.commerce import OrderBook
from yutang.customers import lifecycle_rule, repository, views
from yutang.customers.build import identified, make_snapshot
from yutang.customers.from_orders import buyers_by_category
from yutang.customers.intervals import SOURCES
from yutang.customers.lifecycle_rule import LifecycleRule, RuleVersion
from yutang.customers.portrait import Portrait, make_portrait
from yutang.customers.query import (
    CustomerPage,
    CustomerQuery,
    CustomerRow,
    matching,
    parse_search,
    rows_of,
    sorted_page,
)
from yutang.customers.rules import ROLES, STAGES
from yutang.customers.snapshot import Snapshot, SnapshotReader, write_snapshot
from yutang.customers.timeline import Timeline, make_timeline
from yutang.errors import BadInput, NotFound
from yutang.identity import Identities
from yutang.kit.clock import DAY_MS
from yutang.sequence.shard import ShardSet
from yutang.sequence.source import NO_TIME, Attribute
from yutang.tags import Contacts, Tags
from yutang.workspace import Workspace

MOST_FOUND = 10_000  # identities one search text may match; a tail of five million has ~500
EXPORT_PART = 500


class Customers:
    """Customers of one brand. `shards` gives the analysis cache and raises NotFound before it
    has been built; `tags` finds those with a tag."""

    def __init__(
        self,
        workspace: Workspace,
        identities: Identities,
        orders: OrderBook,
        shards: Callable[[], ShardSet],
        tags: Callable[[], Tags] | None = None,
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._orders = orders
        self._shards = shards
        self._tags = tags
        self._reader = SnapshotReader(workspace.cache / "customers")
        self._lock = threading.Lock()
        self._attributes: tuple[Snapshot | None, dict[str, Attribute]] = (None, {})

    # --- the cache ---------------------------------------------------------------------------
    def snapshot(self) -> Snapshot:
        """The arrays the worker made last."""
        return self._reader.get()

    def refresh(self, *, whole: bool = False) -> Snapshot:
        """Make the arrays of the newest orders and shards (the writer only).

        `whole` makes them again even when they are new, and leaves no older ones on disk.
        """
        book, shards = self._orders.current(), self._find_shards()
        if not whole:  # (a rebuild must not read what may be torn)
            last = self.snapshot()
            same = last.version == book.version and last.has_events == (shards is not None)
            if same and last.rule.version == self.rule().version:
                return last
        with self._workspace.db.read() as connection:
            rule = lifecycle_rule.in_force(connection)
            known = identified(*self._identities.owners.customers_and_kinds(connection))
            made = make_snapshot(
                connection,
                known,
                book,
                shards,
                zone=self._workspace.zone,
                now=self._workspace.now(),
                rule=rule,
            )
        write_snapshot(self._workspace.cache / "customers", made, whole=whole)
        with self._workspace.db.write() as connection:
            lifecycle_rule.note_made(connection, rule)
        return self.snapshot()

    # --- the rule of stages and views --------------------------------------------------------
    def rule(self) -> RuleVersion:
        """The rule in force; the snapshot names the one its arrays were made by."""
        with self._workspace.db.read() as connection:
            return lifecycle_rule.in_force(connection)

    def rule_versions(self) -> list[RuleVersion]:
        """All versions of the rule, newest first."""
        with self._workspace.db.read() as connection:
            return lifecycle_rule.versions(connection)

    def set_rule(self, rule: LifecycleRule, *, by: str, note: str = "") -> RuleVersion:
        """Put a rule in force; the worker makes the arrays anew. Raises BadInput."""
        with self._workspace.db.write() as connection:
            return lifecycle_rule.add_version(
                connection, rule, by=by, at=self._workspace.now(), note=note
            )

    def is_by_the_rule(self) -> bool:
        """Were the arrays made by the rule in force?"""
        return self.snapshot().rule.version == self.rule().version

    # --- lists -------------------------------------------------------------------------------
    def list_(self, query: CustomerQuery) -> CustomerPage:
        """One page, with count and total value of everything the filter lets through.

        Raises BadInput for an unknown stage, role, domain or column.
        """
        snapshot = self.snapshot()
        ids = matching(snapshot, query, self._found(query))
        page, size = max(1, query.page), max(1, query.size)
        shown_ids = sorted_page(snapshot, ids, query.sort, offset=(page - 1) * size, size=size)
        with self._workspace.db.read() as connection:
            shown = repository.shown_of(connection, shown_ids.tolist())
        return CustomerPage(
            rows=tuple(rows_of(snapshot, shown_ids.tolist(), shown)),
            total=len(ids),
            value_fen=int(snapshot.people.net_fen[ids].sum()),
            page=page,
            size=size,
            facts_version=snapshot.version,
        )

    def people(self, query: CustomerQuery) -> BitMap:
        """Everybody the filter lets through."""
        return BitMap(matching(self.snapshot(), query, self._found(query)))

    def export(self, query: CustomerQuery) -> Iterator[CustomerRow]:
        """All rows of a list in its order, read part by part."""
        snapshot = self.snapshot()
        ids = matching(snapshot, query, self._found(query))
        ordered = sorted_page(snapshot, ids, query.sort, offset=0, size=len(ids))
        for start in range(0, len(ordered), EXPORT_PART):
            part = ordered[start : start + EXPORT_PART].tolist()
            with self._workspace.db.read() as connection:
                shown = repository.shown_of(connection, part)
            yield from rows_of(snapshot, part, shown)

    def search(self, text: str, limit: int = 8) -> list[CustomerRow]:
        """Customers for the global search box; a text that asks for nothing finds nobody."""
        try:
            if parse_search(text).empty:
                return []
            return list(self.list_(CustomerQuery(search=text, size=limit)).rows)
        except BadInput:  # half a word such as "stage:" while somebody is typing
            return []

    def choices(self) -> dict[str, list[str]]:
        """Values the filters offer: platforms, shops, sources, channels."""
        words = self.snapshot().words
        return {
            name: sorted(words.get(name, [])) for name in ("platform", "shop", "source", "channel")
        }

    # --- one customer ------------------------------------------------------------------------
    def get(self, customer: int, *, evidence: bool = True) -> Portrait:
        """The portrait; a merged customer is followed to the survivor. Raises NotFound.

        evidence: also why his identities are one person.
        """
        with self._workspace.db.read() as connection:
            survivor = repository.survivor_of(connection, customer)
        if survivor is None:
            raise NotFound("There is no customer %(id)s.", id=customer)
        return make_portrait(
            self.snapshot(),
            self._orders.current(),
            survivor,
            asked=customer,
            why=self._identities.why(survivor, evidence=evidence),
        )

    def timeline(
        self, customer: int, *, groups: Collection[str] = (), before: str = "", limit: int = 50
    ) -> Timeline:
        """A page of what happened, newest first; `before` is the cursor the last page gave."""
        return make_timeline(
            self._orders.current(),
            self._find_shards(),
            customer,
            zone=self._workspace.zone,
            groups=groups,
            before=before,
            limit=limit,
        )

    # --- for others --------------------------------------------------------------------------
    def contacts(self) -> Contacts:
        """Live contacts of guides."""
        snapshot = self.snapshot()
        ties = snapshot.ties
        rows = np.flatnonzero((ties.kind == 0) & (ties.end == len(ties)) & (ties.key >= 0))
        who = ties.customer[rows]
        rows = rows[snapshot.people.alive[who]] if len(who) else rows
        return Contacts(
            ties.customer[rows], ties.key[rows], ties.time[rows], snapshot.words.get("guide", [])
        )

    def buyers_by_category(self) -> dict[str, BitMap]:
        """Category → customers who bought something of it."""
        return buyers_by_category(self._orders.current())

    def alive(self) -> np.ndarray:
        """Ids (uint32) of everybody who is neither merged nor erased."""
        return np.flatnonzero(self.snapshot().people.alive).astype(np.uint32)

    def everybody(self) -> BitMap:
        """The same as a set."""
        return BitMap(self.alive())

    # --- for the analysis --------------------------------------------------------------------
    def attributes(self) -> dict[str, Attribute]:
        """Customer attributes by which any analysis can filter and group; the same objects until
        the snapshot is made again."""
        snapshot = self.snapshot()
        with self._lock:
            if self._attributes[0] is not snapshot:
                self._attributes = (snapshot, _attributes_of(snapshot))
            return self._attributes[1]

    # --- inside ------------------------------------------------------------------------------
    def _with_tag(self, name: str) -> BitMap:
        if self._tags is None:
            return BitMap()
        shelf = self._tags().now()
        try:
            return shelf.people(shelf.find(name).id)
        except NotFound as error:
            raise BadInput("There is no tag “%(name)s”.", name=name[:80]) from error

    def _find_shards(self) -> ShardSet | None:
        try:
            return self._shards()
        except NotFound:
            return None

    def _found(self, query: CustomerQuery) -> BitMap | None:
        """What the search text finds among identities and tags; None where it asks for none."""
        search = parse_search(query.search)
        found: BitMap | None = None
        for tag in (*search.tags, *([query.tag] if query.tag else [])):
            people = self._with_tag(tag)
            found = people if found is None else found & people
        if not search.tails and not search.values:
            return found
        with self._workspace.db.read() as connection:
            for tail in search.tails:
                ids = BitMap(repository.with_tail(connection, tail, MOST_FOUND))
                found = ids if found is None else found & ids
            for value in search.values:
                ids = BitMap(
                    repository.with_value(connection, value, self._workspace.keyed_hash, MOST_FOUND)
                )
                if len(value) == 4 and value.isascii() and value.isdigit():
                    ids |= BitMap(repository.with_tail(connection, value, MOST_FOUND))
                if len(value) < 10 and value.isascii() and value.isdigit():
                    ids.add(int(value))  # the customer's own number, typed without its "#"
                found = ids if found is None else found & ids
        return found


def _attributes_of(snapshot: Snapshot) -> dict[str, Attribute]:
    people, words = snapshot.people, snapshot.words

    def coded(values: np.ndarray, texts: list[str]) -> Attribute:
        return Attribute("string", values.astype(np.int32), texts)

    def number(values: np.ndarray, scale: float = 1.0) -> Attribute:
        return Attribute("number", values.astype(np.float64) / scale)

    def some(values: np.ndarray, there: np.ndarray) -> Attribute:
        return Attribute("number", np.where(there, values.astype(np.float64), np.nan))

    def time(values: np.ndarray) -> Attribute:
        return Attribute("time", np.where(values > 0, values, NO_TIME))

    bought = people.orders > 0
    return {
        "stage": coded(people.stage, list(STAGES)),
        "role": coded(people.role, list(ROLES)),
        "member": Attribute("bool", people.member.astype(np.int8)),
        "orders": number(people.orders),
        "paid": number(people.paid_fen, 100.0),
        "first_order_at": time(people.first_order_at),
        "last_order_at": time(people.last_order_at),
        "first_seen_at": time(people.first_seen_at),
        "first_source": coded(people.source, words.get("source", [])),
        "first_channel": coded(people.channel, words.get("channel", [])),
        "last_category": coded(people.category, words.get("category", [])),
        "interval_days": some(people.interval_days, bought),
        "interval_source": coded(people.interval_source, list(SOURCES)),
        "days_since_last": some((snapshot.as_of - people.last_order_at) // DAY_MS, bought),
        "nes": coded(people.nes, list(views.NES)),
        "aipl": coded(people.aipl, list(views.AIPL)),
        "five_a": coded(people.five_a, list(views.FIVE_A)),
        "value_tier": coded(people.value_tier, list(views.TIERS)),
        "fatigue": coded(people.fatigue, list(views.FATIGUES)),
        "received_30d": number(people.received),
        "last_interaction_at": time(people.last_interaction_at),
    }
