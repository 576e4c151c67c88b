"""Values by cell of a result, carried from the views to the exact percentiles and means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from yutang.analysis.order_statistics import percentiles
from yutang.sequence.files import frozen
from yutang.sequence.kernels.cells import add_cells, sort_by_cell, sum_sorted

_MOST_INT32 = np.iinfo(np.int32).max


@dataclass(frozen=True)
class CellValues:
    """values: int32, int64 or float64, those of each cell side by side; cuts: int64 [cells + 1]."""

    values: np.ndarray
    cuts: np.ndarray

    @classmethod
    def of(cls, cell: np.ndarray, value: np.ndarray, cells: int) -> CellValues:
        """value float64 and cell int64, both by entry."""
        return cls(*sort_by_cell(frozen(cell), frozen(value), cells))

    def small(self) -> CellValues:
        """Whole numbers as int32 where they fit, as they nearly always do."""
        if self.values.size and self.values.max() > _MOST_INT32:
            return self
        return CellValues(self.values.astype(np.int32), self.cuts)

    @classmethod
    def join(
        cls, parts: Sequence[tuple[CellValues, np.ndarray]], cells: int, kind: type
    ) -> CellValues:
        """Of several views. parts: with the place (int64) of each of their cells among `cells`;
        kind: the type where there are no parts."""
        counts = np.zeros(cells, np.int64)
        for part, place in parts:
            counts[place] += np.diff(part.cuts)
        cuts = np.concatenate([[0], np.cumsum(counts)])
        dtype = np.result_type(kind, *(part.values.dtype for part, _ in parts))
        out, at = np.empty(cuts[-1], dtype), cuts[:-1].copy()
        for part, place in parts:
            values = frozen(part.values.astype(dtype, copy=False))
            add_cells(values, frozen(part.cuts), frozen(place), out, at)
        return cls(out, cuts)

    def percentiles(self, first: int, end: int, percents: tuple[int, ...]) -> list[float | None]:
        """Of the values of cells [first, end)."""
        return percentiles(self.values[self.cuts[first] : self.cuts[end]], percents)

    def sums(self) -> CellSums:
        """float64 values only."""
        total, lost = sum_sorted(frozen(self.values), frozen(self.cuts))
        return CellSums(total, lost, self.cuts)


@dataclass(frozen=True)
class CellSums:
    """float64 sums by cell and what rounding lost of them, and the cuts of their values."""

    total: np.ndarray
    lost: np.ndarray
    cuts: np.ndarray

    def mean(self, first: int, end: int) -> float | None:
        """Over the values of cells [first, end); None where there are none."""
        count = int(self.cuts[end] - self.cuts[first])
        if not count:
            return None
        return fsum([*self.total[first:end].tolist(), *self.lost[first:end].tolist()]) / count
