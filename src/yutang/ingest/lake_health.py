"""How large the lake is, and what came for which day: from its log, without opening a data file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from yutang.kit import clock
from yutang.lake import TABLES
from yutang.workspace import Workspace


@dataclass(frozen=True)
class TableHealth:
    """One table. `first_day` and `last_day` are business days of facts ("" without any)."""

    name: str
    rows: int
    files: int
    bytes: int
    versions: int
    crowded_days: int
    first_day: str
    last_day: str


@dataclass(frozen=True)
class Volumes:
    """Rows by business day: `days` are ISO dates, oldest first; `rows` table → one number a day."""

    days: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]


class LakeHealth:
    """The lake of one brand, in numbers."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def tables(self) -> list[TableHealth]:
        """Size and age of each table; no more than a few small files a day is normal, and
        `crowded_days` names the days that the next compaction will merge."""
        lake = self._workspace.lake
        found = []
        for name in TABLES:
            actions = self._actions(name)
            days = sorted(set(actions.column("partition.day").to_pylist())) if actions else []
            found.append(
                TableHealth(
                    name=name,
                    rows=lake.count(name),
                    files=actions.num_rows if actions else 0,
                    bytes=sum(actions.column("size_bytes").to_pylist()) if actions else 0,
                    versions=lake.version(name) + 1,
                    crowded_days=len(lake.crowded_days(name)),
                    first_day=days[0] if days else "",
                    last_day=days[-1] if days else "",
                )
            )
        return found

    def volumes(self, days: int = 90) -> Volumes:
        """Rows of the last `days` business days up to the newest fact of any table."""
        counts = {name: self._by_day(name) for name in TABLES}
        newest = max((day for one in counts.values() for day in one), default="")
        if not newest:
            return Volumes((), dict.fromkeys(TABLES, ()))
        last = int(np.datetime64(newest, "D").astype(np.int64))
        shown = tuple(clock.iso_of_day_number(last - n) for n in range(days - 1, -1, -1))
        return Volumes(
            shown,
            {name: tuple(one.get(day, 0) for day in shown) for name, one in counts.items()},
        )

    def last_event_at(self) -> int | None:
        """The time of the newest event (UTC ms)."""
        return self._workspace.lake.highest("time") or None

    def _by_day(self, name: str) -> dict[str, int]:
        actions = self._actions(name)
        found: dict[str, int] = {}
        if actions:
            rows = zip(
                actions.column("partition.day").to_pylist(),
                actions.column("num_records").to_pylist(),
                strict=True,
            )
            for day, n in rows:
                found[day] = found.get(day, 0) + int(n)
        return found

    def _actions(self, name: str) -> pa.Table | None:
        lake = self._workspace.lake
        if not lake.exists(name):
            return None
        found = pa.table(lake.delta(name).get_add_actions(flatten=True))
        return found if found.num_rows else None
