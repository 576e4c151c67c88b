import json
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sequence.facts import Column, MemoryFacts, expected, read_back
from yutang.errors import Busy, Damaged, NotFound
from yutang.sequence import building, shard
from yutang.sequence.building import build, refresh
from yutang.sequence.shard import ShardCache, open_shards

rows = st.lists(
    st.fixed_dictionaries(
        {
            "customer": st.integers(1, 6),
            "time": st.integers(0, 8),
            "event": st.sampled_from(["scan", "add", "buy", "leave"]),
        },
        optional={
            "amount": st.sampled_from([0.0, -1.5, 2.0]),
            "place": st.sampled_from(["北京", "上海", ""]),
            "gift": st.booleans(),
            "due": st.integers(0, 5),
            "tags": st.lists(st.sampled_from("abc"), max_size=3),
            "note": st.text("xyz", max_size=2),
        },
    ),
    max_size=12,
)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("append"), rows),
        st.tuples(st.just("merge"), st.integers(1, 6), st.integers(1, 6)),
        st.tuples(st.just("erase"), st.integers(1, 6)),
        st.tuples(st.just("revise"), st.integers(1, 6), st.sampled_from(["广州", None])),
    ),
    min_size=1,
    max_size=6,
)


def apply(facts, happening):
    what, *rest = happening
    if what == "append":
        facts.append(rest[0])
    elif what == "merge" and rest[0] != rest[1]:
        facts.merge(*rest)
    elif what == "erase":
        facts.erase(*rest)
    elif what == "revise":
        facts.revise(rest[0], place=rest[1])


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(first=rows, happenings=happenings, batch=st.sampled_from([1, 3, 100]))
def test_refreshing_after_anything_gives_what_a_full_build_gives(
    tmp_path_factory, first, happenings, batch
):
    folder = tmp_path_factory.mktemp("cache")
    facts = MemoryFacts(batch=batch)
    facts.append(first)
    refresh(facts, folder)
    for happening in happenings:
        apply(facts, happening)
        refresh(facts, folder)
        shards = open_shards(folder)
        assert read_back(shards) == expected(facts)
        assert shards.facts == len(facts.rows)
        assert shards.facts_version == facts.version()


def test_an_overlay_past_a_twentieth_of_the_base_becomes_a_new_base(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "_SMALLEST_OVERLAY", 0)
    facts = MemoryFacts()
    facts.append([{"customer": c, "time": 1, "event": "scan"} for c in range(1, 101)])
    assert build(facts, tmp_path).how == "full"
    facts.append([{"customer": 1, "time": 2, "event": "add"}])
    small = refresh(facts, tmp_path)
    assert (small.how, small.touched) == ("overlay", 1)
    facts.append([{"customer": c, "time": 3, "event": "add"} for c in range(2, 30)])
    assert refresh(facts, tmp_path).how == "full"
    assert read_back(open_shards(tmp_path)) == expected(facts)


def test_nothing_is_done_where_nothing_happened(tmp_path):
    facts = MemoryFacts()
    facts.append([{"customer": 1, "time": 1, "event": "scan"}])
    refresh(facts, tmp_path)
    before = (tmp_path / "current.json").stat().st_mtime_ns
    assert refresh(facts, tmp_path).how == "unchanged"
    assert (tmp_path / "current.json").stat().st_mtime_ns == before


def test_a_restored_backup_with_older_facts_is_built_again(tmp_path):
    facts = MemoryFacts()
    facts.append([{"customer": 1, "time": 1, "event": "scan"}])
    facts.append([{"customer": 2, "time": 1, "event": "scan"}])
    refresh(facts, tmp_path)
    older = MemoryFacts()
    older.append([{"customer": 1, "time": 1, "event": "scan"}])
    assert refresh(older, tmp_path).how == "full"
    assert read_back(open_shards(tmp_path)) == expected(older)


def test_a_new_property_after_the_base_is_read_from_the_overlay(tmp_path):
    facts = MemoryFacts()
    facts.append([{"customer": c, "time": 1, "event": "scan"} for c in range(1, 50)])
    refresh(facts, tmp_path)
    facts.known.append(Column("colour", "string"))
    facts.append([{"customer": 3, "time": 5, "event": "add", "colour": "red"}])
    assert refresh(facts, tmp_path).how == "overlay"
    assert read_back(open_shards(tmp_path)) == expected(facts)


def test_a_reader_keeps_its_shards_while_the_worker_switches_and_cleans_up(tmp_path):
    facts = MemoryFacts()
    facts.append(
        [{"customer": c % 5_000 + 1, "time": c, "event": "scan", "note": str(c)}
         for c in range(20_000)]
    )  # fmt: skip
    refresh(facts, tmp_path)
    held = open_shards(tmp_path)
    before = expected(facts)
    facts.append([{"customer": 1, "time": 5, "event": "add"}])
    build(facts, tmp_path)
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == ["base-000002"]
    assert read_back(held) == before
    assert len(read_back(open_shards(tmp_path))) == 20_001


def test_the_cache_opens_again_only_when_the_pointer_was_switched(tmp_path):
    cache = ShardCache()
    with pytest.raises(NotFound):
        cache.get(tmp_path)
    facts = MemoryFacts()
    facts.append([{"customer": 1, "time": 1, "event": "scan"}])
    refresh(facts, tmp_path)
    first = cache.get(tmp_path)
    assert cache.get(tmp_path) is first
    facts.append([{"customer": 1, "time": 2, "event": "scan"}])
    refresh(facts, tmp_path)
    assert cache.get(tmp_path).facts == 2


