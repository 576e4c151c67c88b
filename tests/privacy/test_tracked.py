"""What trackers sent of a person goes with him: facts, attributes, quarantine, journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_brand import NOW
from tests.tracking import event, open_tracked, profile
from yutang.app import Brand
from yutang.errors import Busy
from yutang.installation import Installation
from yutang.journal import SegmentWriter
from yutang.privacy import Privacy
from yutang.refresh import rebuild

pytestmark = pytest.mark.slow
EVE = "member-of-eve"


def test_nothing_tracked_of_an_erased_person_is_left(tmp_path: Path) -> None:
    small = open_tracked(tmp_path / "home")
    brand = Brand(Installation.open(tmp_path / "home").get_brand("main"), small.workspace)
    seen = {"page": "only-eve-reads-this", "price": 1, "note": f"from {EVE}"}
    small.send(event(who=EVE, properties=seen), event(who="m2", properties={"price": 2}))
    small.send(event(who=EVE, time=NOW + 1, properties={"price": "dear to eve"}))
    small.send(event(who=EVE, time=5), profile(("set", "city", "杭州"), who=EVE))
    small.send(profile(("set", "city", "上海"), who="m2"))
    small.drain()
    small.send(event(who=EVE, time=NOW + 2))  # still waits in the journal
    writer = SegmentWriter(small.workspace.journal, now=lambda: NOW)
    writer.append([])
    privacy = Privacy(
        small.workspace, small.identities, small.attributes, purge_journal=small.stream.purge
    )
    with small.workspace.writer():
        with pytest.raises(Busy):
            privacy.erase("member_no", EVE, by="ann", rebuild=lambda: rebuild(brand))
        assert privacy.receipts()[0].status == "stores"
        writer.close()
        assert privacy.finish(lambda: rebuild(brand)) == 1
    (receipt,) = privacy.receipts()
    assert receipt.status == "done"
    assert (receipt.counts["events"], receipt.counts["profiles"]) == (2, 1)
    assert (receipt.counts["attributes"], receipt.counts["quarantine"]) == (1, 2)
    left = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    for word in (EVE, "only-eve-reads-this", "dear to eve"):
        assert word.encode() not in left, word
    assert [row["p_price"] for row in small.events("p_price")] == [2.0]
    assert len(small.dump()["attributes"]) == 1
