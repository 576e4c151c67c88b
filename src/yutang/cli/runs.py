"""Commands about stored runs of RFM."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from yutang.cli.asking import read_params
from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json

runs_app = typer.Typer(help="Stored runs of RFM: their edges, their layers, who moved.")

RunArgument = Annotated[int, typer.Argument(help="The run's number: see `yutang runs list`.")]


@runs_app.command("list")
def runs_list(
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """All stored runs, newest first."""
    runs = open_services(home).brand(brand).runs.list_()
    if as_json:
        print_json({"runs": [asdict(one) for one in runs]})
        return
    for one in runs:
        typer.echo(f"{one.id}\t{one.on}\t{one.people}\t{one.by}")


@runs_app.command("store")
def runs_store(
    params: Annotated[str, typer.Option(help="As for `analyse rfm`: JSON, or a file.")] = "{}",
    edges_of: Annotated[int, typer.Option(help="Take the edges of this run; 0: its own.")] = 0,
    by: Annotated[str, typer.Option(help="Who stores it.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask RFM now and keep its edges and the customers of each layer."""
    one = open_services(home).brand(brand)
    run = one.runs.store(
        one.shards(), read_params(params), one.measure.today(), edges_of=edges_of, by=by
    )
    one.audit.record(by, "run_stored", f"rfm {run.id}", {"people": run.people, "on": run.on})
    if as_json:
        print_json(asdict(run))
        return
    typer.echo(f"Run {run.id}: {run.people:,} customers on {run.on}.")


@runs_app.command("movement")
def runs_movement(
    run: RunArgument,
    after: Annotated[int, typer.Option(help="Another run; 0: today.")] = 0,
    own_edges: Annotated[bool, typer.Option(help="Today by edges of its own.")] = False,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who moved from a run to another, or until today by the same edges."""
    one = open_services(home).brand(brand)
    found = one.runs.movement(
        one.shards(), run, after, one.measure.today(), edges="own" if own_edges else "same"
    )
    rows = [{"before": a, "after": b, "people": len(who)} for (a, b), who in found.cells.items()]
    if as_json:
        kept: dict[str, Any] = {"same_edges": found.alike, "merged": found.merged, "rows": rows}
        print_json({"before": asdict(found.before), "after": asdict(found.after), **kept})
        return
    for row in rows:
        typer.echo(f"{row['before']}\t{row['after']}\t{row['people']}")


@runs_app.command("delete")
def runs_delete(
    run: RunArgument,
    undo: Annotated[bool, typer.Option("--undo", help="Bring a deleted one back.")] = False,
    by: Annotated[str, typer.Option(help="Who does it.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """Delete a run; it can be brought back for 30 days."""
    one = open_services(home).brand(brand)
    found = one.runs.restore(run) if undo else one.runs.remove(run)
    action = "run_restored" if undo else "run_deleted"
    one.audit.record(by, action, f"rfm {run}", {"people": found.people, "on": found.on})
    typer.echo(f"Run {run} of {found.on}: {'back' if undo else 'deleted'}.")
