"""Dashboards on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json
from yutang.errors import NotFound

dashboard_app = typer.Typer(help="Dashboards: saved reports side by side.", no_args_is_help=True)


@dashboard_app.command("list")
def list_(brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """The dashboards of a brand."""
    found = open_services(home).brand(brand).dashboards.list_()
    if as_json:
        names = ("id", "name", "description", "settings", "changed_at")
        listed = [{name: getattr(one, name) for name in names} for one in found]
        cards = [len(one.cards) for one in found]
        rows = [{**one, "cards": n} for one, n in zip(listed, cards, strict=True)]
        print_json({"dashboards": rows})
        return
    for one in found:
        typer.echo(f"{one.id:>5}  {len(one.cards):>3}  {one.name}")


@dashboard_app.command()
def show(
    name: Annotated[str, typer.Argument(help="Its name or number.")],
    range_: Annotated[str, typer.Option("--range", help="Days over all cards, e.g. last_7.")] = "",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """One dashboard with the answer of each card."""
    from yutang.reports import answer_cards, scope_of

    ours = open_services(home).brand(brand)
    board = ours.dashboards.find(name)
    if board is None:
        raise NotFound(
            "There is no dashboard “%(name)s”.",
            hint="`yutang dashboard list` says which there are.",
            name=name,
        )
    today = ours.measure.today()
    scope = scope_of({**board.settings, **({"range": range_} if range_ else {})}, today)
    reports = {one.id: one for one in ours.reports.list_()}
    cards = answer_cards(board, reports, ours.shards(), scope, today)
    if as_json:
        print_json({"id": board.id, "name": board.name, "scope": scope.to_json(), "cards": cards})
        return
    for card in cards:
        typer.echo(f"# {card['title']}")
        if card["error"]:
            typer.echo(f"! {card['error']}", err=True)
        elif card["result"] is None:
            typer.echo(card["note"])
        else:
            columns = [column["name"] for column in card["result"]["columns"]]
            typer.echo("\t".join(columns))
            for row in card["result"]["rows"]:
                typer.echo("\t".join(str(row[column]) for column in columns))
        typer.echo("")
