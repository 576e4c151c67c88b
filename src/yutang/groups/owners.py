"""Groups by their owner, so that guides can be compared. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yutang.groups import figures, rules
from yutang.groups.service import EPOCH_DAY, Table
from yutang.groups.settings import Settings


@dataclass(frozen=True)
class OwnerLine:
    """One owner ("" = unknown). Sums over his active groups; members: memberships, so somebody in
    two groups counts twice; None where nothing can be seen. response_*: working hours. statistics:
    messages of his groups by the platform's statistics, where it gives them by owner only."""

    owner: str
    groups: int
    red: int
    members: int
    joined: int
    leave_rate: float | None
    messages: float | None
    active_week: float | None
    questions: float | None
    unanswered_share: float | None
    response_p50: float | None
    response_p90: float | None
    complaint_share: float | None
    statistics: float | None


def by_owner(table: Table, settings: Settings, zone: str) -> list[OwnerLine]:
    """A line for each owner of active groups, most members first."""
    mine: dict[str, list[int]] = {}
    red: dict[str, int] = {}
    for group in table.groups:
        if group.active and group.code >= 0:
            mine.setdefault(group.owner, []).append(group.code)
            red[group.owner] = red.get(group.owner, 0) + (group.health.level == "red")
    names = list(mine)
    owner_of = np.full(len(table.made), -1, np.int64)
    for place, name in enumerate(names):
        owner_of[mine[name]] = place
    middle, most = _waits(table, owner_of, len(names), settings, zone)
    told = _statistics(table)
    lines = [
        _line(table, name, mine[name], red[name], middle[place], most[place], told.get(name))
        for place, name in enumerate(names)
    ]
    return sorted(lines, key=lambda one: (-one.members, one.owner))


def _waits(
    table: Table, owner_of: np.ndarray, owners: int, settings: Settings, zone: str
) -> tuple[np.ndarray, np.ndarray]:
    """Median and 90 % of the working hours until an answer, by owner."""
    asked, found = table.made.questions, table.figures
    rows = np.flatnonzero((asked.day >= found.first) & (asked.day <= found.last))
    wait, done = figures.waits(table.made, settings, zone, rows)
    owner = owner_of[asked.group[rows]]
    told = done & (owner >= 0)
    return (
        rules.quantiles(owner[told], wait[told], 0.5, owners) / rules.HOUR_MS,
        rules.quantiles(owner[told], wait[told], 0.9, owners) / rules.HOUR_MS,
    )


def _statistics(table: Table) -> dict[str, float]:
    """Owner → messages in the period, of statistics that name no group."""
    made, reads = table.made, table.made.reads
    first, last = ((day - EPOCH_DAY).days for day in (table.first, table.last))
    rows = np.flatnonzero((reads.group < 0) & (reads.day >= first) & (reads.day <= last))
    sums = np.bincount(
        reads.owner[rows], np.nan_to_num(reads.messages[rows]), minlength=len(made.owners)
    )
    return {made.owners[i]: float(sums[i]) for i in np.unique(reads.owner[rows]).tolist()}


def _line(
    table: Table, name: str, codes: list[int], red: int, p50: float, p90: float,
    statistics: float | None,
) -> OwnerLine:  # fmt: skip
    found = table.figures

    def total(values: np.ndarray) -> float | None:
        known = values[codes]
        known = known[~np.isnan(known)]
        return float(known.sum()) if len(known) else None

    def share(part: np.ndarray, of: np.ndarray) -> float | None:
        rows = np.array(codes)[~np.isnan(part[codes]) & ~np.isnan(of[codes])]
        whole = float(of[rows].sum())
        return float(part[rows].sum()) / whole if whole > 0 else None

    # Shares of groups are put together by their members.
    spoke = found.active_week * found.members
    return OwnerLine(
        owner=name, groups=len(codes), red=red, members=int(total(found.members) or 0),
        joined=int(total(found.joined) or 0),
        leave_rate=share(found.left, found.start + found.joined),
        messages=total(found.messages), active_week=share(spoke, found.members),
        questions=total(found.questions),
        unanswered_share=share(found.unanswered, found.judged),
        response_p50=None if np.isnan(p50) else float(p50),
        response_p90=None if np.isnan(p90) else float(p90),
        complaint_share=share(found.complaints, found.told), statistics=statistics,
    )  # fmt: skip
