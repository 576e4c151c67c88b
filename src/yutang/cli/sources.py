"""Commands about sources of events and their write keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json

if TYPE_CHECKING:
    from yutang.brand import Brand
    from yutang.ingest import Source
    from yutang.settings import Settings

source_app = typer.Typer(help="Who may send events, and with which key.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="The source's name.")]
BaseOption = Annotated[
    str, typer.Option("--base-url", help="Where trackers reach us (else YUTANG_PUBLIC_URL).")
]
DAY_MS = 86_400_000


@source_app.command("create")
def source_create(
    name: NameArgument,
    kind: Annotated[str, typer.Option(help="sensors, segment, posthog or json.")] = "sensors",
    base_url: BaseOption = "",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a source: its write key, and the address to put into the SDK."""
    one, settings = _open(home, brand)
    made = one.sources.create(name, kind, by="cli")
    one.audit.record("cli", "source_added", made.name, {"kind": kind})
    _show(made, settings, base_url, as_json)


@source_app.command("list")
def source_list(
    base_url: BaseOption = "",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The sources of a brand with their keys and addresses."""
    one, settings = _open(home, brand)
    rows = [_told(row, settings, base_url) for row in one.sources.list_()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['name']:<20} {row['kind']:<8} {row['status']:<4} {row['url']}")
        for key in row["keys"]:
            ends = "" if key["ends_at"] is None else f"  ends {_time(key['ends_at'])}"
            typer.echo(f"  {key['key']}  since {_time(key['created_at'])}{ends}")


@source_app.command("rotate")
def source_rotate(
    name: NameArgument,
    grace_days: Annotated[
        float, typer.Option(help="How long the old key is still taken: until apps have the new.")
    ] = 30,
    base_url: BaseOption = "",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a new write key; the old one stays valid for a while."""
    one, settings = _open(home, brand)
    made = one.sources.rotate(name, grace_ms=int(grace_days * DAY_MS))
    one.audit.record("cli", "source_rotated", made.name, {"days": grace_days})
    _show(made, settings, base_url, as_json)


@source_app.command("revoke")
def source_revoke(
    name: NameArgument,
    key: Annotated[str, typer.Argument(help="The write key.")],
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """End a write key now: receivers refuse it within seconds."""
    one, _settings = _open(home, brand)
    one.sources.revoke(name, key)
    one.audit.record("cli", "source_key_revoked", name)
    typer.echo(f"{name}: the key has ended.")


@source_app.command("rename")
def source_rename(
    name: NameArgument,
    new: Annotated[str, typer.Argument(help="Its new name.")],
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """Give a source another name; its keys stay."""
    one, _settings = _open(home, brand)
    renamed = one.sources.rename(name, new)
    one.audit.record("cli", "source_renamed", name, {"to": renamed.name})
    typer.echo(f"{name} is now {renamed.name}.")


@source_app.command("off")
def source_off(name: NameArgument, brand: BrandOption = "", home: HomeOption = None) -> None:
    """Refuse what a source sends, until it is turned on again."""
    one, _settings = _open(home, brand)
    one.sources.turn(name, on=False)
    one.audit.record("cli", "source_off", name)
    typer.echo(f"{name} is off.")


@source_app.command("on")
def source_on(name: NameArgument, brand: BrandOption = "", home: HomeOption = None) -> None:
    """Take what a source sends."""
    one, _settings = _open(home, brand)
    one.sources.turn(name, on=True)
    one.audit.record("cli", "source_on", name)
    typer.echo(f"{name} is on.")


@source_app.command("priority")
def source_priority(
    names: Annotated[
        list[str] | None, typer.Argument(help="The sources, the most trusted first.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="All are alike again.")] = False,
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say, or show, which source is believed where several say different things of a customer."""
    one, _settings = _open(home, brand)
    if names or clear:
        wanted = [] if clear else list(names or ())
        before = one.attributes.set_priority(wanted)
        if before != wanted:
            detail = {"from": " > ".join(before), "to": " > ".join(wanted)}
            one.audit.record("cli", "source_priority", "", detail)
    ranked = one.attributes.priority()
    alike = [row.name for row in one.sources.list_() if row.name not in ranked]
    if as_json:
        print_json({"sources": ranked, "alike": alike})
        return
    for place, name in enumerate(ranked, 1):
        typer.echo(f"{place}. {name}")
    if alike:
        typer.echo(f"Alike, the latest wins: {', '.join(alike)}")


def _open(home: Path | None, brand: str) -> tuple[Brand, Settings]:
    services = open_services(home)
    return services.brand(brand), services.settings


def _show(source: Source, settings: Settings, base_url: str, as_json: bool) -> None:
    told = _told(source, settings, base_url)
    if as_json:
        print_json({"write_key": told["write_key"], "url": told["url"]})
        return
    typer.echo(f"Write key  {told['write_key']}")
    typer.echo(f"Address    {told['url']}")


def _told(source: Source, settings: Settings, base_url: str) -> dict[str, Any]:
    from dataclasses import asdict

    from yutang.receivers import address_of, base_of

    base = base_url.rstrip("/") or base_of(settings)
    return {
        "name": source.name,
        "kind": source.kind,
        "status": source.status,
        "write_key": source.key,
        "url": address_of(source.kind, source.name, source.key, base),
        "keys": [asdict(key) for key in source.keys],
    }


def _time(ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
