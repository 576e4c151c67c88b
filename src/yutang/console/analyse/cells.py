"""Which people stand behind a number: from a row and a column to what a model's `people` is asked.

A cell names its row by the row's keys, and its column by `measure` or by the words that the model's
own `people` uses for it (MEASURES). A number that names nobody in particular (`None`) has no link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yutang.analysis import Column

# Columns that say which row it is though they hold numbers.
KEYS = (
    "step", "n", "layer", "cohort", "bucket", "segment", "channel", "state", "source", "target",
    "touch", "day", "rank", "page", "before",
)  # fmt: skip
# Columns that only describe the row's key: nobody is asked for them.
_BESIDE_KEYS = ("open", "n_to", "least", "below", "segment_en")
# The main table of a result.
MAIN = ""
# Further tables whose rows are cells.
TABLES: Mapping[str, tuple[str, ...]] = {
    "activity": ("flows", "total", "all", "groups"),
    "attribution": ("total",),
    "distribution": ("total", "all"),
    "form": ("fields", "total"),
    "funnel": ("trend",),
    "interval": ("total", "histogram"),
    "ltv": ("total",),
    "page": ("total", "next", "groups", "all"),
    "path": ("nodes", "total", "all"),
    "property": ("total",),
    "retention": ("summary", "groups", "total"),
    "rfm": ("movement",),
    "session": ("total", "groups", "periods", "entry", "exit"),
    "smart_path": ("total", "all", "groups"),
    "stickiness": ("periods", "all", "groups", "total"),
}
# What stands for a column; a column that is not here is asked for as `measure`.
MEASURES: Mapping[str, Mapping[str, Mapping[str, Any] | None]] = {
    "activity": {"people": {}},
    "attribution": {
        "touches": {"state": "touched"},
        "people": {"state": "touched"},
        "total.people": {"state": "converted"},
        "total.conversions": {"state": "converted"},
        "direct": None,
        "null_paths": None,
    },
    "distribution": {"people": {}},
    "form": {
        **{key: {} for key in ("attempts", "people", "touched", "fills")},
        **{state: {"state": state} for state in ("refilled", "blank", "abandoned")},
    },
    "funnel": {f"people_{k}": {"step": k} for k in range(1, 21)},
    "interval": {key: {} for key in ("pairs", "people")},
    "ltv": {state: {"state": state} for state in ("starters", "people", "payers", "open")},
    "page": {
        **{key: {} for key in ("views", "people", "times")},
        "entries": {"entry": True},
        "exits": {"exit": True},
        "bounces": None,
        **{f"people_{k}": {"stage": k} for k in range(1, 9)},
    },
    "path": {key: {} for key in ("people", "sessions")},
    "property": {"people": {}},
    "retention": dict.fromkeys(
        ("summary.size", "groups.size", "size_weighted", "people_weighted", "cohorts")
    ),
    "rfm": {key: {} for key in ("people", "orders", "revenue_fen")},
    "session": {**{key: {} for key in ("sessions", "people")}, "bounces": {"bounce": True}},
    "smart_path": {"people": {"state": "reached"}, "others": {"state": "others"}},
    "stickiness": {"units": None, "of_people": None},
}
# Counts of people: each stands for as many people as it says. Others count what people did.
OF_PEOPLE = (
    "people", "size", "starters", "payers", "others", "active", "stock", "inflow", "outflow",
    "new", "continuing", "returning", "paused", "dormant", "lost", "outside", "people_at_least",
)  # fmt: skip


def is_key(column: Column) -> bool:
    return column.kind in ("text", "group", "period") or column.name in KEYS


def cell_of(
    model: str,
    columns: Sequence[Column],
    row: Mapping[str, Any],
    column: str | None = None,
    *,
    table: str = MAIN,
    place: int = 0,
) -> dict[str, Any] | None:
    """What a model's `people` is asked for the people behind a row, or one of its numbers; None
    where nobody in particular stands behind it. `place`: of the row in its table."""
    if table != MAIN and table not in TABLES.get(model, ()):
        return None
    own = MEASURES.get(model, {})
    asked: Mapping[str, Any] | None = {}
    if column is not None:
        asked = own.get(f"{table}.{column}", own.get(column, {"measure": column}))
    if asked is None:
        return None
    beside = (*_BESIDE_KEYS, "stage") if model == "form" else _BESIDE_KEYS
    keys = {
        c.name: row[c.name]
        for c in columns
        if is_key(c) and c.kind != "group" and c.name not in beside
    }
    groups = [row[c.name] for c in columns if c.kind == "group"]
    if (model, table) == ("interval", "histogram"):
        if groups:
            return None
        keys = {"bucket": place}
    return {**keys, "group": groups, **asked}
