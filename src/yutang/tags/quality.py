"""How good the tags are that guides set: coverage, freshness, agreement with behaviour. Pure.

coverage          contacts of a guide with at least one tag that a person set / his contacts
tags per contact  such tags on his contacts / his contacts
fresh             of these tags those that were set or confirmed within 90 days
precision         of his contacts with a tag that is tied to a behaviour: those who show it
recall            of his contacts who show the behaviour: those who have the tag
lift              precision / the share of all his contacts who show it: 1 is chance
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from yutang.kit.clock import DAY_MS

FRESH_DAYS = 90
SMALL = 30  # below so many people a share swings by more than ten points by chance alone
LEAST_Z = 3.5  # of tens of categories one stands out so far by chance once in a hundred tags


@dataclass(frozen=True)
class Contacts:
    """Live contacts: customer uint32, guide int32 (place in `guides`), since int64 UTC ms."""

    customer: np.ndarray
    guide: np.ndarray
    since: np.ndarray
    guides: Sequence[str]

    def since_(self, at: int) -> Contacts:
        """Those that began at `at` or later."""
        new = self.since >= at
        return Contacts(self.customer[new], self.guide[new], self.since[new], self.guides)


@dataclass(frozen=True)
class Holdings:
    """Tags that people set: customer uint32, tag int64, at int64 UTC ms, by int32 (place in
    `guides`, -1 somebody else)."""

    customer: np.ndarray
    tag: np.ndarray
    at: np.ndarray
    by: np.ndarray


@dataclass(frozen=True)
class Agreement:
    """Counts of customers. tagged, shows: who has the tag, who shows the behaviour; both: both;
    by_chance: how many of the tagged would show it if they were drawn at random."""

    tagged: int
    shows: int
    both: int
    by_chance: float

    @property
    def precision(self) -> float | None:
        return self.both / self.tagged if self.tagged >= SMALL else None

    @property
    def recall(self) -> float | None:
        return self.both / self.shows if self.shows >= SMALL else None

    @property
    def lift(self) -> float | None:
        if self.tagged < SMALL or not self.by_chance:
            return None
        return self.both / self.by_chance


@dataclass(frozen=True)
class GuideQuality:
    """One guide. contacts, tagged: customers; tags: on these contacts; set: by the guide himself
    in the period; shares 0-1, None without any."""

    guide: str
    contacts: int
    tagged: int
    tags: int
    fresh: float | None
    median_days: float | None
    set: int
    agreement: Agreement

    @property
    def coverage(self) -> float | None:
        return self.tagged / self.contacts if self.contacts else None

    @property
    def per_contact(self) -> float | None:
        return self.tags / self.contacts if self.contacts else None


@dataclass(frozen=True)
class Found:
    """The category in which tagged buyers differ most from the others; shares of buyers 0-1."""

    category: str
    tagged: int
    buyers: int
    share: float
    share_others: float
    z: float

    @property
    def lift(self) -> float | None:
        return self.share / self.share_others if self.share_others else None


def guides_of(
    contacts: Contacts,
    holdings: Holdings,
    behaviours: Mapping[int, BitMap],
    now: int,
    since: int,
) -> list[GuideQuality]:
    """One line a guide with contacts. behaviours: tag → who shows what it is tied to; since: from
    when on tags count as set in the period."""
    guides = np.flatnonzero(np.bincount(contacts.guide, minlength=len(contacts.guides)))
    order = np.argsort(contacts.guide, kind="stable")
    ends = np.r_[guides, len(contacts.guides)]
    edges = np.asarray(np.searchsorted(contacts.guide[order], ends))
    by_customer = np.argsort(holdings.customer, kind="stable")
    sorted_customers = holdings.customer[by_customer]
    set_ = np.bincount(
        holdings.by[(holdings.by >= 0) & (holdings.at >= since)], minlength=len(contacts.guides)
    )
    found = []
    for place, guide in enumerate(guides.tolist()):
        mine = np.unique(contacts.customer[order[edges[place] : edges[place + 1]]])
        first = np.asarray(np.searchsorted(sorted_customers, mine, "left"))
        end = np.asarray(np.searchsorted(sorted_customers, mine, "right"))
        rows = by_customer[_ranges(first, end)]
        age = (now - holdings.at[rows]) / DAY_MS
        found.append(
            GuideQuality(
                contacts.guides[guide], mine.size, int((end > first).sum()), rows.size,
                float((age < FRESH_DAYS).mean()) if rows.size else None,
                float(np.median(age)) if rows.size else None, int(set_[guide]),
                _agreed(BitMap(mine), holdings, rows, behaviours),
            )
        )  # fmt: skip
    return found


def _ranges(first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """All positions of [first, end) after each other."""
    lengths = end - first
    steps = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    found: np.ndarray = np.repeat(first, lengths) + steps
    return found


def _agreed(
    contacts: BitMap, holdings: Holdings, rows: np.ndarray, behaviours: Mapping[int, BitMap]
) -> Agreement:
    """All tags that are tied to a behaviour, summed."""
    tagged, shows, both, chance = 0, 0, 0, 0.0
    for tag, does in behaviours.items():
        people = BitMap(holdings.customer[rows[holdings.tag[rows] == tag]])
        one = agreement(people, does, contacts)
        tagged, shows, both = tagged + one.tagged, shows + one.shows, both + one.both
        chance += one.by_chance
    return Agreement(tagged, shows, both, chance)


def agreement(people: BitMap, shows: BitMap, everybody: BitMap) -> Agreement:
    """Of a tag among these customers."""
    tagged, does = people & everybody, shows & everybody
    chance = len(tagged) * len(does) / len(everybody) if everybody else 0.0
    return Agreement(len(tagged), len(does), tagged.intersection_cardinality(does), chance)


def strongest(people: BitMap, buyers: Mapping[str, BitMap]) -> Found | None:
    """The category that tells tagged buyers from the others most clearly; None where none does,
    or where too few people are behind it."""
    everybody = BitMap.union(*buyers.values()) if buyers else BitMap()
    tagged = people & everybody
    n, m = len(tagged), len(everybody) - len(tagged)
    if min(n, m) < SMALL:
        return None
    best: Found | None = None
    for category, bought in buyers.items():
        a = tagged.intersection_cardinality(bought)
        b = len(bought) - a
        pooled = (a + b) / (n + m)
        spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        if a < SMALL or not spread:
            continue
        z = (a / n - b / m) / spread
        if abs(z) >= LEAST_Z and (best is None or abs(z) > abs(best.z)):
            best = Found(category, n, a, a / n, b / m, z)
    return best
