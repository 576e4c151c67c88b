"""Acts on tags, each for itself."""

from __future__ import annotations

import pytest
from pyroaring import BitMap

from tests.small_brand import SmallBrand, open_brand_at
from tests.tags.test_following import Play
from yutang.errors import BadInput, Conflict, NotFound
from yutang.kit.clock import DAY_MS


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> SmallBrand:
    return open_brand_at(tmp_path_factory.mktemp("tags") / "home")


@pytest.fixture
def play(brand: SmallBrand) -> Play:
    return Play(brand)


def give(play: Play, tag: int, *people: int, **how: object):
    who = BitMap(play.now[person] for person in people)
    return play.tags.add([play.ids[tag]], who, **{"kind": "manual", "by": "g1", **how})


def take(play: Play, tag: int, *people: int):
    who = BitMap(play.now[person] for person in people)
    return play.tags.remove([play.ids[tag]], who, kind="manual", by="g1")


def has(play: Play, tag: int) -> set[int]:
    return {play.now.index(one) for one in play.tags.people(play.ids[tag])}


def wait(play: Play, days: int) -> int:
    play.clock[0] += days * DAY_MS
    return play.tags.expire(play.clock[0]).added


def test_a_replaced_tag_comes_back_with_the_undo(play: Play) -> None:
    give(play, 2, 0, 1)
    done = give(play, 3, 1, 2)
    assert (done.added, done.already, done.replaced) == (2, 0, 1)
    assert (has(play, 2), has(play, 3)) == ({0}, {1, 2})
    play.tags.undo(done.changes[0], by="t")
    assert (has(play, 2), has(play, 3)) == ({0, 1}, set())
    with pytest.raises(Conflict):
        play.tags.undo(done.changes[0], by="t")
    with pytest.raises(NotFound):
        play.tags.undo(10**9, by="t")


def test_undo_leaves_alone_what_others_changed_since(play: Play) -> None:
    first = give(play, 0, 0, 1)
    take(play, 0, 0)
    give(play, 0, 0)
    play.tags.undo(first.changes[0], by="t")
    assert has(play, 0) == {0}


def test_a_part_is_taken_back_with_the_whole(play: Play) -> None:
    give(play, 2, 0)
    give(play, 3, 0)
    part = next(row for row in play.tags.changes(play.ids[2]) if row.part_of)
    play.tags.undo(part.id, by="t")
    assert (has(play, 2), has(play, 3)) == ({0}, set())


def test_what_was_given_again_is_not_over_time(play: Play) -> None:
    give(play, 1, 0, 1)  # valid for three days
    play.clock[0] += 2 * DAY_MS
    assert give(play, 1, 1).already == 1
    assert wait(play, 1) == 1
    assert has(play, 1) == {1}
    assert wait(play, 2) == 1
    assert has(play, 1) == set()
    (row,) = [one for one in play.tags.history(play.now[0]) if one.action == "expire"]
    assert (row.kind, row.size) == ("rule", 1)


def test_an_expiry_that_was_taken_back_stays_taken_back(play: Play) -> None:
    give(play, 1, 0)
    assert wait(play, 3) == 1
    (row,) = [one for one in play.tags.changes(play.ids[1]) if one.action == "expire"]
    play.tags.undo(row.id, by="t")
    give(play, 1, 1)
    assert wait(play, 4) == 1  # the other one
    assert has(play, 1) == {0}


def test_who_comes_back_over_time_goes_at_the_next_look(play: Play) -> None:
    give(play, 1, 0)
    removed = take(play, 1, 0)
    assert wait(play, 4) == 0
    play.tags.undo(removed.changes[0], by="t")
    assert has(play, 1) == {0}
    assert wait(play, 0) == 1


def test_nothing_hidden_comes_up_when_a_tag_goes(play: Play) -> None:
    give(play, 2, 0)
    give(play, 3, 1)
    play.act("merge", 0, 1)
    assert (has(play, 2), has(play, 3)) == (set(), {0})
    take(play, 3, 0)
    assert (has(play, 2), has(play, 3)) == (set(), set())


