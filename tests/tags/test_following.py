"""Tags over additions, removals, undos, expiry, merges and splits, beside a naive account of every
single number."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from sqlalchemy import Connection, select

from tests.small_brand import SmallBrand, open_brand_at
from yutang.errors import Conflict
from yutang.identity import Hands, numbers_of
from yutang.kit.clock import DAY_MS
from yutang.state.brand import identities
from yutang.tags import Tags, forget
from yutang.tags.rules import last_words

pytestmark = pytest.mark.slow

PEOPLE, START = 5, 1_790_000_000_000
NAMES = count()
PERSON = st.integers(0, PEOPLE - 1)
# Tags 0 and 1 stand alone, 1 is valid for three days; 2, 3, 4 exclude each other, 4 for two days.
TAG = st.integers(0, 4)
VALID = (0, 3, 0, 0, 2)
EXCLUSIVE = (2, 3, 4)
ACT = st.one_of(
    st.tuples(st.just("add"), TAG, st.sets(PERSON, min_size=1)),
    st.tuples(st.just("remove"), TAG, st.sets(PERSON, min_size=1)),
    st.tuples(st.just("undo"), st.integers(0, 30), st.none()),
    st.tuples(st.just("wait"), st.integers(1, 3), st.none()),
    st.tuples(st.just("merge"), PERSON, PERSON),
    st.tuples(st.just("split"), st.integers(0, 5), st.none()),
)


@dataclass
class Entry:
    """One tag of one act: which numbers it was about. root: the act it went with."""

    id: int
    tag: int
    action: str
    numbers: set[int]
    until: int | None
    root: int
    undone: bool = False


@dataclass
class Oracle:
    """Sets and lists. `numbers`: customer numbers by person, `today`: what each number is now."""

    log: list[Entry] = field(default_factory=list)
    today: dict[int, int] = field(default_factory=dict)
    ids: int = 0

    def newest(self, tag: int, number: int) -> Entry | None:
        for entry in reversed(self.log):
            if entry.tag == tag and number in entry.numbers and not entry.undone:
                return entry
        return None

    def stored(self, tag: int) -> set[int]:
        def has(number: int) -> bool:
            found = self.newest(tag, number)
            return found is not None and found.action == "add"

        return {number for number in self.today if has(number)}

    def given(self, tag: int, who: int) -> int:
        """The id of the addition by which a customer of today has a tag; 0 = he has it not."""
        mine = [n for n in self.stored(tag) if self.today[n] == who]
        return max((self.newest(tag, n).id for n in mine), default=0)

    def people(self, tag: int) -> set[int]:
        found = set()
        for who in set(self.today.values()):
            mine = self.given(tag, who)
            others = [self.given(other, who) for other in EXCLUSIVE] if tag in EXCLUSIVE else []
            if mine and mine >= max(others, default=0):
                found.add(who)
        return found

    def note(self, tag: int, action: str, numbers: set[int], until=None, root: int = 0) -> Entry:
        self.ids += 1
        entry = Entry(self.ids, tag, action, set(numbers), until, root or self.ids)
        self.log.append(entry)
        return entry

    def _siblings(self, tag: int, who: set[int], root: int) -> int:
        lost = 0
        for other in EXCLUSIVE if tag in EXCLUSIVE else ():
            if other != tag:
                shown = self.people(other) & who
                gone = {n for n in self.stored(other) if self.today[n] in who}
                if gone:
                    self.pending.append((other, gone, root))
                    lost += len(shown)
        return lost

    def add(self, tag: int, who: set[int], now: int) -> tuple[int, int, int]:
        new = who - self.people(tag)
        given = who if VALID[tag] else new
        if not given:
            return 0, len(who), 0
        self.pending: list = []
        root = self.ids + 1
        lost = self._siblings(tag, new, root)
        until = now + VALID[tag] * DAY_MS if VALID[tag] else None
        self.note(tag, "add", given, until)
        for other, gone, _ in self.pending:
            self.note(other, "remove", gone, root=root)
        return len(new), len(who) - len(new), lost

    def remove(self, tag: int, who: set[int]) -> int:
        losing = who & self.people(tag)
        numbers = {n for n in self.stored(tag) if self.today[n] in losing}
        if numbers:
            self.pending = []
            self._siblings(tag, losing, self.ids + 1)
            root = self.note(tag, "remove", numbers).id
            for other, gone, _ in self.pending:
                self.note(other, "remove", gone, root=root)
        return len(losing)

    def undo(self, entry: Entry) -> None:
        for other in self.log:
            if other.root == entry.root:
                other.undone = True

    def expire(self, now: int) -> None:
        for tag in range(5):
            over = set()
            for number in self.stored(tag):
                last = [e for e in self.log if e.tag == tag and number in e.numbers
                        and (not e.undone or e.action == "expire")][-1]  # fmt: skip
                if last.action == "add" and last.until is not None and last.until <= now:
                    over.add(number)
            if over:
                self.note(tag, "expire", over)


def customer_of(connection: Connection, identity: int) -> int:
    query = select(identities.c.customer_id).where(identities.c.id == identity)
    return int(connection.execute(query).scalar_one())


class Play:
    """The feature and its oracle side by side."""

    def __init__(self, brand: SmallBrand) -> None:
        self.clock = [START]
        self.brand = brand
        workspace = replace(brand.workspace, now=lambda: self.clock[0])
        self.tags = Tags(workspace, brand.identities)
        self.hands = Hands(brand.workspace, brand.identities, lambda *_: None)
        self.oracle = Oracle()
        run = next(NAMES)
        self.people = self._new_people(run)
        cabinet = self.tags.cabinet
        alone = cabinet.add_group(f"a{run}", by="t")
        one = cabinet.add_group(f"b{run}", by="t", exclusive=True)
        self.ids = [
            cabinet.add(
                (one if n in EXCLUSIVE else alone).id, f"t{n}", by="t", valid_days=VALID[n]
            ).id
            for n in range(5)
        ]
        self.merges: list[tuple[int, int, str]] = []
        self.made: list[tuple[int, Entry]] = []  # (change of the feature, entry of the oracle)
        self.look()

    def _new_people(self, run: int) -> list[int]:
        names = [f"m{run}-{n}" for n in range(PEOPLE)]
        with self.brand.workspace.db.write() as connection:
            found = self.brand.identities.resolve(
                connection, {"member_no": pa.array(names)}, commit_id=1, source="test",
                evidence="event",
            )  # fmt: skip
        return [int(one) for one in found.primary]

    def look(self) -> None:
        with self.brand.workspace.db.read() as connection:
            self.now = [customer_of(connection, one) for one in self.people]
            today = self.brand.identities.survivors.follow
            known = set(self.oracle.today) | set(self.now)
            self.oracle.today = {n: today(connection, BitMap([n])).min() for n in known}

    def act(self, what: str, a: int, b) -> None:
        before = len(self.oracle.log)
        newest = self._newest()
        if what == "add":
            who = {self.now[person] for person in b}
            done = self.tags.add([self.ids[a]], BitMap(who), kind="manual", by="g1")
            told = self.oracle.add(a, who, self.clock[0])
            assert (done.added, done.already, done.replaced) == told
        elif what == "remove":
            who = {self.now[person] for person in b}
            done = self.tags.remove([self.ids[a]], BitMap(who), kind="manual", by="g1")
            assert done.added == self.oracle.remove(a, who)
        elif what == "undo" and self.made:
            change, entry = self.made[a % len(self.made)]
            if entry.undone:
                with pytest.raises(Conflict):
                    self.tags.undo(change, by="t")
            else:
                self.oracle.undo(entry)
                self.tags.undo(change, by="t")
        elif what == "wait":
            self.clock[0] += a * DAY_MS
            self.tags.expire(self.clock[0])
            self.oracle.expire(self.clock[0])
        elif what == "merge" and self.now[a] != self.now[b]:
            made = self.hands.link_ids(self.people[a], self.people[b], note="t", by="t")
            self.merges.append((a, b, made.id))
        elif what == "split" and self.merges:
            self.hands.undo(self.merges.pop(a % len(self.merges))[2], by="t")
        self.look()
        made = [row for row in self._rows() if row.id > newest]
        new = self.oracle.log[before:]
        key = lambda tag, action, size: (tag, action, size)  # noqa: E731
        assert sorted(key(row.tag_id, row.action, row.size) for row in made) == sorted(
            key(self.ids[entry.tag], entry.action, len(entry.numbers)) for entry in new
        )
        by = {(self.ids[entry.tag], entry.action): entry for entry in new}
        self.made += [(row.id, by[row.tag_id, row.action]) for row in made]

    def _rows(self):
        return [row for tag in self.ids for row in self.tags.changes(tag, limit=500)]

    def _newest(self) -> int:
        return max((row.id for row in self._rows()), default=0)

    def check(self) -> None:
        fresh = Tags(self.brand.workspace, self.brand.identities)
        for tag, id_ in enumerate(self.ids):
            expected = self.oracle.people(tag)
            assert set(self.tags.people(id_)) == expected, tag
            assert set(fresh.people(id_)) == expected
            assert self.tags.get(id_).people == len(expected)
        for who in set(self.now):
            held = {self.ids.index(one.tag.id): one for one in self.tags.of_customer(who)}
            expected = {tag for tag in range(5) if who in self.oracle.people(tag)}
            assert set(held) == expected
            for tag, one in held.items():
                entry = next(e for c, e in self.made if c == one.change)
                assert entry.id == self.oracle.given(tag, who)
                assert one.until == entry.until
            mine = {n for n, today in self.oracle.today.items() if today == who}
            told = [entry.id for entry in self.oracle.log if entry.numbers & mine]
            by_change = dict(self.made)
            history = [by_change[row.id].id for row in self.tags.history(who)]
            assert sorted(history) == told


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> SmallBrand:
    return open_brand_at(tmp_path_factory.mktemp("tags") / "home")


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(ACT, min_size=6, max_size=20))
def test_tags_are_what_a_naive_account_says(brand: SmallBrand, acts: list) -> None:
    play = Play(brand)
    for one in acts:
        play.act(*one)
    play.check()


@pytest.mark.parametrize("seed", range(12))
def test_tags_are_so_after_every_step_of_a_long_walk(brand: SmallBrand, seed: int) -> None:
    draw, play = random.Random(seed), Play(brand)
    for _ in range(25):
        what = draw.choice(["add", "add", "remove", "undo", "wait", "merge", "split"])
        some = set(draw.sample(range(PEOPLE), draw.randint(1, 3)))
        play.act(
            *{
                "add": (what, draw.randrange(5), some),
                "remove": (what, draw.randrange(5), some),
                "undo": (what, draw.randrange(30), None),
                "wait": (what, draw.randint(1, 3), None),
                "merge": (what, draw.randrange(PEOPLE), draw.randrange(PEOPLE)),
                "split": (what, draw.randrange(5), None),
            }[what]
        )
        play.check()


NUMBER = st.integers(1, 12)
CHANGE = st.tuples(st.integers(1, 3), st.sets(NUMBER, min_size=1))


@given(asked=st.sets(NUMBER), changes=st.lists(CHANGE, max_size=12))
def test_the_last_word_counts(asked: set[int], changes: list) -> None:
    import numpy as np

    from yutang.tags.rules import Bulk

    singles = [(n, min(who), action) for n, (action, who) in enumerate(changes, 1) if len(who) == 1]
    bulks = [Bulk(n, a, BitMap(who)) for n, (a, who) in enumerate(changes, 1) if len(who) > 1]
    numbers = np.array(sorted(asked), np.uint32)
    last, action = last_words(numbers, np.array(singles, np.int64).reshape(-1, 3), bulks)
    for number, id_, what in zip(numbers.tolist(), last.tolist(), action.tolist(), strict=True):
        mine = [(n, a) for n, (a, who) in enumerate(changes, 1) if number in who]
        assert (id_, what) == (mine[-1] if mine else (0, 0))


def test_an_erased_person_leaves_tags_and_changes(brand: SmallBrand) -> None:
    play = Play(brand)
    a, b, c = play.now[:3]
    play.tags.add(play.ids[:1], BitMap([a, b, c]), kind="bulk", by="t")
    play.tags.add(play.ids[1:2], BitMap([a]), kind="manual", by="t")
    play.act("merge", 0, 1)
    survivor = play.now[0]
    assert set(play.tags.people(play.ids[0])) == {survivor, c}
    with brand.workspace.db.write() as connection:
        his = numbers_of(connection, survivor)
        assert sorted(his) == [a, b]
        assert forget(connection, his) == {"tag_people": 2, "tag_changes": 2}
    assert set(play.tags.people(play.ids[0])) == {c}
    assert play.tags.history(survivor) == []
    assert [row.size for row in play.tags.history(c)] == [1]


def test_a_tag_whose_people_did_not_change_keeps_its_bitmap(brand: SmallBrand) -> None:
    play = Play(brand)
    play.tags.add(play.ids[:1], BitMap(play.now), kind="bulk", by="t")
    first, second = play.tags.people(play.ids[0]), play.tags.people(play.ids[1])
    attribute = play.tags.attribute()
    play.tags.cabinet.change(play.ids[0], description="x")
    assert play.tags.people(play.ids[0]) is first
    assert play.tags.attribute() is attribute
    play.tags.add(play.ids[1:2], BitMap(play.now[:1]), kind="manual", by="t")
    assert play.tags.people(play.ids[0]) is first
    assert play.tags.people(play.ids[1]) is not second
    assert play.tags.attribute() is not attribute
