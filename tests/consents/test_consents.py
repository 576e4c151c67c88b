"""Words of consent against a plain dictionary, over merges and splits."""

from __future__ import annotations

from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from tests.customers.pond import LAST, event, open_pond
from tests.small_brand import open_brand_at
from yutang.consents import Consents, forget
from yutang.errors import BadInput, NotFound
from yutang.identity import numbers_of
from yutang.sequence import ShardCache

PEOPLE = 5
NUMBERS = count()


def no_shards():
    raise NotFound("none")


@pytest.fixture(scope="module")
def brand(tmp_path_factory):
    return open_brand_at(tmp_path_factory.mktemp("consents") / "home")


def new_people(brand):
    names = [f"c{next(NUMBERS)}" for _ in range(PEOPLE)]
    with brand.workspace.db.write() as connection:
        found = brand.identities.resolve(
            connection, {"member_no": pa.array(names)}, commit_id=1, source="t", evidence="event"
        )
    return names, [int(one) for one in found.primary]


words = st.tuples(
    st.sets(st.integers(0, PEOPLE - 1), min_size=1),
    st.sampled_from(["marketing", "profiling"]),
    st.sampled_from(["given", "withdrawn"]),
    st.integers(0, 5),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=8))
def test_the_latest_word_counts(brand, said):
    names, _ = new_people(brand)
    consents = Consents(brand.workspace, brand.identities, no_shards)
    ids = [brand.identities.find("member_no", name).customer_id for name in names]
    expected = {}
    for order, (who, purpose, state, at) in enumerate(said):
        people = BitMap(ids[i] for i in who)
        consents.say(people, purpose, state, source="t", by="t", at=at)
        for i in who:
            expected.setdefault((i, purpose), []).append((at, order, state))
    for purpose in ("marketing", "profiling"):
        for state in ("given", "withdrawn"):
            people = consents.people(purpose, state)
            for i, id_ in enumerate(ids):
                history = sorted(expected.get((i, purpose), ()))
                assert (id_ in people) == bool(history and history[-1][2] == state)
    for i, id_ in enumerate(ids):
        now = {one.purpose: (one.state, one.said) for one in consents.of_customer(id_)}
        assert now == {
            purpose: (sorted(history)[-1][2], len(history))
            for (j, purpose), history in expected.items()
            if i == j
        }


def test_words_follow_a_merge_and_erasure(brand):
    names, _ = new_people(brand)
    consents = Consents(brand.workspace, brand.identities, no_shards)
    a, b = (brand.identities.find("member_no", name).customer_id for name in names[:2])
    consents.say(BitMap([a]), "marketing", "given", source="t", by="t", at=1)
    consents.say(BitMap([b, a]), "marketing", "withdrawn", source="t", by="t", at=2)
    consents.say(BitMap([b]), "marketing", "given", source="t", by="t", at=3)
    from yutang.identity import Hands

    hands = Hands(brand.workspace, brand.identities, lambda *_: None)
    with brand.workspace.writer():
        hands.link(("member_no", names[0]), ("member_no", names[1]), note="same", by="t")
    one = brand.identities.find("member_no", names[0]).customer_id
    assert one in consents.people("marketing", "given")
    assert [said.at for said in consents.history(one)] == [3, 2, 1]
    with brand.workspace.db.write() as connection:
        assert forget(connection, numbers_of(connection, one)) == 3
    assert consents.history(one) == []
    assert one not in consents.people("marketing", "given")


def test_what_makes_no_sense_is_refused(brand):
    consents = Consents(brand.workspace, brand.identities, no_shards)
    for people, purpose, state, at in (
        (BitMap(), "marketing", "given", None),
        (BitMap([1]), "", "given", None),
        (BitMap([1]), "=cmd", "given", None),
        (BitMap([1]), "marketing", "maybe", None),
        (BitMap([1]), "marketing", "given", brand.workspace.now() + 1),
    ):
        with pytest.raises(BadInput):
            consents.say(people, purpose, state, source="t", by="t", at=at)


def test_trackers_words_count_by_their_time(tmp_path):
    events = [
        event("consent_given", LAST - 3_000, "m1", purpose="profiling"),
        event("consent_withdrawn", LAST - 1_000, "m1", purpose="profiling"),
        event("consent_given", LAST - 1_000, "m2", purpose="profiling"),
        event("consent_given", LAST - 1_000, "m3"),
    ]
    pond = open_pond(tmp_path, [], [], events)
    cache, folder = ShardCache(), pond.brand.workspace.cache / "shards"
    consents = Consents(pond.brand.workspace, pond.brand.identities, lambda: cache.get(folder))
    m1, m2 = pond.customer("m1"), pond.customer("m2")
    assert set(consents.people("profiling", "withdrawn")) == {m1}
    assert set(consents.people("profiling", "given")) == {m2}
    consents.say(BitMap([m1]), "profiling", "given", source="page", by="t", at=LAST - 2_000)
    assert set(consents.people("profiling", "withdrawn")) == {m1}  # said before
    consents.say(BitMap([m1]), "profiling", "given", source="page", by="t", at=LAST - 500)
    assert set(consents.people("profiling", "given")) == {m1, m2}
    assert [one.source for one in consents.history(m1)] == ["page", "tracker", "page", "tracker"]
    assert consents.counts() == {"profiling": {"given": 2, "withdrawn": 0}}
