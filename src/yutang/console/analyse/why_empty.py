"""Why an answer is empty, as far as asking again tells: the days, or the conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yutang import analysis
from yutang.console.analyse.cells import is_key
from yutang.errors import BadInput


@dataclass(frozen=True)
class Why:
    """`filtered`: without the condition on everybody there is something; `days`: over all days
    there is; unknown: events that were asked for and have never occurred."""

    filtered: bool = False
    days: bool = False
    unknown: tuple[str, ...] = ()


def why_empty(model: str, shards: Any, params: Mapping[str, Any], result: analysis.Result) -> Why:
    """Asks at most twice more, and only where there was nothing to see."""
    unknown = tuple(c.code for c in result.caveats if c.code == "unknown_event")
    without = {key: value for key, value in params.items() if key != "filter"}
    filtered = "filter" in params and _finds(model, shards, without)
    ever = {key: value for key, value in params.items() if key not in ("from", "to", "compare")}
    days = not filtered and ever != dict(params) and _finds(model, shards, ever)
    return Why(filtered, days, unknown)


def _finds(model: str, shards: Any, params: Mapping[str, Any]) -> bool:
    try:
        result = analysis.run(model, shards, params)
    except BadInput:
        return False
    return has_numbers(result)


def has_numbers(result: analysis.Result) -> bool:
    """Whether there is anything but zeros and names."""
    values = [column.name for column in result.columns if not is_key(column)]
    return any(row.get(name) for row in result.rows for name in values)
