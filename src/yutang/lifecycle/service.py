"""The lifecycle of one brand's customers: sizes, movements, the rule, the strategy matrix."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from yutang.customers import (
    AXES,
    DEFAULT,
    SOURCES,
    STAGES,
    Customers,
    LifecycleRule,
    Moments,
    ReturnCurve,
    RuleVersion,
    Snapshot,
    observations,
    return_curve,
    views,
)
from yutang.customers.standing import told_again
from yutang.errors import BadInput, NotFound
from yutang.kit import clock
from yutang.lifecycle import matrix, movements, periods
from yutang.lifecycle.matrix import CellChoice, Matrix, MatrixVersion
from yutang.lifecycle.movements import Movements, Trend
from yutang.lifecycle.periods import Between
from yutang.sequence.calendar import day_of
from yutang.workspace import Workspace

TREND_MONTHS = 13
_KEPT_STATES = 8  # arrays of a byte a customer


@dataclass(frozen=True)
class IntervalRow:
    """Return of one category ("" = the whole brand): gaps seen, purchase days not followed yet,
    share that comes back, days by which half and the slow share came back (None without gaps), days
    until dormant and lost, where these come from (SOURCES), was it watched long enough, and how
    many buyers bought of it last."""

    category: str
    gaps: int
    open: int
    returning: float
    median: float | None
    slow: float | None
    dormant: int
    lost: int
    source: str
    long_enough: bool
    buyers: int


@dataclass(frozen=True)
class Preview:
    """What a rule would change: axis → (sizes now, sizes then), and how many people would stand in
    another stage; `flows` (stage now, stage then, people)."""

    sizes: Mapping[str, tuple[dict[str, int], dict[str, int]]]
    changed: int
    flows: list[tuple[str, str, int]]

    def to_json(self) -> dict[str, Any]:
        return {
            "changed": self.changed,
            "flows": [{"now": a, "then": b, "people": n} for a, b, n in self.flows],
            "sizes": {axis: {"now": a, "then": b} for axis, (a, b) in self.sizes.items()},
        }


class Lifecycle:
    """Stages over time and what follows from them."""

    def __init__(self, workspace: Workspace, customers: Customers) -> None:
        self._workspace = workspace
        self._customers = customers
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] = (0, 0)
        self._kept: dict[tuple[Any, ...], Any] = {}

    # --- how it stands -----------------------------------------------------------------------
    def today(self) -> date:
        """The business day of the newest fact."""
        return day_of(self._customers.snapshot().as_of, self._workspace.zone)

    def sizes(self, axis: str = "stage") -> dict[str, int]:
        """State → people, today. Raises BadInput."""
        codes, people = _codes(axis), self._customers.snapshot().people
        counts = np.bincount(getattr(people, axis)[people.alive], minlength=len(codes))
        return dict(zip(codes, counts.tolist(), strict=True))

    def is_waiting(self) -> bool:
        """Is a newer rule in force than the numbers were made by?"""
        return not self._customers.is_by_the_rule()

    def intervals(self) -> list[IntervalRow]:
        """The whole brand first, then categories by their buyers."""
        snapshot = self._customers.snapshot()
        found, words = snapshot.intervals, snapshot.words.get("category", [])
        people = snapshot.people
        bought = people.alive & (people.orders > 0)
        last = np.bincount(people.category[bought] + 1, minlength=len(words) + 1)
        enough, names = found.long_enough(), list(SOURCES)
        rows = [
            IntervalRow(
                words[kind] if kind >= 0 else "",
                int(found.gaps[i]),
                int(found.open[i]),
                float(found.returning[i]),
                _known(found.median[i]),
                _known(found.slow[i]),
                int(found.dormant_after[i]),
                int(found.lost_after[i]),
                names[found.source[i]],
                bool(enough[i]),
                int(last[kind + 1]) if kind >= 0 else int(bought.sum()),
            )
            for i, kind in enumerate(found.category.tolist())
        ]
        return rows[:1] + sorted(rows[1:], key=lambda row: (-row.buyers, row.category))

    def curve(self, category: str = "") -> ReturnCurve:
        """The return curve of a category, or of the brand. Raises NotFound."""
        snapshot = self._customers.snapshot()
        days, words = snapshot.days, snapshot.words.get("category", [])
        if category and category not in words:
            raise NotFound("There is no category “%(name)s”.", name=category[:60])
        duration, followed = observations(days.customer, days.day, clock_day(snapshot, self._zone))
        if category:
            rows = days.category == words.index(category)
            duration, followed = duration[rows], followed[rows]
        return return_curve(duration, followed)

    # --- movements ---------------------------------------------------------------------------
    def between(
        self, preset: str = "", first: date | None = None, last: date | None = None
    ) -> Between:
        """The days of a preset (PRESETS), or those given. Raises BadInput."""
        return periods.between(preset, self.today(), first, last)

    def movements(self, axis: str, between: Between) -> Movements:
        """Who was in which state before the period and is in which after it. Raises BadInput."""
        codes = _codes(axis)
        before, after = self._ends(axis, between)
        return movements.counted(axis, between, codes, before, after)

    def movers(self, axis: str, between: Between, before: str, after: str) -> BitMap:
        """The people of a flow; "" = from anywhere, to anywhere. Raises BadInput."""
        try:
            ids = movements.movers(_codes(axis), *self._ends(axis, between), (before, after))
        except KeyError as error:
            raise BadInput("There is no such state on this axis.") from error
        return BitMap(ids.astype(np.uint32))

    def trend(self, axis: str = "stage", months: int = TREND_MONTHS) -> Trend:
        """Sizes at the ends of the last months, and today. Raises BadInput."""
        codes = tuple(_codes(axis))
        days = periods.month_ends(self.today(), months)
        snapshot = self._customers.snapshot()

        def made() -> NDArray[np.int64]:
            at = [self._states(snapshot, axis, _end_of(day, self._zone)) for day in days]
            return np.stack([movements.sizes(codes, one) for one in at])

        with self._lock:
            counts = self._once(snapshot, ("trend", axis, months), made)
        return Trend(axis, tuple(days), codes, counts)

    def people(self, origin: Mapping[str, Any]) -> BitMap:
        """The people behind a reference of this feature, by the rules of today.

        {"kind": "lifecycle", axis, first, last, before, after} or {"kind": "matrix", cell} or
        {"kind": "matrix", action}. Raises BadInput, NotFound, KeyError, ValueError.
        """
        if origin["kind"] == "lifecycle":
            days = (date.fromisoformat(origin[end]) for end in ("first", "last"))
            between = self.between("", *days)
            before, after = str(origin.get("before", "")), str(origin.get("after", ""))
            return self.movers(str(origin["axis"]), between, before, after)
        if "action" in origin:
            return self.matrix_people(action=str(origin["action"]))
        return self.matrix_people(cell=str(origin["cell"]))

    # --- the rule ----------------------------------------------------------------------------
    def rule(self) -> RuleVersion:
        """The rule in force."""
        return self._customers.rule()

    def versions(self) -> list[RuleVersion]:
        """Newest first; the defaults stand last."""
        found = self._customers.rule_versions()
        return found if found[-1].version == 0 else [*found, DEFAULT]

    def preview(self, rule: LifecycleRule) -> Preview:
        """How sizes would change under a rule. AIPL and 5A wait for the new numbers."""
        snapshot = self._customers.snapshot()
        now, then = snapshot.people, told_again(snapshot, rule, self._zone)
        alive = now.alive
        sizes = {}
        for axis, codes in (
            ("stage", list(STAGES)), ("nes", list(views.NES)),
            ("value_tier", list(views.TIERS)), ("fatigue", list(views.FATIGUES)),
        ):  # fmt: skip
            both = (np.bincount(getattr(p, axis)[alive], minlength=len(codes)) for p in (now, then))
            a, b = (dict(zip(codes, counts.tolist(), strict=True)) for counts in both)
            sizes[axis] = (a, b)
        moved = movements.counted(
            "stage", Between(self.today(), self.today()), list(STAGES),
            now.stage[alive], then.stage[alive],
        )  # fmt: skip
        flows = [one for one in moved.flows() if one[0] != one[1]]
        return Preview(sizes, moved.moved, flows)

    def set_rule(self, rule: LifecycleRule, *, by: str, note: str = "") -> RuleVersion:
        """Put a rule in force; the worker counts anew. Raises BadInput."""
        return self._customers.set_rule(rule, by=by, note=note)

    def go_back(self, version: int, *, by: str) -> RuleVersion:
        """Put an earlier version in force again, as a new one. Raises NotFound."""
        for one in self.versions():
            if one.version == version:
                return self.set_rule(one.rule, by=by, note=f"= {version}")
        raise NotFound("There is no version %(n)d of this rule.", n=version)

    # --- the matrix --------------------------------------------------------------------------
    def matrix(self) -> Matrix:
        """The strategy matrix of today."""
        return matrix.counted(self._customers.snapshot(), self.matrix_versions()[0])

    def matrix_versions(self) -> list[MatrixVersion]:
        """Newest first."""
        with self._workspace.db.read() as connection:
            return matrix.versions(connection)

    def set_cells(
        self, changes: Mapping[str, CellChoice | None], *, by: str, note: str = ""
    ) -> MatrixVersion:
        """Choose what cells get; None takes a choice back. Raises BadInput."""
        at = self._workspace.now()
        with self._workspace.db.write() as connection:
            known = matrix.versions(connection)[0].cells
            cells = matrix.with_changes(known, changes)
            return matrix.add_version(connection, cells, by=by, at=at, note=note)

    def restore_matrix(self, version: int, *, by: str) -> MatrixVersion:
        """Go back to an earlier version, as a new one; 0 = the defaults. Raises NotFound."""
        at = self._workspace.now()
        with self._workspace.db.write() as connection:
            for one in [*matrix.versions(connection), matrix.DEFAULT]:
                if one.version == version:
                    return matrix.add_version(
                        connection, one.cells, by=by, at=at, note=f"= {version}"
                    )
        raise NotFound("There is no version %(n)d of the matrix.", n=version)

    def matrix_people(self, *, cell: str = "", action: str = "") -> BitMap:
        """The people of a cell, or of all cells that get an action. Raises BadInput."""
        if action and action not in matrix.ACTIONS:
            raise BadInput("There is no action “%(name)s”.", name=action[:40])
        if not action and cell not in matrix.KEYS:
            raise BadInput("The strategy matrix has no cell “%(key)s”.", key=cell[:60])
        wanted = np.zeros(len(matrix.KEYS) + 1, bool)  # the last place: nobody
        chosen = self.matrix_versions()[0].cells
        for i, key in enumerate(matrix.KEYS):
            gets = chosen[key].action if key in chosen else matrix.default_of(key)[0]
            wanted[i] = gets == action if action else key == cell
        at = matrix.codes(self._customers.snapshot())
        return BitMap(np.flatnonzero(wanted[at]).astype(np.uint32))

    # --- inside ------------------------------------------------------------------------------
    @property
    def _zone(self) -> str:
        return self._workspace.zone

    def _ends(self, axis: str, between: Between) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        snapshot = self._customers.snapshot()
        before, after = between.moments(self._zone)
        with self._lock:
            return self._states(snapshot, axis, before), self._states(snapshot, axis, after)

    def _states(self, snapshot: Snapshot, axis: str, moment: int) -> NDArray[np.uint8]:
        """The caller holds the lock."""
        made = self._once(snapshot, ("moments",), lambda: Moments(snapshot, self._zone))
        moment = min(moment, snapshot.as_of + 1)
        key = ("states", axis, moment)
        found = self._once(snapshot, key, lambda: made.states(axis, moment))
        old = [one for one in self._kept if one[0] == "states" and one != key]
        for one in old[: max(0, len(old) - _KEPT_STATES + 1)]:
            del self._kept[one]
        return cast("NDArray[np.uint8]", found)

    def _once(self, snapshot: Snapshot, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        stamp = (snapshot.version, snapshot.made_at)
        if stamp != self._stamp:
            self._stamp, self._kept = stamp, {}
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


def clock_day(snapshot: Snapshot, zone: str) -> int:
    """The business day of the newest fact, since 1970."""
    return int(clock.day_numbers(np.array([snapshot.as_of]), zone)[0])


def _end_of(day: date, zone: str) -> int:
    return Between(day, day).moments(zone)[1]


def _codes(axis: str) -> list[str]:
    if axis not in AXES:
        raise BadInput(
            "There is no axis “%(name)s”.",
            hint="Choose one of %(known)s.",
            name=axis[:40],
            known=", ".join(AXES),
        )
    return list(AXES[axis])


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
