"""Stored runs of RFM: on a day, by which edges, who was in which layer.

A run keeps its question, its edges and the customers of each layer, so it stays what people saw
then, whatever facts come later. The next one may be made by the same edges (the yardstick stays, so
who moved has changed himself) or by its own (a customer may move because the others did).

Movement: customers by their layer in one run and in another, or today. A customer who has been
merged since is his survivor: the survivor's own layer counts where he had one, else the first
layer, in the order of rules, of those who became him. "(new)": in no layer before; "(gone)": in
none after; both are said, never left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pyroaring import BitMap
from sqlalchemy import Connection, delete, insert, select, update

from yutang import analysis
from yutang.analysis import rfm
from yutang.analysis.rfm_table import GONE, LAYERS, NEW
from yutang.errors import BadInput, NotFound
from yutang.identity import Identities
from yutang.reports.ranges import RANGE, resolved
from yutang.reports.run_groups import Groups, by_today, groups_of, set_groups
from yutang.sequence import ShardSet
from yutang.state.brand import model_run_groups, model_runs
from yutang.workspace import Workspace

MOST_RUNS = 500
# As long as a deleted run can be brought back.
UNDO_DAYS = 30
_DAY_MS = 86_400_000
# What makes a run a picture of one moment of all customers.
_NOT_KEPT = ("compare", "since", "sample", "group", "values", "top")
Yardstick = Literal["same", "own"]


@dataclass(frozen=True)
class Run:
    """`params` as the model takes them, perhaps with `range`; groups: layer's code → its numbers
    (people, orders, revenue_fen); edges in the unit of `params`; on: the day recency counts from;
    edges_of: the run whose edges were taken, 0 its own; at: UTC ms."""

    id: int
    params: Mapping[str, Any]
    edges: Mapping[str, list[float]]
    groups: Mapping[str, Mapping[str, int]]
    on: str
    edges_of: int
    facts_version: int
    by: str
    at: int

    @property
    def people(self) -> int:
        return sum(one["people"] for one in self.groups.values())


@dataclass(frozen=True)
class Movement:
    """`labels`: codes of layers in order; cells: (before or NEW, after or GONE) → customers, none
    empty; merged: how many ids of the runs are somebody else's by now; alike: whether both were
    asked by the same edges."""

    before: Run
    after: Run
    labels: Sequence[str]
    cells: Mapping[tuple[str, str], BitMap]
    merged: int

    @property
    def alike(self) -> bool:
        return dict(self.before.edges) == dict(self.after.edges)

    def people(self, before: str, after: str) -> BitMap:
        """The customers of a cell."""
        return self.cells.get((before, after), BitMap())

    def count(self, kind: Literal["stayed", "moved", "new", "gone"]) -> int:
        """How many customers stayed in their layer, moved, came, or went."""
        return sum(len(who) for cell, who in self.cells.items() if kind_of(cell) == kind)


def kind_of(cell: tuple[str, str]) -> str:
    """What happened to the customers of a cell: stayed, moved, new or gone."""
    before, after = cell
    if before == NEW:
        return "new"
    if after == GONE:
        return "gone"
    return "stayed" if before == after else "moved"


class Runs:
    """Stored runs of one brand."""

    def __init__(self, workspace: Workspace, identities: Identities) -> None:
        self._workspace = workspace
        self._survivors = identities.survivors

    def list_(self) -> list[Run]:
        """Newest first, without those that were deleted."""
        query = _RUNS.where(model_runs.c.deleted_at.is_(None)).order_by(model_runs.c.id.desc())
        with self._workspace.db.read() as connection:
            return [_run(row) for row in connection.execute(query)]

    def get(self, run_id: int) -> Run:
        """Raises NotFound, of a deleted one, too."""
        query = _RUNS.where(model_runs.c.id == run_id, model_runs.c.deleted_at.is_(None))
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such run.")
        return _run(row)

    def store(
        self,
        shards: ShardSet,
        params: Mapping[str, Any],
        today: date,
        *,
        edges_of: int = 0,
        by: str,
    ) -> Run:
        """Ask now and keep the answer; edges_of: the run whose edges are taken, 0 for its own.

        Raises BadInput where the question cannot be asked, or is of a sample.
        """
        if int(params.get("sample") or 1) > 1:
            raise BadInput(
                "A sample cannot be stored as a run.",
                hint="Choose all customers under “Finer points”, then store it.",
            )
        if len(self.list_()) >= MOST_RUNS:
            raise BadInput(
                "There are already %(n)d runs.", hint="Delete those you do not need.", n=MOST_RUNS
            )
        kept = {key: value for key, value in params.items() if key not in _NOT_KEPT}
        edges = self.get(edges_of).edges if edges_of else None
        run, groups = self._ask(shards, kept, today, edges, edges_of, by)
        with self._workspace.db.write() as connection:
            new = int(connection.execute(_inserted(run, today)).scalar_one())
            set_groups(connection, new, groups)
            self._forget_deleted(connection)  # after it: ids are not given twice
        return self.get(new)

    def _ask(
        self,
        shards: ShardSet,
        params: Mapping[str, Any],
        today: date,
        edges: Mapping[str, list[float]] | None,
        edges_of: int,
        by: str,
    ) -> tuple[Run, Groups]:
        """A run that is not stored (id 0), and the customers of its layers."""
        asked = resolved(params, today)
        if edges is not None:
            _check_layers(asked, edges)
            asked = rfm.with_edges(asked, edges)
        result, found = analysis.layers(shards, asked, today=today)
        numbers = ("people", "orders", "revenue_fen")
        groups = {_code(row["segment"]): {n: row[n] for n in numbers} for row in result.rows}
        run = Run(
            id=0,
            params=dict(params),
            edges=rfm.edges_used(result),
            groups={code: one for code, one in groups.items() if one["people"]},
            on=str(result.tables["edges"].rows[0]["on"]),
            edges_of=edges_of,
            facts_version=result.facts_version,
            by=by,
            at=self._workspace.now(),
        )
        return run, {_code(label): people for label, people in found.items() if people}

    def movement(
        self,
        shards: ShardSet,
        before: int,
        after: int,
        today: date,
        *,
        edges: Yardstick = "same",
    ) -> Movement:
        """From one run to another, or with after = 0 to today, by the same edges or own ones.

        Today's question is the run's own: a range that moves with the day is that of today, and a
        fixed one ends today and is as long as it was. Raises NotFound, BadInput.
        """
        first = self.get(before)
        with self._workspace.db.read() as connection:
            old = groups_of(connection, before)
            if after:
                second, new = self.get(after), groups_of(connection, after)
        if not after:
            params = until(first.params, today)
            yardstick = first.edges if edges == "same" else None
            second, new = self._ask(shards, params, today, yardstick, before, "")
        _check_alike(first, second)
        order = _order({**old, **new})
        with self._workspace.db.read() as connection:
            follow = self._survivors.follower(connection)
            (a, gone), (b, too) = by_today(old, order, follow), by_today(new, order, follow)
        return Movement(first, second, order, _crossed(a, b), gone + too)

    def remove(self, run_id: int) -> Run:
        """Delete a run; `restore` brings it back for UNDO_DAYS days. Raises NotFound."""
        run = self.get(run_id)
        self._set_deleted(run_id, self._workspace.now())
        return run

    def restore(self, run_id: int) -> Run:
        """Bring a deleted run back. Raises NotFound where it is gone for good."""
        self._set_deleted(run_id, None)
        return self.get(run_id)

    def _set_deleted(self, run_id: int, at: int | None) -> None:
        with self._workspace.db.write() as connection:
            connection.execute(
                update(model_runs).where(model_runs.c.id == run_id).values(deleted_at=at)
            )

    def _forget_deleted(self, connection: Connection) -> None:
        """What nobody brought back goes, when the next run is stored."""
        before = self._workspace.now() - UNDO_DAYS * _DAY_MS
        old = select(model_runs.c.id).where(model_runs.c.deleted_at < before)
        connection.execute(delete(model_run_groups).where(model_run_groups.c.run_id.in_(old)))
        connection.execute(delete(model_runs).where(model_runs.c.deleted_at < before))


_RUNS = select(
    model_runs.c.id, model_runs.c.params, model_runs.c.result, model_runs.c.facts_version,
    model_runs.c.by, model_runs.c.at,
).where(model_runs.c.model == rfm.NAME)  # fmt: skip


def _run(row: Any) -> Run:
    run_id, params, result, version, by, at = row
    return Run(
        int(run_id), params, result["edges"], result["groups"], result["on"], result["edges_of"],
        int(version), by, int(at),
    )  # fmt: skip


def _inserted(run: Run, today: date) -> Any:
    kept = {"edges": run.edges, "groups": run.groups, "on": run.on, "edges_of": run.edges_of}
    return (
        insert(model_runs)
        .values(
            model=rfm.NAME,
            params=dict(run.params),
            result=kept,
            facts_version=run.facts_version,
            asked_on=today.isoformat(),
            by=run.by,
            at=run.at,
        )
        .returning(model_runs.c.id)
    )


def _code(label: str) -> str:
    return label.split(" ")[0]


def _order(groups: Groups) -> list[str]:
    """Layers in the order of rules; scores from the best."""
    known = [code for code in LAYERS if code in groups]
    return known + sorted((code for code in groups if code not in LAYERS), reverse=True)


def until(params: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The question as it is asked today: a fixed range of days ends today, as long as it was."""
    if params.get(RANGE) not in (None, "custom") or not params.get("to"):
        return dict(params)
    moved = {**params, "to": today.isoformat()}
    if params.get("from"):
        days = today - date.fromisoformat(str(params["to"]))
        first = date.fromisoformat(str(params["from"])) + days
        moved["from"] = first.isoformat()
    return moved


def _check_layers(params: Mapping[str, Any], edges: Mapping[str, list[float]]) -> None:
    scores = str(params.get("layers", "8")) == "scores"
    if scores != (len(edges["recency"]) > 1):
        raise BadInput(
            "That run had other layers.",
            hint="Take the edges of a run with the same kind of layers.",
        )


def _check_alike(first: Run, second: Run) -> None:
    if len(first.edges["recency"]) != len(second.edges["recency"]):
        raise BadInput(
            "These two runs have different kinds of layers.",
            hint="Compare eight layers with eight layers, and scores with scores.",
        )


def _crossed(old: Groups, new: Groups) -> dict[tuple[str, str], BitMap]:
    """(layer before, layer after) → customers, with those who came and those who went."""
    all_old, all_new = (BitMap().union(*side.values()) for side in (old, new))
    cells = {(a, b): was & now for a, was in old.items() for b, now in new.items()}
    cells |= {(a, GONE): was - all_new for a, was in old.items()}
    cells |= {(NEW, b): now - all_old for b, now in new.items()}
    return {cell: who for cell, who in cells.items() if who}
