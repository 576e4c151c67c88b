"""Names that strict mode set aside, and those that it would have: let in or blocked together with
everything that waits under them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import case, func, select

from yutang.catalog.properties import PROJECTED
from yutang.errors import BadInput
from yutang.ingest.dictionary import EventName, Property
from yutang.ingest.events import type_of
from yutang.ingest.quarantine import Quarantine
from yutang.ingest.repair import ValueRepairs
from yutang.ingest.stream.replay import StreamReplays
from yutang.ingest.word_rules import DictionaryRules
from yutang.ingest.word_volumes import WordVolumes
from yutang.ingest.words import Dictionary
from yutang.kit.clock import DAY_MS
from yutang.state.brand import quarantine
from yutang.workspace import Workspace

REASON = "not_in_dictionary"
Kind = Literal["event", "property"]
SAMPLES = 3
PREVIEW_DAYS = 30


@dataclass(frozen=True)
class WaitingName:
    """An event or property that the dictionary does not hold. type: what its values look like (of
    a property); rows: records or values that wait; times UTC ms."""

    kind: Kind
    name: str
    type: str
    rows: int
    samples: tuple[str, ...]
    first_at: int
    last_at: int


@dataclass(frozen=True)
class NewName:
    """A name that came by itself: strict mode would have set it aside. volume: 30 days."""

    kind: Kind
    name: str
    volume: int
    first_seen_at: int


class WaitingWords:
    """Names of one brand that wait to be let in."""

    def __init__(
        self,
        workspace: Workspace,
        words: Dictionary,
        rules: DictionaryRules,
        volumes: WordVolumes,
        quarantine_: Quarantine,
        replays: StreamReplays,
        repairs: ValueRepairs,
    ) -> None:
        self._workspace = workspace
        self._words = words
        self._rules = rules
        self._volumes = volumes
        self._quarantine = quarantine_
        self._replays = replays
        self._repairs = repairs

    def list_(self) -> list[WaitingName]:
        """What waits, most rows first."""
        is_event = quarantine.c.record.is_not(None)
        name = case((is_event, quarantine.c.value), else_=quarantine.c.column)
        n = func.count()
        at = quarantine.c.at
        query = (
            select(is_event, name, n, func.min(at), func.max(at))
            .where(quarantine.c.reason == REASON, quarantine.c.status == "open", name.is_not(None))
            .group_by(is_event, name)
            .order_by(n.desc(), name)
        )
        with self._workspace.db.read() as connection:
            rows = connection.execute(query).all()
        samples = self._samples() if any(not whole for whole, *_ in rows) else {}
        return [
            WaitingName(
                kind="event" if whole else "property",
                name=str(name),
                type="" if whole else _type(samples.get(str(name), ())),
                rows=int(rows_),
                samples=() if whole else samples.get(str(name), ())[:SAMPLES],
                first_at=int(first),
                last_at=int(last),
            )
            for whole, name, rows_, first, last in rows
        ]

    def count(self) -> int:
        """How many names wait."""
        is_event = quarantine.c.record.is_not(None)
        name = case((is_event, quarantine.c.value), else_=quarantine.c.column)
        names = (
            select(is_event, name)
            .where(quarantine.c.reason == REASON, quarantine.c.status == "open", name.is_not(None))
            .distinct()
            .subquery()
        )
        with self._workspace.db.read() as connection:
            return int(connection.execute(select(func.count()).select_from(names)).scalar_one())

    def preview(self) -> list[NewName]:
        """Names that came by themselves in the last 30 days, most frequent first: had strict mode
        been on, they would have been set aside."""
        since = self._workspace.now() - PREVIEW_DAYS * DAY_MS
        volumes = self._volumes.look()
        found: list[NewName] = []
        for event in self._words.names():
            volume = sum(volumes.of_event(event.name))
            if volume and _is_new(event, since):
                found.append(NewName("event", event.name, volume, event.first_seen_at))
        made = {one.name for one in PROJECTED}
        for one in self._words.properties():
            volume = sum(volumes.of_property(one.field))
            if volume and one.name not in made and _is_new(one, since):
                found.append(NewName("property", one.name, volume, one.first_seen_at))
        return sorted(found, key=lambda one: (-one.volume, one.kind, one.name))

    def allow(self, kind: Kind, name: str, *, by: str, type_: str = "") -> int:
        """Let a name in, and ask for what waits under it to be taken: the number of rows. The type
        of a property is `type_`, else what its values look like. Raises BadInput."""
        if kind == "event":
            self._rules.add_event(name)
            return self._replays.replay_all(reason=REASON, column="event", value=name, by=by)
        self._rules.add_property(name, type_ or self._type_of(name))
        return self._repairs.ask_all(name, by=by)

    def block(self, kind: Kind, name: str, *, by: str) -> int:
        """Block a name, and dismiss what waits under it: the number of rows."""
        if kind == "event":
            self._rules.block_event(name)
            return self._quarantine.dismiss_all(
                reason=REASON, column="event", value=name, what="record", by=by
            )
        self._rules.add_property(name, self._type_of(name))
        self._rules.block_property(name)
        return self._quarantine.dismiss_all(reason=REASON, column=name, what="value", by=by)

    def _type_of(self, name: str) -> str:
        found = _type(self._samples().get(name, ()))
        if not found:
            raise BadInput("Nothing waits under the name “%(name)s”.", name=name)
        return found

    def _samples(self) -> dict[str, tuple[str, ...]]:
        """A few values by property, as JSON."""
        groups = self._quarantine.groups()
        return {
            str(one.column): one.samples
            for one in groups
            if one.reason == REASON and one.what == "value" and one.column
        }


def _is_new(one: EventName | Property, since: int) -> bool:
    taken = one.status != "blocked" and not one.name.startswith("$")
    return taken and one.first_seen_at >= since


def _type(samples: Iterable[str]) -> str:
    """The type that most of the values have; a text where one is no whole JSON."""
    found: list[str] = []
    for text in samples:
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        found.append(type_of([value]) or "string")
    return max(sorted(set(found)), key=found.count, default="")
