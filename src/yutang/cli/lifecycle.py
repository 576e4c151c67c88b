"""Commands on the lifecycle: stages today, who moved, what each cell of the matrix gets."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json

if TYPE_CHECKING:
    from yutang.lifecycle import Lifecycle

lifecycle_app = typer.Typer(
    help="Stages of the customers, and what to do with them.", no_args_is_help=True
)
AxisOption = Annotated[str, typer.Option(help="stage, role, nes, aipl or five_a.")]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day.")]


def _of(brand: str, home: HomeOption) -> Lifecycle:
    return open_services(home).brand(brand).lifecycle


@lifecycle_app.command("show")
def lifecycle_show(
    axis: AxisOption = "stage",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """How many customers stand in which state, and after how many days a category's are gone."""
    life = _of(brand, home)
    states, intervals = life.sizes(axis), life.intervals()
    if as_json:
        print_json({
            "as_of": life.today().isoformat(), "axis": axis, "states": states,
            "rule": life.rule().rule.to_json(), "recomputing": life.is_waiting(),
            "intervals": [vars(row) for row in intervals],
        })  # fmt: skip
        return
    if life.is_waiting():
        typer.echo("! A newer rule is in force; the worker is counting anew.", err=True)
    for code, people in states.items():
        typer.echo(f"{people:>12,}  {code}")
    typer.echo("days until dormant / lost, by category of the last purchase:")
    for row in intervals[:20]:
        typer.echo(
            f"{row.dormant:>6} / {row.lost:<6} {row.source:<9} {row.buyers:>10,} buyers  "
            f"{row.category or 'whole brand'}"
        )


@lifecycle_app.command("movements")
def lifecycle_movements(
    axis: AxisOption = "stage",
    period: Annotated[
        str, typer.Option(help="this_month, last_month, this_quarter, last_quarter, last_365.")
    ] = "",
    first: DayOption = None,
    last: DayOption = None,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who moved from which state to which in a period (else in the last month)."""
    life = _of(brand, home)
    days = (day.date() if day else None for day in (first, last))
    found = life.movements(axis, life.between(period, *days))
    if as_json:
        print_json(found.to_json())
        return
    typer.echo(f"{found.between.first} to {found.between.last}: {found.moved:,} moved, "
               f"{found.stayed:,} stayed, {found.came:,} new")  # fmt: skip
    for before, after, people in found.flows():
        typer.echo(f"{people:>12,}  {before} → {after}")


@lifecycle_app.command("matrix")
def lifecycle_matrix(
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """What each group of customers gets: stage × value × fatigue."""
    found = _of(brand, home).matrix()
    if as_json:
        print_json({
            "people": found.people, "version": found.version.version,
            "cells": [one.to_json() for one in found.cells],
        })  # fmt: skip
        return
    for action, (people, fen) in found.by_action().items():
        typer.echo(f"{people:>12,}  {action:<8} net {fen / 100:,.0f}")
    for one in found.cells:
        if one.people:
            typer.echo(f"{one.people:>12,}  {one.key:<24} {one.action}{' *' * one.chosen}")
