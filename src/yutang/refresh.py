"""After facts arrived: bring every cache of a brand up to date, in the order they build on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from yutang.jobs import mark_made

if TYPE_CHECKING:
    from yutang.brand import Brand

Progress = Callable[[str], None]


def refresh(brand: Brand, progress: Progress = lambda _step: None) -> None:
    """Refresh what is behind; the caller holds the writer lock."""
    from yutang import sequence

    progress("orders")
    brand.orders.refresh()
    progress("shards")
    sequence.refresh(brand.facts, brand.shard_folder)
    progress("customers")
    brand.customers.refresh()
    brand.attributes.refresh_columns(brand.identities)
    progress("groups")
    brand.groups.refresh()
    progress("tags")
    retag(brand)
    progress("segments")
    brand.living.refresh()
    mark_made(brand.workspace.cache, brand.orders.current().version)


def retag(brand: Brand) -> None:
    """What events say of tags, and what computed tags ask, after the facts have moved."""
    with_events = brand.tag_events.take()
    snapshot = brand.customers.snapshot()
    if with_events or brand.tag_rules.is_behind(snapshot.version):
        brand.tag_rules.recompute(snapshot.version)


def refresh_analysis(brand: Brand) -> None:
    """Refresh what analyses read, and leave the customers' profiles for later: while events flow,
    a funnel has them within seconds. The caller holds the writer lock."""
    from yutang import sequence

    brand.orders.refresh()
    sequence.refresh(brand.facts, brand.shard_folder)


def rebuild(brand: Brand, progress: Progress = lambda _step: None) -> None:
    """Make every cache again from the lake and the state; nothing of the old ones stays."""
    from yutang import sequence
    from yutang.lake import TABLES

    progress("keys")
    for table in TABLES:
        brand.workspace.lake.rebuild_keys(table)
    progress("attributes")
    brand.attributes.rebuild()
    progress("orders")
    brand.orders.refresh(whole=True)
    progress("shards")
    sequence.build(brand.facts, brand.shard_folder)
    progress("customers")
    brand.customers.refresh(whole=True)
    brand.attributes.refresh_columns(brand.identities, whole=True)
    progress("groups")
    brand.groups.refresh(whole=True)
    brand.predictions.clear()  # the worker fits them again
    mark_made(brand.workspace.cache, brand.orders.current().version)
