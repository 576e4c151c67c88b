"""Which of the things said of a person counts: by source, then by time (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from yutang.attributes.rules import WHOLE, State, sum_of, united

# Why something that was said counts, or does not.
ALONE = "alone"  # nobody else says anything
TRUSTED = "trusted"  # its source stands above those of the others
LATEST = "latest"  # said last, among sources that are alike
ADDED = "added"  # a sum, added to the latest one's
UNITED = "united"  # a list, united with the latest one's
OUTRANKED = "outranked"  # another source stands above its own
OLDER = "older"  # said before, among sources that are alike
COUNTS = (ALONE, TRUSTED, LATEST, ADDED, UNITED)


@dataclass(frozen=True)
class Said:
    """What one source last said of one identity of a customer; value is not None."""

    identity: int
    name: str
    source: str
    state: State


@dataclass(frozen=True)
class Verdict:
    """What one source says of one identity (time: UTC ms, when it said so last), and why it
    counts or not: one of the reasons above."""

    value: Any
    source: str
    identity: int
    time: int
    why: str

    @property
    def counts(self) -> bool:
        return self.why in COUNTS


@dataclass(frozen=True)
class Attribute:
    """An attribute of a customer: its value, and who said it last, when (UTC ms).

    said: all that is said of it, what counts first, then the latest.
    """

    name: str
    value: Any
    source: str
    time: int
    said: tuple[Verdict, ...] = ()


def of_person(said: Iterable[Said], ranks: Mapping[str, int]) -> list[Attribute]:
    """The attributes of somebody with several identities and sources, by name.

    ranks: source → place, 0 is trusted most; sources that are not in it are alike, and come last.
    The most trusted source wins. Among equals the latest wins; sums of several identities are
    added up, lists united.
    """
    by_name: dict[str, list[Said]] = {}
    for one in said:
        if one.name != WHOLE and one.state.value is not None:
            by_name.setdefault(one.name, []).append(one)
    return [_chosen(name, by_name[name], ranks) for name in sorted(by_name)]


def _chosen(name: str, found: list[Said], ranks: Mapping[str, int]) -> Attribute:
    last_rank = len(ranks)

    def rank(one: Said) -> int:
        return ranks.get(one.source, last_rank)

    best = min(map(rank, found))
    found = sorted(found, key=lambda one: (one.state.time, one.source, one.identity))
    pool = [one for one in found if rank(one) == best]
    last, value = pool[-1], pool[-1].state.value
    alike = [one for one in pool if one.state.kind == last.state.kind]
    if last.state.kind == "sum":
        value = 0
        for one in alike:
            value = sum_of(value, one.state.value)
    elif last.state.kind == "list":
        value = None
        for one in alike:
            value = united(value, one.state.value)
    joined = {"sum": ADDED, "list": UNITED}.get(last.state.kind)

    def why(one: Said) -> str:
        if one is last:
            return ALONE if len(found) == 1 else LATEST if len(pool) > 1 else TRUSTED
        if rank(one) != best:
            return OUTRANKED
        return joined if joined and one.state.kind == last.state.kind else OLDER

    verdicts = [
        Verdict(one.state.value, one.source, one.identity, one.state.time, why(one))
        for one in reversed(found)
    ]
    verdicts.sort(key=lambda one: not one.counts)
    return Attribute(name, value, last.source, last.state.time, tuple(verdicts))
