"""How often each event and property came, by business day: counted in the lake itself.

Data files never change, so each is counted once and then known by its path: a look at a pond that
takes events by the second reads only the files that are new. Events made from orders are not in
the lake and have no volume here.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yutang.kit import clock
from yutang.workspace import Workspace

DAYS = 30
TRIES = 3  # a file may be merged away between the look at the log and the look into it


@dataclass(frozen=True)
class Volumes:
    """Counts of the last 30 business days: `days` are ISO dates, oldest first, today last; events
    by name and properties by field of the lake → one number a day. What did not come is absent."""

    days: tuple[str, ...]
    events: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    properties: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of_event(self, name: str) -> tuple[int, ...]:
        return self.events.get(name, (0,) * len(self.days))

    def of_property(self, field_: str) -> tuple[int, ...]:
        return self.properties.get(field_, (0,) * len(self.days))


@dataclass(frozen=True)
class _Tally:
    """Rows of one data file: by event, and with a value by field."""

    events: Counter[str]
    fields: Counter[str]


class WordVolumes:
    """Volumes of one brand's events and properties; kept between looks."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._tallies: dict[str, _Tally] = {}
        self._lock = threading.Lock()

    def look(self) -> Volumes:
        """The last 30 business days as the lake stands now."""
        now, zone = self._workspace.now(), self._workspace.zone
        days = tuple(clock.iso_day(now - n * clock.DAY_MS, zone) for n in range(DAYS - 1, -1, -1))
        with self._lock:
            for left in range(TRIES, 0, -1):
                try:
                    return self._look(days)
                except FileNotFoundError:
                    if left == 1:
                        raise
        raise AssertionError  # the loop returns or raises

    def _look(self, days: tuple[str, ...]) -> Volumes:
        place = {day: i for i, day in enumerate(days)}
        lake = self._workspace.lake
        paths = lake.files("events") if lake.exists("events") else []
        wanted = {path: place[day] for path in paths if (day := _day_of(path)) in place}
        known = self._tallies
        root = lake.path("events")
        self._tallies = {
            path: known.get(path) or _count(str(root / path)) for path in sorted(wanted)
        }
        events: dict[str, list[int]] = {}
        fields: dict[str, list[int]] = {}
        for path, tally in self._tallies.items():
            at = wanted[path]
            for found, counts in ((events, tally.events), (fields, tally.fields)):
                for name, n in counts.items():
                    found.setdefault(name, [0] * len(days))[at] += n
        return Volumes(days, _fixed(events), _fixed(fields))


def _fixed(found: Mapping[str, list[int]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(counts) for name, counts in found.items()}


def _day_of(path: str) -> str:
    return path.rpartition("/")[0].removeprefix("day=")


def _count(path: str) -> _Tally:
    with pq.ParquetFile(path) as file:
        names = file.read(columns=["event"]).column("event")
        counted = pc.value_counts(names.combine_chunks()).to_pylist()
        events = Counter({str(one["values"]): int(one["counts"]) for one in counted})
        fields: Counter[str] = Counter()
        for one in file.schema_arrow:
            if one.name.startswith("p_") and (n := _present(file, one)):
                fields[one.name] = n
    return _Tally(events, fields)


def _present(file: pq.ParquetFile, column: pa.Field) -> int:
    """Rows with a value: from the file's statistics, which a list does not have."""
    meta, place = file.metadata, file.schema_arrow.get_field_index(column.name)
    flat = meta.num_columns == len(file.schema_arrow) and not pa.types.is_nested(column.type)
    total = 0
    for group in range(meta.num_row_groups):
        stats = meta.row_group(group).column(place).statistics if flat else None
        if stats is None or not stats.has_null_count:
            values = file.read(columns=[column.name]).column(column.name)
            return len(values) - int(values.null_count)
        total += meta.row_group(group).num_rows - stats.null_count
    return total
