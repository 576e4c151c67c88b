import os

import pytest

from yutang.sequence.building import refresh
from yutang.sequence.shard import open_shards


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch):
    """Hundreds of small shards are written here; their durability is tested elsewhere."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def shards_of(tmp_path):
    """Facts -> shard set; the same facts are refreshed in the same folder."""
    known = []

    def make(facts):
        if facts not in known:
            known.append(facts)
        folder = tmp_path / str(known.index(facts))
        refresh(facts, folder)
        return open_shards(folder, facts.attributes())

    return make
