"""Everything but lake and state is a cache: made again, the numbers stay equal."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.small_brand import NOW, SmallBrand, open_brand_at, write_events, write_orders
from yutang.brand import Brand
from yutang.customers import CustomerQuery
from yutang.installation import Installation
from yutang.refresh import rebuild, refresh

pytestmark = pytest.mark.slow

FUNNEL = {
    "steps": [{"event": "page_viewed"}, {"event": "cart_added"}, {"event": "order_paid"}],
    "window": {"value": 30, "unit": "day"},
    "order": "any",
}


@pytest.fixture
def small(tmp_path: Path) -> SmallBrand:
    """A brand whose caches grew step by step: overlays, late facts, a merge."""
    small = open_brand_at(tmp_path / "home")
    for n in range(3):
        small.take("events", write_events(tmp_path / f"e{n}", first=n * 90, count=120))
        small.take("orders", write_orders(tmp_path / f"o{n}", first=n * 25, count=40))
        refresh(brand_of(small))
    return small


def brand_of(small: SmallBrand) -> Brand:
    home = small.workspace.root.parent.parent
    return Brand(Installation.open(home).get_brand("main"), small.workspace)


def numbers(small: SmallBrand) -> dict[str, Any]:
    brand = brand_of(small)
    book = brand.orders.current()
    return {
        "status": brand.status(),
        "orders": book.orders.to_pylist(),
        "lines": book.lines.to_pylist(),
        "funnel": brand.analyse("funnel", FUNNEL)["rows"],
        "customers": brand.customers.list_(CustomerQuery(size=100)).rows,
    }


def test_a_rebuild_changes_no_number(small: SmallBrand) -> None:
    before = numbers(small)
    assert before["funnel"][0]["people"] > 0
    with small.workspace.writer():
        rebuild(brand_of(small))
    assert numbers(small) == before


def test_a_rebuild_mends_what_is_torn(small: SmallBrand) -> None:
    before = numbers(small)
    for pointer in small.workspace.cache.rglob("current.json"):
        pointer.write_text("{ torn")
    for keys in (small.workspace.root / "lake" / "_keys").rglob("*.npy"):
        keys.write_bytes(b"")
    with small.workspace.writer():
        rebuild(brand_of(small))
    assert numbers(small) == before


def test_a_rebuild_leaves_nothing_of_the_old_caches(small: SmallBrand) -> None:
    def folders() -> set[Path]:
        return {path for path in small.workspace.cache.rglob("*") if path.is_dir()} - {
            small.workspace.cache / name
            for name in ("orders", "shards", "customers", "attributes", "groups", "groups/raw")
        }

    before = folders()
    ticks = itertools.count(NOW + 1)
    small.workspace.now = lambda: next(ticks)  # names of new folders carry the time
    with small.workspace.writer():
        rebuild(brand_of(small))
    both = before & folders()
    assert not both, sorted(str(p.relative_to(small.workspace.cache)) for p in both)