def test_a_file_of_the_wrong_size_is_damage_not_a_wrong_number(tmp_path):
    facts = MemoryFacts()
    facts.append([{"customer": 1, "time": 1, "event": "scan"}])
    refresh(facts, tmp_path)
    with (tmp_path / "base-000001" / "time.npy").open("ab") as handle:
        handle.write(b"x")
    with pytest.raises(Damaged):
        open_shards(tmp_path)


def test_files_that_are_gone_are_damage(tmp_path):
    facts = MemoryFacts()
    facts.append([{"customer": 1, "time": 1, "event": "scan"}])
    refresh(facts, tmp_path)
    (tmp_path / "base-000001" / "code.npy").unlink()
    with pytest.raises(Damaged):
        open_shards(tmp_path)


def test_every_file_is_synced_before_the_pointer_names_it(tmp_path, monkeypatch):
    import os

    synced, pointed = set(), []
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.add(os.readlink(f"/proc/self/fd/{handle}"))
    )
    switch = building.switch_pointer

    def watch(folder, manifest):
        pointed.append({str(folder / part["folder"] / name)
                        for part in (manifest["base"], manifest["overlay"]) if part
                        for name in part["files"]} | {str(folder)})  # fmt: skip
        assert pointed[-1] <= synced
        switch(folder, manifest)

    monkeypatch.setattr(building, "switch_pointer", watch)
    facts = MemoryFacts()
    for amount in (1.0, 2.0):
        facts.append([{"customer": 1, "time": 1, "event": "scan", "amount": amount, "note": "x"}])
        refresh(facts, tmp_path)
    assert len(pointed) == 2


def test_a_pointer_of_another_format_counts_as_not_built(tmp_path):
    (tmp_path / "current.json").write_text(json.dumps({"format": 0}))
    with pytest.raises(NotFound):
        open_shards(tmp_path)
    facts = MemoryFacts()
    facts.append([{"customer": 1, "time": 1, "event": "scan"}])
    assert refresh(facts, tmp_path).how == "full"


def test_facts_that_move_while_they_are_read_are_read_again(tmp_path):
    class Moving(MemoryFacts):
        moves = 1

        def batches(self, **options):
            yield from super().batches(**options)
            if self.moves:
                self.moves -= 1
                self.append([{"customer": 9, "time": 9, "event": "late"}])

    facts = Moving()
    facts.append([{"customer": 1, "time": 1, "event": "scan"}])
    refresh(facts, tmp_path)
    assert read_back(open_shards(tmp_path)) == expected(facts)
    facts.moves = 10
    facts.append([{"customer": 2, "time": 1, "event": "scan"}])
    with pytest.raises(Busy):
        refresh(facts, tmp_path)


def test_what_a_killed_build_left_is_cleaned_up(tmp_path):
    facts = MemoryFacts()
    facts.append([{"customer": 1, "time": 1, "event": "scan"}])
    for left in ("spool-000001", "base-000001", "odd"):
        (tmp_path / left).mkdir()
    (tmp_path / "base-000001" / "time.npy").write_bytes(b"half")
    refresh(facts, tmp_path)
    assert read_back(open_shards(tmp_path)) == expected(facts)
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == ["base-000002"]


def test_readers_always_open_one_whole_version_while_the_worker_refreshes(tmp_path):
    facts = MemoryFacts()
    counts = {}

    def commit(number):
        facts.append([{"customer": number % 7 + 1, "time": number, "event": "scan",
                       "note": str(number)} for _ in range(number + 1)])  # fmt: skip
        counts[facts.version()] = len(facts.rows)
        (build if number % 3 else refresh)(facts, tmp_path)

    commit(0)
    seen, wrong, stop = set(), [], threading.Event()

    def read():
        while not stop.is_set():
            shards = open_shards(tmp_path)
            seen.add(shards.facts_version)
            if len(read_back(shards)) != counts[shards.facts_version]:
                wrong.append(shards.facts_version)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 25):
        commit(number)
    stop.set()
    reader.join()
    assert not wrong
    assert len(seen) > 1


def test_large_columns_go_through_the_spool_files(tmp_path, monkeypatch):
    from yutang.sequence import intake

    monkeypatch.setattr(intake, "_SPOOL_BYTES", 64)
    monkeypatch.setattr(intake, "_LEAST_SPOOL", 64)
    facts = MemoryFacts(batch=7)
    facts.append(
        [{"customer": 5 - c % 5, "time": c % 11, "event": "scan", "note": str(c % 9),
          "tags": ["a", str(c)]} for c in range(100)]
    )  # fmt: skip
    build(facts, tmp_path)
    assert read_back(open_shards(tmp_path)) == expected(facts)
    assert not list(tmp_path.glob("spool*"))


def test_customers_with_long_histories_are_sorted_by_time_then_arrival(tmp_path):
    rng = np.random.default_rng(5)
    facts = MemoryFacts()
    times = rng.integers(0, 50, 700).tolist()
    facts.append([{"customer": 1 + i % 2, "time": t, "event": "scan"} for i, t in enumerate(times)])
    build(facts, tmp_path)
    assert read_back(open_shards(tmp_path)) == expected(facts)


def test_scattered_customer_ids_do_not_cost_memory(tmp_path):
    facts = MemoryFacts()
    facts.append([{"customer": c, "time": 1, "event": "scan"} for c in (4_000_000_000, 7)])
    build(facts, tmp_path)
    assert open_shards(tmp_path).shards[0].customers.tolist() == [7, 4_000_000_000]
    assert shard.open_shards(tmp_path).facts == 2
