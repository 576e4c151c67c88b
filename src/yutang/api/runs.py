"""Stored runs of RFM: store one, list them, who moved between two of them or until today."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.reports import Run, kind_of

ROUTES = APIRouter(tags=["analysis"], responses=PROBLEMS)  # type: ignore[arg-type]


class RunOut(BaseModel):
    """A stored run; amounts in whole fen, edges in the unit of `params`."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    on: str = Field(description="The business day that recency counts back from.")
    params: dict[str, Any]
    edges: dict[str, list[float]]
    edges_of: int = Field(description="The run whose edges were taken; 0: its own.")
    groups: dict[str, dict[str, int]] = Field(description="Layer → people, orders, revenue_fen.")
    facts_version: int
    by: str
    at: int


class RunIn(BaseModel):
    """What to ask and keep."""

    model_config = ConfigDict(extra="forbid")

    params: dict[str, Any] = Field(default_factory=dict, description="As for /analyse/rfm.")
    edges_of: int = Field(0, ge=0, description="Take the edges of this run; 0: its own.")


class MoveOut(BaseModel):
    """Customers from one layer to another."""

    before: str
    after: str
    kind: str = Field(description="stayed, moved, new or gone.")
    people: int


class MovementOut(BaseModel):
    """Who moved; `after.id` 0 is today."""

    before: RunOut
    after: RunOut
    same_edges: bool
    merged: int = Field(description="Ids of the runs that are another customer's by now.")
    moves: list[MoveOut]


@ROUTES.get("/runs")
def list_runs(caller: Caller = needs("analyse")) -> list[RunOut]:
    """All stored runs, newest first."""
    return [RunOut.model_validate(one) for one in caller.brand.runs.list_()]


@ROUTES.post("/runs")
def store_run(asked: RunIn, caller: Caller = needs("analyse")) -> RunOut:
    """Ask RFM now and keep its edges and the customers of each layer."""
    brand = caller.brand
    run = brand.runs.store(
        brand.shards(), asked.params, brand.measure.today(), edges_of=asked.edges_of, by=caller.name
    )
    _record(caller, "run_stored", run)
    return RunOut.model_validate(run)


@ROUTES.get("/runs/{run_id}/movement")
def run_movement(
    run_id: int,
    after: int = 0,
    edges: Literal["same", "own"] = "same",
    caller: Caller = needs("analyse"),
) -> MovementOut:
    """Who moved from this run to another; to today by the same edges, or by its own."""
    brand = caller.brand
    found = brand.runs.movement(brand.shards(), run_id, after, brand.measure.today(), edges=edges)
    return MovementOut(
        before=RunOut.model_validate(found.before),
        after=RunOut.model_validate(found.after),
        same_edges=found.alike,
        merged=found.merged,
        moves=[
            MoveOut(before=a, after=b, kind=kind_of((a, b)), people=len(who))
            for (a, b), who in found.cells.items()
        ],
    )


@ROUTES.delete("/runs/{run_id}")
def delete_run(run_id: int, caller: Caller = needs("analyse")) -> RunOut:
    """Delete a run; it can be brought back for 30 days."""
    run = caller.brand.runs.remove(run_id)
    _record(caller, "run_deleted", run)
    return RunOut.model_validate(run)


@ROUTES.post("/runs/{run_id}/restore")
def restore_run(run_id: int, caller: Caller = needs("analyse")) -> RunOut:
    """Bring a deleted run back."""
    run = caller.brand.runs.restore(run_id)
    _record(caller, "run_restored", run)
    return RunOut.model_validate(run)


def _record(caller: Caller, action: str, run: Run) -> None:
    caller.record(action, f"rfm {run.id}", {"people": run.people, "on": run.on})
