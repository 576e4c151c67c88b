"""How the intake is doing: when facts last came in, how many, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from yutang.kit import clock
from yutang.state.brand import commits, counters
from yutang.workspace import Workspace

DAYS = 30


@dataclass(frozen=True)
class SourceHealth:
    """One source over the last 30 days: name → number, and accepted facts by business day.

    daily: the same for every name.
    """

    source: str
    counts: dict[str, int]
    last_day: str
    by_day: tuple[int, ...]
    daily: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def sum(self, name: str, days: int) -> int:
        """How many in the last so many business days."""
        return sum(self.daily.get(name, ())[-days:])


@dataclass(frozen=True)
class Intake:
    """`days` are the last 30 business days, ISO dates, oldest first."""

    days: tuple[str, ...]
    sources: tuple[SourceHealth, ...]


class IntakeHealth:
    """The intake of one brand, in numbers."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def updated_at(self) -> int | None:
        """When facts last came in (UTC ms); None without facts."""
        query = select(func.max(commits.c.at)).where(commits.c.status == "done")
        with self._workspace.db.read() as connection:
            found: int | None = connection.execute(query).scalar()
            return found

    def days(self) -> tuple[str, ...]:
        """The last 30 business days, ISO dates, oldest first."""
        now, zone = self._workspace.now(), self._workspace.zone
        return tuple(clock.iso_day(now - n * clock.DAY_MS, zone) for n in range(DAYS - 1, -1, -1))

    def look(self) -> Intake:
        """What each source brought in the last 30 days."""
        days = self.days()
        with self._workspace.db.read() as connection:
            rows = connection.execute(
                select(counters.c.source, counters.c.name, counters.c.day, counters.c.n).order_by(
                    counters.c.source
                )
            ).all()
        by_source: dict[str, list[tuple[str, str, int]]] = {}
        for source, name, day, n in rows:
            by_source.setdefault(str(source), []).append((str(name), str(day), int(n)))
        return Intake(
            days=days,
            sources=tuple(_of(source, found, days) for source, found in by_source.items()),
        )


def _of(source: str, rows: list[tuple[str, str, int]], days: tuple[str, ...]) -> SourceHealth:
    place = {day: i for i, day in enumerate(days)}
    daily: dict[str, list[int]] = {"accepted": [0] * len(days)}
    for name, day, n in rows:
        if day in place:
            daily.setdefault(name, [0] * len(days))[place[day]] += n
    counts = {name: total for name, by_day in daily.items() if (total := sum(by_day))}
    return SourceHealth(
        source,
        counts,
        max(day for _, day, _ in rows),
        tuple(daily["accepted"]),
        {name: tuple(by_day) for name, by_day in daily.items()},
    )
