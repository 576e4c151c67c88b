"""A race: one model beside chdb and DuckDB, over the same events; equal results come first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines import Answers, Chdb, DuckDb, Rows
from yutang import analysis
from yutang.sequence import ShardSet
from yutang.sequence.executors import Threads

ROUNDS, DUCKDB_ROUNDS = 5, 2
HOPELESS = 3  # a way that takes so many times as long as the best is not asked again
OURS, CHDB, DUCKDB = "Yutang", "chdb", "DuckDB"


@dataclass(frozen=True)
class Race:
    """A question. read: the rows of our answer that SQL gives too; the order of rows does not
    matter, nor do rows whose last number is a zero when `counts`. goals: how many times as fast as
    an engine, or as the better of both (""), the model has to be.
    """

    model: str
    params: Mapping[str, Any]
    read: Callable[[analysis.Result], Rows]
    chdb: Mapping[str, str]
    duckdb: Mapping[str, str]
    about: str = ""
    counts: bool = False
    goals: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.model}, {self.about}" if self.about else self.model


@dataclass(frozen=True)
class Outcome:
    """Best seconds by "engine, way"."""

    race: Race
    seconds: Mapping[str, float]
    rows: int

    def best(self, engine: str) -> float:
        """The best of an engine's ways; of both engines for ""."""
        names = [n for n in self.seconds if n.startswith(engine or (CHDB, DUCKDB))]
        return min((self.seconds[name] for name in names), default=math.nan)

    def ratio(self, engine: str = "") -> float:
        return self.best(engine) / self.seconds[OURS]


def run(race: Race, shards: ShardSet, chdb: Chdb, duck: DuckDb) -> Outcome:
    """Ours and chdb take turns; raises AssertionError where anybody's rows differ."""
    executor, best = Threads(), {OURS: math.inf}
    expected: Rows = []
    ways = dict(race.chdb)
    for _ in range(ROUNDS):
        result = analysis.run(race.model, shards, dict(race.params), executor=executor)
        best[OURS] = min(best[OURS], result.seconds)
        expected = _sorted(race, race.read(result))
        assert expected, "nothing was counted"
        _note(best, CHDB, race, expected, chdb.ask(ways))
        took = {way: best[f"{CHDB}, {way}"] for way in ways}
        ways = {w: race.chdb[w] for w in ways if took[w] <= HOPELESS * min(took.values())}
    _note(best, DUCKDB, race, expected, duck.ask(race.duckdb, rounds=DUCKDB_ROUNDS))
    return Outcome(race, best, len(expected))


def _note(
    best: dict[str, float], engine: str, race: Race, expected: Rows, answers: Answers
) -> None:
    for way, (seconds, rows) in answers.items():
        name = f"{engine}, {way}"
        found = _sorted(race, rows)
        assert same(expected, found), (race.name, name, expected[:5], found[:5])
        best[name] = min(best.get(name, math.inf), seconds)


def _sorted(race: Race, rows: Rows) -> Rows:
    kept = [row for row in rows if row[-1]] if race.counts else rows
    return sorted(kept, key=lambda row: [math.inf if x is None else x for x in row])


def same(ours: Rows, theirs: Rows) -> bool:
    """Equal, numbers but for the last digits of a float."""
    if [len(row) for row in ours] != [len(row) for row in theirs]:
        return False
    return all(
        a == b or (isinstance(a, float | int) and math.isclose(a, float(b), rel_tol=1e-9))
        for mine, other in zip(ours, theirs, strict=True)
        for a, b in zip(mine, other, strict=True)
    )


def said(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def verdicts(outcome: Outcome) -> list[str]:
    """Each goal and whether it was reached."""
    told = []
    for engine, goal in outcome.race.goals.items():
        ratio = outcome.ratio(engine)
        name = engine or "the better of both"
        told.append(f"{name} {ratio:.1f} x, goal {goal:g} x: {said(ratio >= goal)}")
    return told


def table(outcomes: list[Outcome], folder: Path) -> None:
    """Write the table of the docs."""
    lines = ["| model | Yutang, s | chdb, s | DuckDB, s | better of the two | goal |"]
    lines.append("|---|---|---|---|---|---|")
    for one in outcomes:
        goals = ", ".join(
            f"≥ {goal:g}×{f' {e}' if e else ''}" for e, goal in one.race.goals.items()
        )
        lines.append(
            f"| {one.race.name} | {one.seconds[OURS]:.3f} | {one.best(CHDB):.2f} |"
            f" {one.best(DUCKDB):.2f} | {one.ratio():.1f}× | {goals} |"
        )
    (folder / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
