"""Credit for paths that were counted elsewhere: a CSV file of paths instead of facts.

Columns: `path` ("A > B > C"), `conversions`, and if known `value` and `nulls` (how often the path
ended without a conversion); `total_conversions`, `total_conversion_value` and `total_null` are
understood, too. A path may stand in several rows. Time decay needs times, which a path has not.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from yutang.analysis.credit import Paths, Rule, credit, markov, steps
from yutang.errors import BadInput

SEPARATOR = ">"
RULES: tuple[Rule, ...] = (
    "first", "last", "last_non_direct", "linear", "linear_distinct", "position", "markov",
)  # fmt: skip
_NAMES = {
    "total_conversions": "conversions",
    "total_conversion_value": "value",
    "total_null": "nulls",
}


@dataclass(frozen=True)
class CountedPaths:
    """Channels by name, and their paths with how often each converted and did not (float64)."""

    names: list[str]
    paths: Paths
    nulls: np.ndarray


def read_paths(lines: Iterable[str]) -> CountedPaths:
    """The paths of a CSV file. Raises BadInput with the line."""
    reader = csv.DictReader(lines)
    columns = {_NAMES.get(name.strip(), name.strip()): name for name in reader.fieldnames or []}
    for needed in ("path", "conversions"):
        if needed not in columns:
            raise BadInput(
                "The file has no column %(name)s.",
                hint="It needs path, conversions, and if known value and nulls.",
                name=needed,
            )
    codes: dict[str, int] = {}
    channel: list[int] = []
    lengths: list[int] = []
    numbers: list[list[float]] = []
    for row in reader:
        touched = [part.strip() for part in (row[columns["path"]] or "").split(SEPARATOR)]
        if not all(touched):
            raise BadInput(
                "Line %(line)d: a channel of the path has no name.", line=reader.line_num
            )
        channel += [codes.setdefault(name, len(codes)) for name in touched]
        lengths.append(len(touched))
        numbers.append(
            [
                _number(row, columns, name, reader.line_num)
                for name in ("conversions", "value", "nulls")
            ]
        )
    counted = np.array(numbers, np.float64).reshape(-1, 3)
    paths = Paths(
        channel=np.array(channel, np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        age=np.empty(0),
        conversions=counted[:, 0],
        value=counted[:, 1],
        channels=len(codes),
    )
    return CountedPaths(list(codes), paths, counted[:, 2])


def _number(row: dict[str, Any], columns: dict[str, str], name: str, line: int) -> float:
    text = (row.get(columns.get(name, "")) or "").strip()
    if not text:
        return 0.0
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise BadInput(
            "Line %(line)d: %(name)s is no number from 0 on: %(text)s.",
            line=line,
            name=name,
            text=repr(text),
        )
    return number


def credit_paths(
    counted: CountedPaths, rules: Sequence[Rule], *, direct: Sequence[str] = (), nulls: bool = True
) -> list[dict[str, Any]]:
    """Rows by rule and channel: model, channel, conversions, value, removal_effect (Markov only).

    direct: channels that are direct; nulls: whether paths without a conversion count (Markov).
    Raises BadInput for a rule that needs times.
    """
    paths, names = counted.paths, counted.names
    is_direct = np.array([name in direct for name in names], np.bool_)
    rows = []
    for rule in rules:
        effects: Sequence[float | None] = [None] * len(names)
        if rule == "markov":
            found, removed = _markov(counted, nulls)
            effects = removed.tolist()
        elif rule in RULES:
            found = credit(rule, paths, is_direct, 1.0)
        else:
            raise BadInput(
                "The rule %(rule)s needs times, which a file of paths does not have.", rule=rule
            )
        for name, effect, conversions, value in zip(names, effects, *found.tolist(), strict=True):
            rows.append(
                {
                    "model": rule,
                    "channel": name,
                    "conversions": conversions,
                    "value": value,
                    "removal_effect": effect,
                }
            )
    return rows


def _markov(counted: CountedPaths, nulls: bool) -> tuple[np.ndarray, np.ndarray]:
    paths = counted.paths
    converting = steps(paths.channel, paths.offsets, paths.conversions, paths.channels)
    weight = counted.nulls if nulls else np.zeros_like(counted.nulls)
    lost = steps(paths.channel, paths.offsets, weight, paths.channels)
    return markov(converting, lost, float(paths.conversions.sum()), float(paths.value.sum()))
