"""How good suggestions are: against known truth, and against what people decided (pure)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
BANDS = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
_DOCUMENTED = Path(__file__).parent / "evaluated.json"


@dataclass(frozen=True)
class Score:
    """At a threshold: pairs suggested, how many of them are one person (right), and of all pairs
    that are one person how many were not suggested (missed)."""

    threshold: float
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Share of the suggestions that are right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Share of the true pairs that were suggested."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both."""
        if not self.right:
            return None
        return 2 * self.right / (2 * self.right + self.wrong + self.missed)

    def to_json(self) -> dict[str, Any]:
        rates = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {
            "threshold": self.threshold,
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.missed,
            **{name: None if rate is None else round(rate, 4) for name, rate in rates.items()},
        }


@dataclass(frozen=True)
class Band:
    """Suggestions of a range of probability [low, high) that somebody decided."""

    low: float
    high: float
    joined: int
    apart: int

    @property
    def precision(self) -> float | None:
        """Observed: share of them that were confirmed."""
        return self.joined / (self.joined + self.apart) if self.joined + self.apart else None


def evaluated(
    probabilities: Mapping[tuple[int, int], float],
    truth: Iterable[tuple[int, int]],
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[Score]:
    """By threshold; pairs are (smaller, larger)."""
    true = set(truth)
    found = []
    for threshold in thresholds:
        said = {pair for pair, probability in probabilities.items() if probability >= threshold}
        right = len(said & true)
        found.append(Score(threshold, right, len(said) - right, len(true) - right))
    return found


def bands_of(decided: Iterable[tuple[float, str]]) -> list[Band]:
    """By range of probability, of (probability, "joined" or "apart"); the surest first."""
    counts = {(low, answer): 0 for low in BANDS[:-1] for answer in ("joined", "apart")}
    for probability, answer in decided:
        low = max((edge for edge in BANDS[:-1] if edge <= probability), default=BANDS[0])
        counts[low, answer] += 1
    bands = [
        Band(low, high, counts[low, "joined"], counts[low, "apart"])
        for low, high in pairwise(BANDS)
    ]
    return bands[::-1]


@cache
def documented() -> dict[str, Any]:
    """The evaluation that benchmarks/linkage.py wrote last: `splink` (version), `on` (day), and by
    data set its records, true pairs and scores. Empty where it was never run."""
    if not _DOCUMENTED.exists():
        return {}
    found: dict[str, Any] = json.loads(_DOCUMENTED.read_text(encoding="utf-8"))
    return found
