"""The command that searches for customers who may be one person."""

from __future__ import annotations

from typing import Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json


def identity_suggest(
    threshold: Annotated[
        float, typer.Option(help="Suggest pairs from this probability on, 0.5 to 1.")
    ] = 0.8,
    by: Annotated[str, typer.Option(help="Who asks for it, for the audit log.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search for customers who may be one person, by what is said of them (needs Splink). Nobody
    is merged: people decide on the page or through the API."""
    one = open_services(home).brand(brand)
    run = one.suggestions.run(threshold)
    one.audit.record(by, "identity.suggested", f"{run.found}", {"threshold": threshold})
    if as_json:
        print_json(run.to_json())
        return
    typer.echo(
        f"{run.people:,} customers compared by {', '.join(run.fields)} in {run.seconds:.1f} s: "
        f"{run.found:,} pairs from {threshold:.0%} on, {run.new:,} of them new."
    )
    for block in run.left_out:
        typer.echo(f"! Too many customers share {block}: pairs with nothing else were left out.")


def identity_suggestions(
    status: Annotated[str, typer.Option(help="open, joined, apart or stale.")] = "open",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pairs of customers who may be one person, the most probable first."""
    found = open_services(home).brand(brand).suggestions.list_(status)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    for one in found:
        said = ", ".join(f"{f} {level}" for f, level in one.evidence.items() if level != "unknown")
        typer.echo(f"{one.id:>6}  #{one.a} #{one.b}  {one.probability:.1%}  {said}")
