"""Killed at any step of a commit, the stream goes on as if nothing had happened."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.small_brand import HOUR, NOW
from tests.tracking import (
    KEY,
    TrackedBrand,
    add_source,
    event,
    open_tracked,
    profile,
    request_of,
)
from yutang.journal import SegmentWriter

pytestmark = pytest.mark.slow

BUDGET = 4  # records of a batch


class Dead(BaseException):
    """Stands for the process dying at a step."""


def requests() -> list[Any]:
    """Two sources, repeats, bad and late records, values that do not fit, profiles, items."""
    found = []
    for n in range(6):
        at = NOW + n * 1_000
        found.append(
            request_of(
                event(who=f"m{n % 3}", time=at, properties={"depth": n, "page": f"p{n}"}),
                event("cart_added", f"m{n}", at, properties={"depth": "deep" if n % 2 else 1}),
                event(who=f"m{n}", time=NOW, message_id=f"id{n % 4}", properties={"n": n // 4}),
                {"event": 1} if n == 2 else event(who="m1", time=at - 400 * 24 * HOUR),
                profile(("increment", "visits", 1), ("set", "level", n), who=f"m{n % 2}", time=at),
                profile(("append", "likes", [f"c{n}"]), who="m1", time=at - 5_000),
                event("", act="item", item=["sku", f"s{n % 2}"], properties={"price": n}, time=at),
                at=at,
                key=KEY if n % 2 else "other",
            )
        )
    return found


@lru_cache(maxsize=1)
def prepared() -> Path:
    """An installation whose journal holds these requests, some of them twice."""
    home = Path(mkdtemp()) / "home"
    brand = open_tracked(home)
    with brand.workspace.db.write() as connection:
        add_source(connection, "shop", "other")
    made = requests()
    for part in (made[:4], made[2:]):
        writer = SegmentWriter(brand.workspace.journal, now=lambda: NOW)
        for request in part:
            writer.append([request])
        writer.close()
    brand.workspace.db.close()
    return home


def opened(folder: Path, step: Callable[[str], None] = lambda _name: None) -> TrackedBrand:
    home = folder / "home"
    if not home.exists():
        shutil.copytree(prepared(), home)
    return open_tracked(home, step)


def drain(brand: TrackedBrand) -> None:
    with brand.workspace.writer():
        while brand.stream.step(BUDGET):
            pass
        brand.stream.clear(0)


@lru_cache(maxsize=1)
def undisturbed() -> tuple[dict[str, Any], tuple[str, ...]]:
    steps: list[str] = []
    folder = Path(mkdtemp())
    drain(opened(folder, steps.append))
    return opened(folder).dump(), tuple(steps)


STEPS = (
    "state", "delta:events", "keys:events", "lake:events", "delta:profiles", "keys:profiles",
    "lake:profiles", "counters", "cleared",
)  # fmt: skip
PLACES = 55  # steps of the whole run


def test_the_run_meets_every_kind_of_step() -> None:
    dump, steps = undisturbed()
    assert set(steps) == set(STEPS)
    assert len(steps) == PLACES
    # 6 × 3 events, of which two have an id that stood for something else
    assert len(dump["lake:events"]) == 16
    assert len(dump["lake:profiles"]) == 18
    assert len(dump["items"]) == 2


@pytest.mark.parametrize("step", STEPS)
def test_a_death_after_any_step_changes_nothing(step: str, tmp_path: Path) -> None:
    """In the middle of the run."""
    places = [place for place, name in enumerate(undisturbed()[1]) if name == step]
    _die_at(places[len(places) // 2], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(PLACES))
def test_a_death_at_any_place_changes_nothing(place: int, tmp_path: Path) -> None:
    _die_at(place, tmp_path)


def _die_at(place: int, folder: Path) -> None:
    expected, steps = undisturbed()
    seen: list[str] = []

    def die(name: str) -> None:
        seen.append(name)
        if len(seen) == place + 1:
            raise Dead

    brand = opened(folder, die)
    with pytest.raises(Dead):
        drain(brand)
    assert seen[-1] == steps[place]
    brand.workspace.db.close()
    drain(opened(folder))
    found = opened(folder).dump()
    for name, rows in expected.items():
        assert found[name] == rows, name


def test_a_death_at_every_step_in_turn_changes_nothing(tmp_path: Path) -> None:
    expected, _ = undisturbed()
    for survived in range(1, 200):
        left = [survived % 7 + 1]

        def die(_name: str, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise Dead

        brand = opened(tmp_path, die)
        try:
            drain(brand)
        except Dead:
            brand.workspace.db.close()
            continue
        break
    found = opened(tmp_path).dump()
    for name, rows in expected.items():
        assert found[name] == rows, name


def test_the_same_requests_again_add_nothing(tmp_path: Path) -> None:
    brand = opened(tmp_path)
    drain(brand)
    writer = SegmentWriter(brand.workspace.journal)
    writer.append(requests())
    writer.close()
    drain(brand)
    expected, found = undisturbed()[0], brand.dump()
    for name in (
        "lake:events", "lake:profiles", "items", "attributes", "quarantine", "identities",
        "customers",
    ):  # fmt: skip
        assert found[name] == expected[name], name
