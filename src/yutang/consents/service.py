"""Words of consent, stored in the state and told by trackers, and what they come to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection, delete, insert, select, update

from yutang.consents.rules import GIVEN, WITHDRAWN, checked, latest
from yutang.errors import BadInput, NotFound
from yutang.identity import Identities, numbers_of
from yutang.ingest import get_meta, note_due, set_meta
from yutang.kit.bitmaps import opened, packed
from yutang.sequence import ShardSet
from yutang.sequence.matching import find_codes
from yutang.sequence.view import View, view_of
from yutang.state.brand import consent_changes
from yutang.workspace import Workspace

EPOCH = "consents_epoch"
EVENTS = {"consent_given": GIVEN, "consent_withdrawn": WITHDRAWN}
TRACKED = "tracker"  # the source of words that came as events


# (words, customers, codes of words, times, orders, 1 = given): arrays int64 of one length
_Words = tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Said:
    """One word about one person: purpose, state given | withdrawn, UTC ms, who, how, why."""

    purpose: str
    state: str
    at: int
    source: str
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Consent(Said):
    """The word that counts, and how many were said of that purpose."""

    said: int = 1


@dataclass(frozen=True)
class _Held:
    stamp: tuple[object, ...]
    people: dict[tuple[str, str], BitMap]


class Consents:
    """Consents of one brand. shards: the analysis cache, or NotFound while there is none."""

    def __init__(
        self, workspace: Workspace, identities: Identities, shards: Callable[[], ShardSet]
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._shards = shards
        self._lock = threading.Lock()
        self._held = _Held((), {})

    # --- asking ------------------------------------------------------------------------------
    def people(self, purpose: str, state: str) -> BitMap:
        """Who gave, or withdrew, that consent: today's customer numbers. Do not change it."""
        return self._now().people.get((purpose, state), BitMap())

    def counts(self) -> dict[str, dict[str, int]]:
        """Purpose → state → people."""
        found: dict[str, dict[str, int]] = {}
        for (purpose, state), people in sorted(self._now().people.items()):
            found.setdefault(purpose, {})[state] = len(people)
        return found

    def of_customer(self, customer: int) -> list[Consent]:
        """The word that counts of each purpose, by purpose."""
        latest_: dict[str, Consent] = {}
        for one in reversed(self.history(customer)):
            said = latest_[one.purpose].said + 1 if one.purpose in latest_ else 1
            latest_[one.purpose] = Consent(**vars(one), said=said)
        return [latest_[purpose] for purpose in sorted(latest_)]

    def history(self, customer: int) -> list[Said]:
        """All that was said of one person, newest first."""
        with self._workspace.db.read() as connection:
            stored = words_about(connection, numbers_of(connection, customer))
        found = [(one.at, 1, order, one) for order, one in enumerate(stored)]
        for order, (purpose, state, at) in enumerate(self._told_of(customer)):
            found.append((at, 0, order, Said(purpose, state, at, TRACKED)))
        return [one[3] for one in sorted(found, key=lambda one: one[:3], reverse=True)]

    # --- saying ------------------------------------------------------------------------------
    def say(
        self,
        people: BitMap,
        purpose: str,
        state: str,
        *,
        source: str,
        by: str,
        note: str = "",
        at: int | None = None,
    ) -> int:
        """Write down what these people said; the number of them. at: when they said it (now).

        Raises BadInput for nobody, an unknown state, a time to come.
        """
        purpose, state, note = checked(purpose, state, note)
        now = self._workspace.now()
        if at is not None and at > now:
            raise BadInput("A consent cannot be given in the future.")
        if not people:
            raise BadInput("Nobody is in it.", hint="Choose at least one customer.")
        one = people.min() if len(people) == 1 else None
        with self._workspace.db.write() as connection:
            connection.execute(
                insert(consent_changes).values(
                    purpose=purpose, state=state, customer=one,
                    people=None if one is not None else packed(people), size=len(people),
                    at=now if at is None else at, source=source, by=by, note=note,
                )
            )  # fmt: skip
            _next_epoch(connection)
        return len(people)

    # --- inside ------------------------------------------------------------------------------
    def _now(self) -> _Held:
        shards = self._find_shards()
        with self._workspace.db.read() as connection:
            stamp = (
                *self._identities.survivors.stamp(connection, EPOCH),
                shards.facts_version if shards else 0,
            )
            with self._lock:
                if self._held.stamp == stamp:
                    return self._held
            stored = self._stored(connection)
        told = self._told(shards)
        words = sorted({word for words, *_ in (stored, told) for word in words})
        parts = [_coded(part, words, after) for after, part in enumerate((told, stored))]
        customer, purpose, time, order, given = (
            np.concatenate([part[i] for part in parts]) for i in range(5)
        )
        rows = latest(customer, purpose, time, order)
        people = {}
        for code, word in enumerate(words):
            for state, flag in ((GIVEN, 1), (WITHDRAWN, 0)):
                fits = rows[(purpose[rows] == code) & (given[rows] == flag)]
                people[word, state] = BitMap(customer[fits].astype(np.uint32))
        held = _Held(stamp, people)
        with self._lock:
            self._held = held
        return held

    def _stored(self, connection: Connection) -> _Words:
        """Words in the state, by today's customer numbers."""
        c = consent_changes.c
        query = select(c.id, c.purpose, c.state, c.customer, c.people, c.at).order_by(c.id)
        follow = self._identities.survivors.follower(connection)
        texts: list[str] = []
        parts: list[tuple[np.ndarray, int, int, int]] = []
        for id_, purpose, state, customer, people, at in connection.execute(query):
            of = follow(opened(people) if customer is None else BitMap([customer]))
            texts.append(purpose)
            ids = np.frombuffer(of.to_array(), np.uint32).astype(np.int64)
            parts.append((ids, at, id_, int(state == GIVEN)))
        sizes = [len(part[0]) for part in parts]
        columns = [np.repeat(np.array([p[i] for p in parts], np.int64), sizes) for i in (1, 2, 3)]
        codes = {word: code for code, word in enumerate(dict.fromkeys(texts))}
        of_part = np.array([codes[text] for text in texts], np.int64)
        customers = np.concatenate([np.empty(0, np.int64), *(part[0] for part in parts)])
        return list(codes), customers, np.repeat(of_part, sizes), columns[0], columns[1], columns[2]

    def _told(self, shards: ShardSet | None) -> _Words:
        """Words that trackers sent."""
        nothing = np.empty(0, np.int64)
        if not _has_words(shards):
            return [], nothing, nothing, nothing, nothing, nothing
        words = shards.dictionary("purpose").to_pylist()
        parts = [_rows_of(shards, view) for view in _views(shards)]
        customer, code, time, order, given = (
            np.concatenate([nothing, *(part[i] for part in parts)]) for i in range(5)
        )
        return words, customer, code, time, order, given

    def _told_of(self, customer: int) -> list[tuple[str, str, int]]:
        """(purpose, state, UTC ms) that trackers sent of one person, in order of time."""
        shards = self._find_shards()
        if not _has_words(shards):
            return []
        words = shards.dictionary("purpose").to_pylist()
        view = view_of(shards, customer)
        if view is None:
            return []
        _, code, time, _, given = _rows_of(shards, view)
        states = (WITHDRAWN, GIVEN)
        return [
            (words[c], states[g], t)
            for c, g, t in zip(code.tolist(), given.tolist(), time.tolist(), strict=True)
        ]

    def _find_shards(self) -> ShardSet | None:
        try:
            return self._shards()
        except NotFound:
            return None


