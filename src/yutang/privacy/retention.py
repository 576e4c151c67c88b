"""Retention: events, quarantined rows and audit rows go when their time is over.

The worker applies it once a day (`due`, `apply`). Orders are business records and are never
touched. Removed events are gone from every older version of the lake, too; what was learned from
them about who is who stays, since it is evidence of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, update

from yutang.errors import BadInput, NotFound
from yutang.identity import Identities, device_hands
from yutang.ingest import Planned, carry_out, next_version, plan, planned, recount
from yutang.kit import clock
from yutang.lake import Predicate, arrow_of, below, one_of
from yutang.privacy.retention_rules import LONGEST, RetentionRule, first_kept_day, rule_for
from yutang.staff import BrandAudit
from yutang.state.brand import audit_log, meta, quarantine, retention_rules
from yutang.workspace import Workspace

KIND = "retention"  # of commits, and the beginning of their journal's name
NEXT_AT = "retention_next_at"  # in `meta`: UTC ms from which on it is due
HOUR = 3  # of the brand's night at which it runs
MOST_GROUPS = 100  # of one delete's predicate: one for each source and age
Volume = tuple[str, str, str, int]  # event, source, business day, events


@dataclass(frozen=True)
class Kept:
    """A store with one age for all its rows. The audit log is evidence: by the Cybersecurity Law
    (art. 21) logs live six months at least."""

    name: str
    default_days: int
    least_days: int


STORES = {
    "quarantine": Kept("quarantine", 180, 1),
    "audit": Kept("audit", 1_095, 180),
}


@dataclass(frozen=True)
class RuleEffect:
    """What a rule would remove today: events, and the first day that stays (None: for ever)."""

    rule: RetentionRule
    events: int
    first_kept_day: str | None


@dataclass(frozen=True)
class Removed:
    """What one run removed: events by rule (event, source), rows of the other stores."""

    events: dict[tuple[str, str], int]
    rows: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.events.values())


@dataclass(frozen=True)
class _Run:
    """One removal of events: by which rules, as of which business day, how many by each rule.
    It is written down before anything goes, and finished as it was written down."""

    journal: str
    version: int  # facts of this version or later are none of its business
    today: str
    by: str
    rules: list[RetentionRule]
    counts: dict[tuple[str, str], int]

    def detail(self) -> dict[str, Any]:
        """What the audit log says of it."""
        told = [{"event": event, "source": source, "events": n}
                for (event, source), n in sorted(self.counts.items()) if n]  # fmt: skip
        return {"by_rule": told, "events": sum(self.counts.values())}

    def to_note(self) -> dict[str, Any]:
        rules = [[one.event, one.source, one.days] for one in self.rules]
        return {"today": self.today, "by": self.by, "rules": rules, **self.detail()}

    @classmethod
    def from_note(cls, found: Planned) -> _Run:
        """A run of before notes were written has an empty one: what is left of it is a new run."""
        note = found.note
        return cls(
            found.journal,
            found.version,
            note.get("today", ""),
            note.get("by", "worker"),
            [RetentionRule(*one) for one in note.get("rules", ())],
            {(one["event"], one["source"]): one["events"] for one in note.get("by_rule", ())},
        )


class Retention:
    """Retention of one brand."""

    def __init__(self, workspace: Workspace, identities: Identities, audit: BrandAudit) -> None:
        self._workspace = workspace
        self._identities = identities
        self._audit = audit

    # --- rules -------------------------------------------------------------------------------
    def rules(self) -> list[RetentionRule]:
        """The narrowest first, in the order in which they are asked."""
        query = select(*(retention_rules.c[name] for name in RetentionRule.__dataclass_fields__))
        with self._workspace.db.read() as connection:
            found = [RetentionRule(*row) for row in connection.execute(query)]
        return sorted(found, key=lambda one: (-one.specific, one.event, one.source))

    def set_(self, event: str, source: str, days: int, *, by: str) -> RetentionRule:
        """Make or change a rule. Raises BadInput."""
        if not 0 <= days <= LONGEST:
            raise BadInput("Keep events for 1 to %(most)d days, or 0 for ever.", most=LONGEST)
        one = RetentionRule(event.strip(), source.strip(), days, by, self._workspace.now())
        with self._workspace.db.write() as connection:
            connection.execute(delete(retention_rules).where(_same(one.event, one.source)))
            connection.execute(insert(retention_rules).values(**vars(one)))
        return one

    def remove(self, event: str, source: str) -> None:
        """Raises NotFound."""
        with self._workspace.db.write() as connection:
            gone = connection.execute(delete(retention_rules).where(_same(event, source)))
            if not gone.rowcount:
                raise NotFound("There is no such rule.")

    def days_of(self, store: str) -> int:
        """How long rows of the quarantine or the audit log are kept; 0 = for ever."""
        with self._workspace.db.read() as connection:
            return _days_of(connection, store)

    def keep(self, store: str, days: int) -> None:
        """Keep rows of the quarantine or the audit log for so long. Raises BadInput."""
        known = STORES.get(store)
        if known is None:
            raise BadInput("There is no store “%(name)s”.", name=store)
        if days and not known.least_days <= days <= LONGEST:
            raise BadInput(
                "Keep these rows for %(least)d to %(most)d days, or 0 for ever.",
                least=known.least_days,
                most=LONGEST,
            )
        with self._workspace.db.write() as connection:
            _set_meta(connection, f"keep_{store}_days", str(days))

    # --- looking -----------------------------------------------------------------------------
    def preview(self, now: int | None = None) -> list[RuleEffect]:
        """Each rule with the events that it would remove now."""
        rules, today = self.rules(), self._today(now)
        counts = _counts(rules, today, self._volumes() if rules else [])
        return [
            RuleEffect(one, counts[one.event, one.source], first_kept_day(one, today))
            for one in rules
        ]

    def choices(self) -> tuple[list[str], list[str]]:
        """Events and sources that the lake holds."""
        found = self._volumes()
        return sorted({one[0] for one in found}), sorted({one[1] for one in found})

    def due(self, now: int) -> bool:
        """Is it time? (Once a night.)"""
        with self._workspace.db.read() as connection:
            return now >= _next_at(connection)

    def ask(self) -> None:
        """Let the worker apply it at once."""
        with self._workspace.db.write() as connection:
            _set_meta(connection, NEXT_AT, "0")

    # --- the writer --------------------------------------------------------------------------
    def apply(self, now: int, *, by: str = "worker") -> Removed:
        """Remove what is over its time; the caller holds the writer lock. Safe to repeat.

        A run that died is finished first as it was planned, so that the audit log tells all of it.
        """
        events: Counter[tuple[str, str]] = Counter()
        for find in (self._half_done, lambda: self._planned(now, by)):
            with self._workspace.settled():
                run = find()
                if run is not None:
                    self._remove_events(run)
                    events.update(run.counts)
        with self._workspace.db.write() as connection:
            rows = {name: self._remove_rows(connection, name, now) for name in STORES}
            if any(rows.values()):
                self._audit.record_in(
                    connection, by, "retention.applied", self._today(now), dict(rows)
                )
            _set_meta(connection, NEXT_AT, str(self._next_night(now)))
        return Removed(dict(events), rows)

    def _half_done(self) -> _Run | None:
        with self._workspace.db.read() as connection:
            found = planned(connection, KIND)
        return None if found is None else _Run.from_note(found)

    def _planned(self, now: int, by: str) -> _Run | None:
        """A new run, written down with everybody whose events go; None where none do."""
        rules, today = self.rules(), self._today(now)
        volumes = self._volumes() if rules else []
        counts = _counts(rules, today, volumes)
        if not counts.total():
            return None
        with self._workspace.db.read() as connection:
            version = next_version(connection, self._workspace)
        run = _Run(f"{KIND}:{version}", version, today, by, rules, dict(counts))
        predicates = list(_predicates(run, volumes))
        plan(self._workspace, KIND, run.journal, lambda: self._touched(predicates), run.to_note())
        return run

    def _remove_events(self, run: _Run) -> None:
        """Remove the events of a run from every version of the lake, then make it known: a new
        facts version with everybody whose events went, and the audit log's row."""
        lake = self._workspace.lake
        for one in _predicates(run, self._volumes()):
            lake.delete_where("events", one)
        lake.vacuum("events")
        with self._workspace.db.write() as connection:
            recount(connection, lake)
            carry_out(connection, self._workspace, KIND, run.journal, ())
            if run.counts:
                self._audit.record_in(
                    connection, run.by, "retention.applied", run.today, run.detail()
                )

    def _touched(self, predicates: list[Predicate]) -> set[int]:
        """Customers whose events go."""
        dataset = self._workspace.lake.dataset("events")
        if dataset is None:
            return set()
        found = [np.zeros(0, np.int64)]
        for one in predicates:
            batches = dataset.to_batches(columns=["identity"], filter=arrow_of(one))
            found += [np.unique(np.asarray(batch.column("identity"))) for batch in batches]
        ids = np.unique(np.concatenate(found)).tolist()
        with self._workspace.db.read() as connection:
            hands = device_hands(connection, ids)
            owners = {owner for later in hands.values() for _, owner in later}
            return self._identities.customers_of(connection, np.array([*ids, *owners], np.int64))

    def _volumes(self) -> list[Volume]:
        dataset = self._workspace.lake.dataset("events")
        if dataset is None:
            return []
        with duckdb.connect() as db:
            db.register("events", dataset)
            query = "SELECT event, source, day, count(*) FROM events GROUP BY ALL ORDER BY ALL"
            return [(event, source, day, int(n)) for event, source, day, n in
                    db.execute(query).fetchall()]  # fmt: skip

    def _remove_rows(self, connection: Connection, store: str, now: int) -> int:
        days = _days_of(connection, store)
        if not days:
            return 0
        before = now - days * clock.DAY_MS
        if store == "audit":
            query = delete(audit_log).where(audit_log.c.at < before)
        else:
            settled = quarantine.c.status != "repairing"
            query = delete(quarantine).where(quarantine.c.at < before, settled)
        return int(connection.execute(query).rowcount)

    def _today(self, now: int | None) -> str:
        return clock.iso_day(self._workspace.now() if now is None else now, self._workspace.zone)

    def _next_night(self, now: int) -> int:
        tomorrow = date.fromisoformat(self._today(now)) + timedelta(days=1)
        return clock.start_of_day(tomorrow, self._workspace.zone) + HOUR * 3_600_000


