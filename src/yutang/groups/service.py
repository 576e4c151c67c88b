"""Groups of one brand: their health in a period, what is set about them, who is behind a number."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from pyroaring import BitMap

from yutang.customers import Customers
from yutang.errors import BadInput, NotFound
from yutang.groups import checks, people, repository, rules
from yutang.groups import settings as setting
from yutang.groups.arrays import Life, Made, Reader, nothing
from yutang.groups.checks import Facts, Health
from yutang.groups.figures import Figures, figures
from yutang.groups.people import Joiners
from yutang.groups.refreshing import lists_of, refresh
from yutang.groups.repository import Row
from yutang.groups.settings import Settings
from yutang.groups.words import WordLists, clean
from yutang.identity import Identities
from yutang.ingest import get_meta, set_meta
from yutang.workspace import Workspace

PURPOSES: dict[str, tuple[str, str]] = {
    "benefit": ("福利群", "benefits"),
    "activity": ("活动群", "activity"),
    "flash": ("闪群", "flash"),
    "expert": ("专家群", "expert"),
    "service": ("售后群", "service"),
    "other": ("其他", "other"),
}
LONGEST = {"name": 80, "owner": 80, "carries_over_to": 120, "note": 1_000}
KEPT = 8
RECOUNT = "groups_recount"  # in meta while the word lists are newer than the counts
_SETTINGS, _WORDS = "groups_settings", "groups_words"
EPOCH_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class Group:
    """One group. code: its place in the arrays, -1 where it is only known by what was set about it;
    named, owned: whether name and owner were set by hand. Times UTC ms, 0 = unknown."""

    code: int
    key: str
    name: str
    purpose: str
    owner: str
    active: bool
    dissolve_on: str
    carries_over_to: str
    note: str
    created_at: int
    dissolved_at: int
    named: bool
    owned: bool
    health: Health

    @property
    def title(self) -> str:
        return self.name or self.key


@dataclass(frozen=True)
class Table:
    """All groups in a period, with the figures their codes point into."""

    first: date
    last: date
    groups: list[Group]
    figures: Figures
    made: Made

    def value(self, name: str, group: Group) -> float | None:
        """A figure of a group; None where it cannot be told."""
        if group.code < 0:
            return None
        found = float(getattr(self.figures, name)[group.code])
        return None if np.isnan(found) else found

    def seen(self, group: Group) -> int:
        """2 messages, 1 daily statistics, 0 joins and leaves only."""
        return int(self.figures.seen[group.code]) if group.code >= 0 else 0


class Groups:
    """Groups of one brand."""

    def __init__(self, workspace: Workspace, identities: Identities, customers: Customers) -> None:
        self._workspace = workspace
        self._identities = identities
        self._customers = customers
        self._reader = Reader(workspace.cache / "groups")
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], Table] = OrderedDict()

    # --- the cache ---------------------------------------------------------------------------
    def made(self) -> Made:
        """The arrays the worker made last."""
        return self._reader.get()

    def refresh(self, *, whole: bool = False) -> None:
        """Bring the arrays up to the customers' facts (the writer only)."""
        last = nothing() if whole else Reader(self._workspace.cache / "groups").get()
        lists, snapshot = self.words(), self._customers.snapshot()
        refresh(self._workspace, self._identities, snapshot, last, lists, whole=whole)
        with self._workspace.db.read() as connection:
            due = get_meta(connection, RECOUNT)
        if due == lists.mark:
            with self._workspace.db.write() as connection:
                if get_meta(connection, RECOUNT) == due:  # nobody set others meanwhile
                    set_meta(connection, RECOUNT, "")

    # --- settings ----------------------------------------------------------------------------
    def settings(self) -> Settings:
        with self._workspace.db.read() as connection:
            return setting.from_json(get_meta(connection, _SETTINGS))

    def set_settings(self, **values: Any) -> Settings:
        """Set some of them; see `settings.changed`. Raises BadInput."""
        with self._workspace.db.write() as connection:
            new = setting.changed(setting.from_json(get_meta(connection, _SETTINGS)), **values)
            set_meta(connection, _SETTINGS, json.dumps(new.to_json()))
        return new

    def words(self) -> WordLists:
        """The words by which questions and complaints are found."""
        with self._workspace.db.read() as connection:
            return lists_of(get_meta(connection, _WORDS))

    def set_words(
        self, *, question: list[str] | None = None, complaint: list[str] | None = None
    ) -> WordLists:
        """Set one list or both; the worker then counts all messages anew. Raises BadInput."""
        known = self.words()
        new = WordLists(
            known.question if question is None else clean(question),
            known.complaint if complaint is None else clean(complaint),
        )
        if new == known:
            return known
        kept = {"question": new.question, "complaint": new.complaint}
        with self._workspace.db.write() as connection:
            set_meta(connection, _WORDS, json.dumps(kept, ensure_ascii=False))
            set_meta(connection, RECOUNT, new.mark)
        return new

    def is_recounting(self) -> bool:
        """Do the counts still stand on older word lists?"""
        made = self.made()
        return bool(made.version) and made.words != self.words().mark

    # --- lists -------------------------------------------------------------------------------
    def table(self, first: date, last: date) -> Table:
        """All groups in the days from `first` to `last`."""
        made = self.made()
        with self._workspace.db.read() as connection:
            epoch = repository.epoch(connection)
            used = setting.from_json(get_meta(connection, _SETTINGS))
            key = (made.stamp, epoch, json.dumps(used.to_json()), first, last)
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            rows = repository.all_(connection)
        found = self._table(made, rows, used, first, last)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def get(self, table: Table, key: str) -> Group:
        """Raises NotFound."""
        for group in table.groups:
            if group.key == key:
                return group
        raise NotFound("There is no such group.", hint="The list of groups has them all.")

    def find(self, table: Table, name: str) -> Group:
        """By key, else by name. Raises NotFound."""
        for group in table.groups:
            if group.key != name and group.name == name:
                return group
        return self.get(table, name)

    def last_days(self, days: int = 30) -> tuple[date, date]:
        """The days up to the newest fact."""
        today = EPOCH_DAY + timedelta(days=self.made().today)
        return today - timedelta(days=days - 1), today

    def red(self) -> list[Group]:
        """Groups that need somebody, by the last 30 days; the worst first."""
        if not len(self.made()):
            return []
        found = [one for one in self.table(*self.last_days()).groups if one.health.level == "red"]
        return sorted(found, key=lambda one: (one.health.score or 0, one.key))

    # --- one group ---------------------------------------------------------------------------
    def change(self, key: str, *, by: str, **values: str) -> dict[str, str]:
        """Set name, purpose, owner, status, dissolve_on, carries_over_to or note; what was really
        changed. A key nobody knows makes a group (its events may come later). Raises BadInput."""
        key = key.strip()
        if not 0 < len(key) <= 120 or not key.isprintable():
            raise BadInput("“%(key)s” cannot be the key of a group.", key=key[:40])
        new = _checked(key, values)
        with self._workspace.db.write() as connection:
            before = repository.all_(connection).get(key, Row(key))._asdict()
            made = {name: text for name, text in new.items() if before[name] != text}
            if made:
                repository.put(connection, key, made, by=by, at=self._workspace.now())
        return made

    def history(self, key: str) -> list[tuple[int, str, str]]:
        """(time, event, what it says) of a group, newest first."""
        life = next((one for one in self.made().lives if one.key == key), Life(key))
        return list(reversed(life.changes))

    def trend(self, code: int, first: date, last: date) -> dict[str, np.ndarray]:
        """By day: members, joined, left, spoke (distinct members), customers, ours, complaints,
        questions."""
        made, span = self.made(), _span(first, last)
        bins = rules.days(*span)
        stays, talk, cells, asked = made.stays, made.talk, made.cells, made.questions
        mine = np.flatnonzero(stays.group == code)
        zero = np.zeros(len(mine), np.int32)
        there = rules.present(
            zero, stays.customer[mine], stays.joined[mine], stays.left[mine], bins, 1
        )
        said = np.flatnonzero((talk.group == code) & talk.member)
        spoke = rules.speakers(
            np.zeros(len(said), np.int32), talk.customer[said], talk.day[said], bins, 1
        )
        out = {"members": there[0], "spoke": spoke[0]}

        def by_day(day: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
            inside = bins.inside(day)
            weights = None if values is None else values[inside]
            return np.bincount(bins.of(day[inside]), weights, minlength=len(bins))

        out["joined"], out["left"] = by_day(stays.joined[mine]), by_day(stays.left[mine])
        rows = np.flatnonzero(cells.group == code)
        for name in ("customers", "ours", "complaints"):
            out[name] = by_day(cells.day[rows], getattr(cells, name)[rows])
        out["questions"] = by_day(asked.day[asked.group == code])
        return out

    def joiners(self, code: int | None, first: date, last: date) -> Joiners:
        """What became of those who joined a group (None: any) in the period."""
        codes = None if code is None else np.array([code])
        sales = self._customers.snapshot().sales
        return people.joiners(self.made(), codes, *_span(first, last), sales)

    def overlaps(self, code: int, most: int = 10) -> list[tuple[str, int]]:
        """(key, shared members) of other groups, the most first."""
        made = self.made()
        return [(made.lives[one].key, n) for one, n in people.overlaps(made, code)[:most]]

    def people(self, key: str, who: str, first: date, last: date) -> BitMap:
        """The customers of a list (`people.WHO`) of a group, or of all with the key "". Raises
        BadInput, NotFound."""
        made = self.made()
        codes = None
        if key:
            codes = np.array([i for i, life in enumerate(made.lives) if life.key == key], np.int64)
            if not len(codes):
                raise NotFound("There is no such group.", hint="The list of groups has them all.")
        sales = self._customers.snapshot().sales
        span = _span(first, last)
        return people.people(made, who, codes, *span, self.settings(), sales, self._workspace.zone)

    def members(self, code: int, first: date, last: date) -> dict[str, np.ndarray]:
        """Members now, by customer: customer, joined_at, messages in the period, spoke (day he
        last spoke at all, 0 = never)."""
        made, (low, high) = self.made(), _span(first, last)
        stays, talk = made.stays, made.talk
        mine = np.flatnonzero((stays.group == code) & (stays.left == rules.STILL))
        customer = stays.customer[mine]
        said = np.flatnonzero(talk.group == code)
        messages, spoke = np.zeros(len(mine), np.int64), np.zeros(len(mine), np.int64)
        if len(mine) and len(said):
            at = np.searchsorted(customer, talk.customer[said])
            at = np.minimum(at, len(customer) - 1)
            hit = customer[at] == talk.customer[said]
            at, said = at[hit], said[hit]
            np.maximum.at(spoke, at, talk.day[said])
            inside = (talk.day[said] >= low) & (talk.day[said] <= high)
            np.add.at(messages, at[inside], talk.messages[said[inside]])
        return {"customer": customer, "joined_at": stays.joined_at[mine], "messages": messages,
                "spoke": spoke}  # fmt: skip

    # --- inside ------------------------------------------------------------------------------
    def _table(
        self, made: Made, rows: dict[str, Row], used: Settings, first: date, last: date
    ) -> Table:
        found = figures(made, *_span(first, last), used, self._workspace.zone)
        groups = [
            _group(code, life, rows.get(life.key) or Row(life.key), made, found, used)
            for code, life in enumerate(made.lives)
        ]
        known = {life.key for life in made.lives}
        unseen = Health("unknown", None, ())
        for key, row in rows.items():
            if key not in known:
                groups.append(_of_row(-1, Life(key), row, row.status == "active", unseen))
        return Table(first, last, groups, found, made)


def _group(code: int, life: Life, row: Row, made: Made, found: Figures, used: Settings) -> Group:
    active = row.status == "active" and not life.dissolved_at
    overdue = None
    if row.purpose == checks.FLASH and row.dissolve_on:
        overdue = made.today - (date.fromisoformat(row.dissolve_on) - EPOCH_DAY).days
    health = checks.judge(found, code, Facts(row.purpose, active, overdue), used)
    return _of_row(code, life, row, active, health)


def _of_row(code: int, life: Life, row: Row, active: bool, health: Health) -> Group:
    return Group(
        code=code, key=row.key, name=row.name or life.name, purpose=row.purpose,
        owner=row.owner or life.owner, active=active, dissolve_on=row.dissolve_on,
        carries_over_to=row.carries_over_to, note=row.note, created_at=life.created_at,
        dissolved_at=life.dissolved_at, named=bool(row.name), owned=bool(row.owner),
        health=health,
    )  # fmt: skip


def _span(first: date, last: date) -> tuple[int, int]:
    return (first - EPOCH_DAY).days, (last - EPOCH_DAY).days


def _checked(key: str, values: dict[str, str]) -> dict[str, str]:
    """What is set, trimmed. Raises BadInput."""
    new = {name: " ".join(str(text).split()) for name, text in values.items()}
    unknown = new.keys() - {*LONGEST, "purpose", "status", "dissolve_on"}
    if unknown:
        raise BadInput("A group has no “%(name)s”.", name=sorted(unknown)[0])
    for name, most in LONGEST.items():
        if len(new.get(name, "")) > most:
            raise BadInput("“%(name)s” has at most %(n)d characters.", name=name, n=most)
    if new.get("purpose", "") not in ("", *PURPOSES):
        raise BadInput(
            "There is no purpose “%(purpose)s”.",
            hint="Choose benefit, activity, flash, expert, service or other.",
            purpose=new["purpose"][:20],
        )
    if new.get("status", "active") not in ("active", "dissolved"):
        raise BadInput("A group is active or dissolved.")
    if new.get("dissolve_on"):
        try:
            new["dissolve_on"] = date.fromisoformat(new["dissolve_on"]).isoformat()
        except ValueError:
            raise BadInput(
                "“%(place)s” is no date. Write it like 2026-11-22.",
                place=new["dissolve_on"][:20],
            ) from None
    if new.get("carries_over_to") == key:
        raise BadInput("A group cannot carry its members over to itself.")
    return new