def _has_words(shards: ShardSet | None) -> TypeGuard[ShardSet]:
    column = shards.columns.get("purpose") if shards is not None else None
    return column is not None and column.type == "string"


def _views(shards: ShardSet) -> list[View]:
    return [View(shards, shard, 0, shard.customers.size) for shard in shards.shards]


def _rows_of(shards: ShardSet, view: View) -> tuple[np.ndarray, ...]:
    """customer, purpose code, time, arrival, 1 = given: of the view's words that say a purpose."""
    rows = view.rows_of(find_codes(shards, list(EVENTS)))
    code = view.values_at("purpose", rows).astype(np.int64)
    place = np.searchsorted(view.offsets, rows, side="right") - 1
    keep = code >= 0
    if view.keep.size:
        keep &= view.keep[place]
    rows, place = rows[keep], place[keep]
    given = np.isin(view.code[rows], find_codes(shards, ["consent_given"]))
    return (
        view.customers[place].astype(np.int64),
        code[keep],
        view.time[rows].astype(np.int64),
        view.shard.arrival[rows + view.first_row].astype(np.int64),
        given.astype(np.int64),
    )


def _coded(part: _Words, words: list[str], after: int) -> tuple[np.ndarray, ...]:
    """Codes of one common list of words; of one moment, what was typed here counts last."""
    own, customer, code, time, order, given = part
    if own:
        code = np.array([words.index(word) for word in own], np.int64)[code]
    return customer, code, time, order + (after << 62), given


def _next_epoch(connection: Connection) -> None:
    set_meta(connection, EPOCH, str(int(get_meta(connection, EPOCH) or 0) + 1))
    note_due(connection)


# --- rights of a person --------------------------------------------------------------------------
def words_about(connection: Connection, numbers: Sequence[int]) -> list[Said]:
    """What was written down of these customer numbers, oldest first; trackers' words aside."""
    c, mine = consent_changes.c, BitMap(numbers)
    columns = (c.purpose, c.state, c.at, c.source, c.by, c.note)
    own = select(c.id, *columns).where(c.customer.in_(list(numbers)))
    many = select(c.people, c.id, *columns).where(c.people.is_not(None))
    rows = [tuple(row) for row in connection.execute(own)]
    rows += [
        tuple(row[1:]) for row in connection.execute(many) if not opened(row[0]).isdisjoint(mine)
    ]
    return [Said(*row[1:]) for row in sorted(rows)]


def forget(connection: Connection, numbers: Sequence[int]) -> int:
    """Take these customers out; how many words held one of them."""
    c, mine = consent_changes.c, BitMap(numbers)
    gone = connection.execute(delete(consent_changes).where(c.customer.in_(list(numbers)))).rowcount
    for id_ in connection.execute(select(c.id).where(c.people.is_not(None))).scalars().all():
        raw = connection.execute(select(c.people).where(c.id == id_)).scalar_one()
        people = opened(raw)
        if not people.isdisjoint(mine):
            left = people - mine
            values = {"people": packed(left), "size": len(left)}
            connection.execute(update(consent_changes).where(c.id == id_).values(**values))
            gone += 1
    if gone:
        _next_epoch(connection)
    return int(gone)
