"""What trackers sent of a person goes with him: facts, attributes, quarantine, journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small_brand import NOW
from tests.tracking import event, open_tracked, profile, request_of
from yutang import journal
from yutang.brand import Brand
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
    torn = {"torn": f"line of {EVE}"}  # it will be set aside first
    writer.append([request_of(event(who=EVE, time=NOW + 3), torn), request_of(event(who="m3"))])
    privacy = Privacy(
        small.workspace, small.identities, small.attributes, purge_journal=small.stream.purge
    )
    with small.workspace.writer():
        privacy.erase("member_no", EVE, by="ann", rebuild=lambda: rebuild(brand))
    # A receiver still writes one segment: it is there, blanked, and grows on.
    (live,) = journal.segments(small.workspace.journal)
    requests, _ = journal.read(live, 0, 1 << 20)
    assert [journal.is_blank(one) for _, one in requests] == [True, True]
    writer.append([request_of(event(who="m4"))])
    writer.close()
    small.drain()
    assert {row["event"] for row in small.events()} == {"page_viewed"}
    assert len(small.events()) == 3  # of m2, m3 and m4
    (receipt,) = privacy.receipts()
    assert receipt.status == "done"
    assert (receipt.counts["events"], receipt.counts["profiles"]) == (2, 1)
    assert (receipt.counts["attributes"], receipt.counts["quarantine"]) == (1, 3)
    left = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    for word in (EVE, "only-eve-reads-this", "dear to eve"):
        assert word.encode() not in left, word
    assert [row["p_price"] for row in small.events("p_price")] == [2.0, None, None]
    assert len(small.dump()["attributes"]) == 1
