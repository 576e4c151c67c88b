"""Commands that bring files in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json
from yutang.errors import BadInput, NotFound

if TYPE_CHECKING:
    from yutang.app import Services
    from yutang.brand import Brand
    from yutang.ingest import Import

import_app = typer.Typer(help="Bring in files of orders and events.", no_args_is_help=True)
FOLLOW_SECONDS = 0.1


@import_app.command("orders")
def import_orders(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or Parquet.")],
    preset: Annotated[
        str, typer.Option(help="How to read it: built in or saved on the mapping page.")
    ] = "",
    platform: Annotated[str, typer.Option(help="Platform, where the file does not say.")] = "",
    shop: Annotated[str, typer.Option(help="Shop, where the file does not say.")] = "",
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import an order file; the same file again adds nothing."""
    _import("orders", file, brand, home, as_json, preset=preset, platform=platform, shop=shop)


@import_app.command("events")
def import_events(
    file: Annotated[Path, typer.Argument(help="NDJSON or Parquet.")],
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import an event file; the same events again add nothing."""
    _import("events", file, brand, home, as_json)


@import_app.command("undo")
def import_undo(
    number: Annotated[int, typer.Argument(help="The import's number.")],
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """Take one import back, whole."""
    services = open_services(home)
    one = services.brand(brand)
    one.imports.ask_undo(number)
    one.audit.record("cli", "import_undone", one.imports.get(number).filename, {"import": number})
    done = _carry_out(services, one, number, show=True)
    typer.echo(f"Import {done.id} ({done.filename}): {done.status}.")


@import_app.command("list")
def import_list(
    brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """The latest imports."""
    rows = open_services(home).brand(brand).imports.list_()
    if as_json:
        keys = ("id", "kind", "filename", "status", "result")
        print_json([{key: getattr(row, key) for key in keys} for row in rows])
        return
    for row in rows:
        typer.echo(f"{row.id:>5}  {row.kind:<7} {row.status:<8} {row.filename}")


def _import(
    kind: str,
    file: Path,
    brand: str,
    home: Path | None,
    as_json: bool,
    *,
    preset: str = "",
    platform: str = "",
    shop: str = "",
) -> None:
    import time

    started = time.monotonic()
    if not file.is_file():
        raise NotFound("There is no file %(file)s.", file=file)
    services = open_services(home)
    one = services.brand(brand)
    added = one.imports.add(file, kind=kind, filename=file.name, by="cli")
    how = one.saved_mapping(preset)
    one.imports.queue(added.id, preset=preset, mapping=how, platform=platform, shop=shop)
    one.audit.record("cli", "import_started", file.name, {"import": added.id})
    done = _carry_out(services, one, added.id, show=not as_json)
    if done.status != "done":
        error = done.error or {}
        raise BadInput(
            "%(why)s", code=str(error.get("code", "")), why=error.get("message", "It failed.")
        )
    result = {**(done.result or {}), "seconds": round(time.monotonic() - started, 3)}
    if as_json:
        print_json(result)
        return
    for key, value in result.items():
        typer.echo(f"{key:<16} {value}")


def _carry_out(services: Services, brand: Brand, import_id: int, *, show: bool) -> Import:
    """Hand an import to a running worker and follow it, or do it ourselves."""
    import time

    from yutang.worker import nudge, work_on, worker_is_up

    home = services.installation.home
    if not worker_is_up(home):
        work_on(brand)
        return brand.imports.get(import_id)
    nudge(home, brand.row.slug)
    last = ""
    while True:
        one = brand.imports.get(import_id)
        if one.status in ("done", "failed", "undone") and (
            one.status == "failed" or brand.is_fresh()
        ):
            return one
        line = f"{one.status} {one.step} {one.done_rows:,}/{one.total_rows:,}"
        if show and line != last:
            typer.echo(line, err=True)
            last = line
        if not worker_is_up(home):  # it stopped: the row is still due, so we go on
            work_on(brand)
        time.sleep(FOLLOW_SECONDS)