def _counts(
    rules: list[RetentionRule], today: str, volumes: list[Volume]
) -> Counter[tuple[str, str]]:
    """Events that go, by the rule (event, source) that decides about them."""
    counts: Counter[tuple[str, str]] = Counter()
    for event, source, day, n in volumes:
        rule = rule_for(rules, event, source)
        first = first_kept_day(rule, today)
        if rule is not None and first is not None and day < first:
            counts[rule.event, rule.source] += n
    return counts


def _predicates(run: _Run, volumes: list[Volume]) -> Iterator[Predicate]:
    """Which events go, some groups at a time; facts that came after the run was planned stay."""
    names: dict[tuple[str, str], list[str]] = {}
    for event, source in dict.fromkeys(one[:2] for one in volumes):
        first = first_kept_day(rule_for(run.rules, event, source), run.today)
        if first is not None:
            names.setdefault((first, source), []).append(event)
    groups = [
        [
            below("day", first),
            one_of("source", [source]),
            one_of("event", events),
            below("commit_id", run.version),
        ]
        for (first, source), events in names.items()
    ]
    for start in range(0, len(groups), MOST_GROUPS):
        yield groups[start : start + MOST_GROUPS]


def _same(event: str, source: str):  # type: ignore[no-untyped-def]
    return (retention_rules.c.event == event) & (retention_rules.c.source == source)


def _days_of(connection: Connection, store: str) -> int:
    query = select(meta.c.value).where(meta.c.key == f"keep_{store}_days")
    value = connection.execute(query).scalar()
    return STORES[store].default_days if value is None else int(value)


def _next_at(connection: Connection) -> int:
    query = select(meta.c.value).where(meta.c.key == NEXT_AT)
    return int(connection.execute(query).scalar() or 0)


def _set_meta(connection: Connection, key: str, value: str) -> None:
    mine = meta.c.key == key
    if connection.execute(select(func.count()).where(mine)).scalar():
        connection.execute(update(meta).where(mine).values(value=value))
    else:
        connection.execute(insert(meta).values(key=key, value=value))
