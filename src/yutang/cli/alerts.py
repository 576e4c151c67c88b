"""Commands about alerts."""

from __future__ import annotations

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json

alert_app = typer.Typer(help="Numbers of saved reports that are watched.", no_args_is_help=True)


@alert_app.command("list")
def alert_list(
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """The alerts, those that fire first."""
    found = open_services(home).brand(brand).alerts.list_()
    if as_json:
        print_json([
            {"id": one.id, "name": one.name, "status": one.status, "state": one.state,
             "report": one.report_id, "checked_at": one.checked_at, "seen": dict(one.seen)}
            for one in found
        ])  # fmt: skip
        return
    for one in found:
        state = "paused" if one.status == "off" else one.state or "new"
        typer.echo(f"{one.id:>5}  {state:<8} {one.seen.get('period', ''):<12} {one.name}")


@alert_app.command("check")
def alert_check(
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Look at what is due now, make the files that are due, send what waits: what the worker does
    each minute. Exit status 3 where an alert fires."""
    from yutang.telling import tell

    one = open_services(home).brand(brand)
    done = tell(one)
    firing = [each for each in one.alerts.list_() if each.state == "firing" and each.status == "on"]
    if as_json:
        names = [{"id": each.id, "name": each.name, "seen": dict(each.seen)} for each in firing]
        print_json({**done, "firing": names})
    else:
        typer.echo(", ".join(f"{name}: {n}" for name, n in done.items()))
        for each in firing:
            typer.echo(f"! {each.name}: {each.seen.get('value')} ({each.seen.get('period')})")
    if firing:
        raise typer.Exit(3)
