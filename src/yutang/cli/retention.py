"""Commands about how long things are kept."""

from __future__ import annotations

from typing import Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json
from yutang.errors import BadInput

retention_app = typer.Typer(help="How long events and records are kept.", no_args_is_help=True)
EventOption = Annotated[str, typer.Option("--event", help="Nothing: any event.")]
SourceOption = Annotated[str, typer.Option("--source", help="Nothing: any source.")]


@retention_app.command("set")
def retention_set(
    days: Annotated[int, typer.Argument(help="Days to keep; 0 = for ever.")],
    event: EventOption = "",
    source: SourceOption = "",
    store: Annotated[
        str, typer.Option("--store", help="quarantine or audit, instead of events.")
    ] = "",
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """Keep events (or the quarantine, or the audit log) for so many days; the narrowest rule
    about an event decides alone."""
    one = open_services(home).brand(brand)
    if store:
        if event or source:
            raise BadInput("The %(store)s has one age for all its rows.", store=store)
        one.retention.keep(store, days)
        one.audit.record(by, "retention.set", store, {"kept_days": days})
    else:
        one.retention.set_(event, source, days, by=by)
        detail = {"event": event, "source": source, "kept_days": days}
        one.audit.record(by, "retention.set", event or source, detail)
    typer.echo("Kept for ever." if not days else f"Kept for {days} days.")


@retention_app.command("list")
def retention_list(
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """The rules, the narrowest first, with the events that each would remove now."""
    from yutang.privacy import STORES

    one = open_services(home).brand(brand)
    found = one.retention.preview()
    stores = {name: one.retention.days_of(name) for name in STORES}
    if as_json:
        rules = [
            {"event": each.rule.event, "source": each.rule.source, "days": each.rule.days,
             "events": each.events, "first_kept_day": each.first_kept_day}
            for each in found
        ]  # fmt: skip
        print_json({"rules": rules, "stores": stores})
        return
    for each in found:
        name = f"{each.rule.event or 'any event'} of {each.rule.source or 'any source'}"
        age = f"{each.rule.days} days" if each.rule.days else "for ever"
        typer.echo(f"{name:<44} {age:>12}   {each.events:>12,} events go")
    for store, days in stores.items():
        typer.echo(f"{store:<44} {f'{days} days' if days else 'for ever':>12}")


@retention_app.command("remove")
def retention_remove(
    event: EventOption = "",
    source: SourceOption = "",
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """Take a rule back."""
    one = open_services(home).brand(brand)
    one.retention.remove(event, source)
    one.audit.record(by, "retention.removed", event or source, {"event": event, "source": source})
    typer.echo("Removed.")


@retention_app.command("run")
def retention_run(
    by: Annotated[str, typer.Option(help="Who asks for it, for the audit log.")] = "cli",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove now what is over its time (the worker does so each night)."""
    from yutang.worker import work_on

    one = open_services(home).brand(brand)
    work_on(one)  # what is half done is finished first
    with one.workspace.writer():
        removed = one.retention.apply(one.workspace.now(), by=by)
    work_on(one)
    if as_json:
        print_json({"events": removed.total, **removed.rows})
        return
    typer.echo(f"{removed.total:,} events removed.")
    for store, rows in removed.rows.items():
        typer.echo(f"{rows:,} rows of the {store} removed.")