def test_a_group_that_becomes_exclusive_keeps_the_newest(play: Play) -> None:
    cabinet = play.tags.cabinet
    group = cabinet.add_group(f"c{play.ids[0]}", by="t")
    a, b = (cabinet.add(group.id, name, by="t").id for name in "ab")
    play.tags.add([a, b], BitMap(play.now[:2]), kind="bulk", by="t")
    play.tags.add([a], BitMap(play.now[2:3]), kind="bulk", by="t")
    assert play.tags.now().conflicts(group.id) == 2
    assert cabinet.change_group(group.id, by="t", exclusive=True).exclusive
    assert play.tags.now().conflicts(group.id) == 0
    assert (play.tags.get(a).people, play.tags.get(b).people) == (1, 2)
    cabinet.change_group(group.id, by="t", exclusive=False)
    assert (play.tags.get(a).people, play.tags.get(b).people) == (1, 2)  # for good
    with pytest.raises(BadInput, match="one tag at most"):
        play.tags.add(play.ids[2:4], BitMap(play.now[:1]), kind="bulk", by="t")


def test_names(play: Play) -> None:
    tags, cabinet = play.tags, play.tags.cabinet
    one = tags.get(play.ids[0])
    assert tags.find(one.title).id == tags.find(str(one.id)).id == one.id
    group = cabinet.add_group(f"d{one.id}", by="t")
    mine = cabinet.add(group.id, f"名{one.id}", by="t", colour="#AABBCC")
    assert (tags.find(mine.name).id, mine.colour) == (mine.id, "#aabbcc")
    with pytest.raises(Conflict):
        cabinet.add(group.id, mine.name.upper(), by="t")
    cabinet.add(one.group_id, mine.name, by="t")
    with pytest.raises(BadInput, match="Several groups"):
        tags.find(mine.name)
    assert tags.find(mine.title).id == mine.id
    with pytest.raises(NotFound):
        tags.find("zzzz")
    for name in ("", "a/b", "x" * 61):
        with pytest.raises(BadInput):
            cabinet.add(group.id, name, by="t")
    for wrong in ({"colour": "red"}, {"valid_days": -1}, {"set_by": "x"}, {"kind": "x"},
                  {"kind": "computed"}, {"rule": {}}):  # fmt: skip
        with pytest.raises(BadInput):
            cabinet.add(group.id, "new", by="t", **wrong)


def test_archived_tags_are_out_of_use(play: Play) -> None:
    give(play, 0, 0)
    cabinet, id_ = play.tags.cabinet, play.ids[0]
    cabinet.archive(id_)
    assert id_ not in {one.id for one in play.tags.list_()}
    assert id_ in {one.id for one in play.tags.list_(archived=True)}
    assert play.tags.of_customer(play.now[0]) == []
    assert str(id_) not in play.tags.attribute().dictionary
    with pytest.raises(BadInput, match="archived"):
        give(play, 0, 1)
    cabinet.restore(id_)
    assert [one.tag.id for one in play.tags.of_customer(play.now[0])] == [id_]


def test_the_preview_says_what_adding_does(play: Play) -> None:
    give(play, 2, 0, 1)
    give(play, 3, 2)
    who = BitMap(play.now[:4])
    (told,) = play.tags.preview([play.ids[3]], who)
    assert (told.added, told.already) == (3, 1)
    assert [many for _, many in told.replaced] == [2]
    done = play.tags.add([play.ids[3]], who, kind="bulk", by="t", job="j")
    assert (done.added, done.already, done.replaced) == (3, 1, 2)
    play.tags.undo_job("j", by="t")
    assert (has(play, 2), has(play, 3)) == ({0, 1}, {2})


def test_weeks_have_no_gaps(play: Play) -> None:
    give(play, 0, 0, 1)
    play.clock[0] += 15 * DAY_MS
    take(play, 0, 0)
    weeks = play.tags.weeks(play.ids[0])
    assert [week[1:] for week in weeks] == [(2, 0), (0, 0), (0, 1)]
