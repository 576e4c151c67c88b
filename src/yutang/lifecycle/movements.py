"""From which state to which customers moved: pure counting over two arrays of states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yutang.customers import NOBODY
from yutang.lifecycle.periods import Between

NEW = "new"  # before: not known yet


@dataclass(frozen=True)
class Movements:
    """People by their state before and after a period.

    codes: the k states of the axis; counts: int64 (k + 1, k), rows before (the last one: not known
    yet, NEW), columns after. Rows sum to who was there before, columns to who is there after.
    """

    axis: str
    between: Between
    codes: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def before(self) -> tuple[str, ...]:
        """The codes of the rows."""
        return (*self.codes, NEW)

    @property
    def moved(self) -> int:
        """Known before, and in another state after."""
        return int(self.counts[:-1].sum() - np.trace(self.counts[:-1]))

    @property
    def stayed(self) -> int:
        return int(np.trace(self.counts[:-1]))

    @property
    def came(self) -> int:
        return int(self.counts[-1].sum())

    def states(self) -> list[StateLine]:
        """Each state: how many before and after, in, out, and the share that stayed."""
        lines = []
        for i, code in enumerate(self.codes):
            before, after = int(self.counts[i].sum()), int(self.counts[:, i].sum())
            stayed = int(self.counts[i, i])
            lines.append(StateLine(code, before, after, after - stayed, before - stayed, stayed))
        return lines

    def flows(self) -> list[tuple[str, str, int]]:
        """(before, after, people) where there is anybody, the largest first."""
        found = [
            (self.before[i], self.codes[j], int(self.counts[i, j]))
            for i, j in np.argwhere(self.counts > 0).tolist()
        ]
        return sorted(found, key=lambda one: -one[2])

    def to_json(self) -> dict[str, Any]:
        return {
            "axis": self.axis,
            "first": self.between.first.isoformat(),
            "last": self.between.last.isoformat(),
            "stayed": self.stayed,
            "moved": self.moved,
            "new": self.came,
            "states": [line.to_json() for line in self.states()],
            "flows": [{"before": a, "after": b, "people": n} for a, b, n in self.flows()],
        }


@dataclass(frozen=True)
class StateLine:
    """One state over a period; people. net = after − before."""

    code: str
    before: int
    after: int
    entered: int
    left: int
    stayed: int

    @property
    def net(self) -> int:
        return self.after - self.before

    @property
    def kept(self) -> float | None:
        """Share of those before who are still in it; None without anybody."""
        return self.stayed / self.before if self.before else None

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "net": self.net, "kept": self.kept}


def counted(
    axis: str,
    between: Between,
    codes: Sequence[str],
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
) -> Movements:
    """Movements from states before and after (uint8 by customer id, NOBODY = not there)."""
    k = len(codes)
    there = np.flatnonzero(after != NOBODY)
    rows = before[there].astype(np.int64)
    rows[rows == NOBODY] = k
    counts = np.bincount(rows * k + after[there], minlength=(k + 1) * k)
    return Movements(axis, between, tuple(codes), counts.reshape(k + 1, k).astype(np.int64))


def movers(
    codes: Sequence[str],
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    moved: tuple[str, str],
) -> NDArray[np.int64]:
    """Ids of those who went from one state to another ("" = any). Raises KeyError."""
    place = {code: i for i, code in enumerate(codes)}
    mask = after != NOBODY
    if moved[0]:
        mask &= before == (NOBODY if moved[0] == NEW else place[moved[0]])
    if moved[1]:
        mask &= after == place[moved[1]]
    return np.flatnonzero(mask)


@dataclass(frozen=True)
class Trend:
    """Sizes of the states at the ends of months: days (the last one is today), counts int64
    (months, k)."""

    axis: str
    days: tuple[date, ...]
    codes: tuple[str, ...]
    counts: NDArray[np.int64]


def sizes(codes: Sequence[str], states: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many are in each state."""
    return np.bincount(states[states != NOBODY], minlength=len(codes)).astype(np.int64)
