"""Rules asked of a brand: how many, who, and why somebody is in or out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyroaring import BitMap

from yutang.customers import Customers
from yutang.errors import NotFound
from yutang.segments.asking import Asking, Ground, Masks, today_of
from yutang.segments.person import Person, Why, is_in
from yutang.segments.tree import conditions, read_rule
from yutang.sequence import ShardSet


@dataclass(frozen=True)
class Grounds:
    """Makes the ground of this moment; see `asking.Ground`."""

    customers: Callable[[], Customers]
    shards: Callable[[], ShardSet]
    zone: str
    in_segment: Callable[[int], BitMap]
    behind: Callable[[Mapping[str, Any]], BitMap]
    tagged: Callable[[int], BitMap] | None
    consenting: Callable[[str, str], BitMap] | None

    def now(self) -> Ground:
        customers = self.customers()
        snapshot = customers.snapshot()
        try:
            shards: ShardSet | None = self.shards()
        except NotFound:
            shards = None
        attributes = shards.attributes if shards is not None else customers.attributes()
        return Ground(
            snapshot=snapshot, shards=shards, attributes=attributes, zone=self.zone,
            today=today_of(snapshot, self.zone), in_segment=self.in_segment,
            behind=self.behind, tagged=self.tagged, consenting=self.consenting,
        )  # fmt: skip


@dataclass(frozen=True)
class Counted:
    """count: people who fulfil a rule, of `total`. as_of: the newest fact, UTC ms; relative days
    count from its business day. each: of the conditions, from left to right, how many fulfil it
    by itself."""

    count: int
    total: int
    as_of: int
    seconds: float
    people: np.ndarray
    each: tuple[int, ...] = ()

    def sample(self, n: int) -> BitMap:
        """n of them, spread evenly over the customer numbers: the same ones each time."""
        picked = np.linspace(0, self.people.size - 1, min(n, self.people.size)).astype(np.int64)
        return BitMap(self.people[np.unique(picked)])


class Rules:
    """Asks rules of one brand; keeps what single conditions answered while the facts stand."""

    def __init__(self, grounds: Grounds) -> None:
        self._grounds = grounds
        self._masks = Masks()

    def ground(self) -> Ground:
        """What rules are asked of now."""
        return self._grounds.now()

    def people(self, tree: Any) -> BitMap:
        """Who fulfils the rule. Raises BadInput."""
        return Asking(self.ground(), self._masks).people(read_rule(tree))

    def count(self, tree: Any, *, each: bool = False) -> Counted:
        """How many fulfil the rule; each: also every condition by itself. Raises BadInput."""
        started = time.perf_counter()
        node, ground = read_rule(tree), self.ground()
        asking = Asking(ground, self._masks)
        mask = asking.mask(node)
        alive = ground.snapshot.people.alive
        parts = conditions(node) if each else []
        single = tuple(int(np.count_nonzero(asking.one(one) & alive)) for one in parts)
        people = np.flatnonzero(mask).astype(np.uint32)
        seconds = round(time.perf_counter() - started, 4)
        total = int(np.count_nonzero(alive))
        return Counted(people.size, total, ground.snapshot.as_of, seconds, people, single)

    def why(self, tree: Any, customer: int) -> Why:
        """Why a customer is in or out. Raises BadInput."""
        return Person(self.ground(), customer).why(read_rule(tree))

    def holds(self, tree: Any, customer: int) -> bool:
        """Does one person fulfil the rule now? Raises BadInput."""
        return is_in(self.ground(), read_rule(tree), customer)
