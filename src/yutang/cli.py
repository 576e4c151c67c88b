"""The command line. Exit status 0 only when the work was done; heavy parts load when needed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yutang import __version__
from yutang.cli_common import BrandOption, HomeOption, JsonOption, open_services, print_json
from yutang.cli_people import identity_app, person_app
from yutang.cli_retention import retention_app
from yutang.cli_tracking import collect, source_app
from yutang.errors import BadInput, NotFound, YutangError

if TYPE_CHECKING:
    from yutang.app import Brand, Services
    from yutang.ingest import Import

app = typer.Typer(
    name="yutang",
    help="Yutang 鱼塘: the open platform on which consumer brands run their private domain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
import_app = typer.Typer(help="Bring in files of orders and events.", no_args_is_help=True)
account_app = typer.Typer(help="Who may log in.", no_args_is_help=True)
brand_app = typer.Typer(help="The brands of this installation.", no_args_is_help=True)
app.add_typer(import_app, name="import")
app.add_typer(account_app, name="account")
app.add_typer(brand_app, name="brand")
app.add_typer(person_app, name="person")
app.add_typer(identity_app, name="identity")
app.add_typer(retention_app, name="retention")
app.add_typer(source_app, name="source")
app.command()(collect)
FOLLOW_SECONDS = 0.1


def main() -> None:
    """Entry point: our own errors become one clear sentence and exit status 2."""
    try:
        app()
    except YutangError as error:
        typer.echo(f"{error}", err=True)
        sys.exit(2 if error.status < 500 else 1)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder for the installation.")],
    name: Annotated[str, typer.Option(help="The first brand's name.")] = "我的品牌",
    brand: Annotated[str, typer.Option(help="The first brand's short name.")] = "main",
    zone: Annotated[str, typer.Option(help="The brand's time zone.")] = "Asia/Shanghai",
) -> None:
    """Make an installation with one brand."""
    from yutang.installation import Installation

    installation = Installation.create(folder)
    if not installation.brands():
        installation.add_brand(brand, name, zone=zone)
    typer.echo(f"{installation.home}: ready, brand “{installation.get_brand().slug}”.")
    typer.echo("Next: set YUTANG_HOME to this folder, `yutang account add LOGIN`, `yutang serve`.")


# --- imports -------------------------------------------------------------------------------------
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


# --- looking -------------------------------------------------------------------------------------
@app.command()
def status(brand: BrandOption = "", home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What this brand holds."""
    found = open_services(home).brand(brand).status()
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        typer.echo(f"{key:<14} {value:>14,}")


@app.command()
def analyse(
    model: Annotated[str, typer.Argument(help="funnel or event.")],
    params: Annotated[str, typer.Option(help="JSON, or a file that holds it.")],
    brand: BrandOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask an analysis model."""
    result = open_services(home).brand(brand).analyse(model, _params(params))
    names = [column["name"] for column in result["columns"]]
    if as_json:
        keys = ("model", "rows", "caveats", "facts_version", "seconds")
        print_json({"columns": names, **{key: result[key] for key in keys}})
        return
    typer.echo("\t".join(names))
    for row in result["rows"]:
        typer.echo("\t".join(str(row[name]) for name in names))
    for caveat in result["caveats"]:
        typer.echo(f"! {caveat['en']}", err=True)


def _params(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        path = Path(text)
        if not path.is_file():
            raise BadInput("%(text)s is neither JSON nor a file.", text=text)
        text = path.read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(
            "The parameters are not JSON: %(why)s (line %(line)s, column %(column)s).",
            why=error.msg,
            line=error.lineno,
            column=error.colno,
        ) from error
    if not isinstance(found, dict):
        raise BadInput("The parameters are a JSON object: {…}.")
    return found


# --- running -------------------------------------------------------------------------------------
@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    home: HomeOption = None,
) -> None:
    """Serve the console and the API, with the worker beside them."""
    from yutang.serve import serve as run
    from yutang.settings import Settings

    settings = Settings()
    changes = {"home": home, "host": host, "port": port}
    run(settings.model_copy(update={k: v for k, v in changes.items() if v is not None}))


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="The demo's folder.")] = Path("demo"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8787,
    serve: Annotated[bool, typer.Option(help="Open the console when it is ready.")] = True,
    customers: Annotated[int, typer.Option(help="Size of the simulated brand.")] = 60_000,
) -> None:
    """Two brands with orders and events, and the console on them."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from yutang.demo_home import LOGIN, make_demo, password_of

    if serve:
        from yutang.serve import ensure_free

        ensure_free(host, port)  # said now, not after a minute of work
    with Progress(
        TextColumn("{task.percentage:>3.0f} %"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    ) as bar:
        task = bar.add_task("starting", total=1.0)
        services = make_demo(
            folder,
            lambda step, share: bar.update(task, description=step, completed=share),
            customers=customers,
        )
    home = services.installation.home
    typer.echo(f"Console  http://{host}:{port}")
    typer.echo(f"Login    {LOGIN}")
    typer.echo(f"Password {password_of(home)}")
    if serve:
        from yutang.serve import serve_anew

        serve_anew(home, host, port)


@account_app.command("add")
def account_add(
    login: Annotated[str, typer.Argument(help="Login name.")],
    name: Annotated[str, typer.Option(help="Shown name.")] = "",
    role: Annotated[str, typer.Option(help="admin, operator, analyst or guide.")] = "admin",
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, envvar="YUTANG_PASSWORD")
    ] = ...,  # type: ignore[assignment]
    brand: BrandOption = "",
    home: HomeOption = None,
) -> None:
    """Let somebody in. The password is asked for (or taken from YUTANG_PASSWORD)."""
    services = open_services(home)
    row = services.installation.get_brand(brand)
    account = services.staff.find_account(login) or services.staff.add_account(
        login, name or login, password, by="cli"
    )
    services.staff.set_role(row.id, account.id, role, by="cli")
    typer.echo(f"{login}: {role} of “{row.slug}”.")


@account_app.command("password")
def account_password(
    login: Annotated[str, typer.Argument(help="Login name.")],
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, envvar="YUTANG_PASSWORD")
    ] = ...,  # type: ignore[assignment]
    home: HomeOption = None,
) -> None:
    """Set a lost password anew; whoever is logged in with it is logged out."""
    open_services(home).staff.force_password(login, password)
    typer.echo(f"{login}: the password is changed.")


@brand_app.command("add")
def brand_add(
    slug: Annotated[str, typer.Argument(help="Short name.")],
    name: Annotated[str, typer.Option(help="Shown name.")] = "",
    zone: Annotated[str, typer.Option(help="Time zone.")] = "Asia/Shanghai",
    home: HomeOption = None,
) -> None:
    """Make another brand; it shares nothing with the others."""
    row = open_services(home).installation.add_brand(slug, name, zone=zone)
    typer.echo(f"Brand “{row.slug}” is ready.")


@brand_app.command("list")
def brand_list(home: HomeOption = None) -> None:
    """The brands of this installation."""
    for row in open_services(home).brands():
        typer.echo(f"{row.slug:<20} {row.label:<10} {row.name}")


@app.command()
def rebuild(brand: BrandOption = "", home: HomeOption = None) -> None:
    """Make every cache again from the lake and the state; the numbers stay equal."""
    from yutang.refresh import rebuild as run

    one = open_services(home).brand(brand)
    with one.workspace.writer():
        run(one, lambda step: typer.echo(step, err=True))
    typer.echo("All caches were made again.")


@app.command()
def compact(brand: BrandOption = "", home: HomeOption = None) -> None:
    """Merge the small files of crowded days; reading gets faster, nothing else changes."""
    from yutang.lake import TABLES

    one = open_services(home).brand(brand)
    lake = one.workspace.lake
    with one.workspace.writer():
        merged = sum(lake.tidy(table) for table in TABLES)
    typer.echo(f"{merged} small files were merged.")


# --- keeping it well -----------------------------------------------------------------------------
@app.command()
def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong and how to mend it; exit status 0 where nothing is an error."""
    from functools import partial

    from yutang.app import Services
    from yutang.ops import examine
    from yutang.settings import Settings
    from yutang.worker import worker_is_up

    settings = Settings(home=home) if home else Settings()
    folder = settings.home.resolve()

    def services() -> Services:
        return Services.open(settings)

    findings = examine(
        folder,
        lambda: [(row.slug, partial(services().brand, row.slug)) for row in services().brands()],
        worker_up=lambda: worker_is_up(folder),
        has_accounts=lambda: services().staff.count_accounts() > 0,
    )
    if as_json:
        print_json({"home": str(folder), "findings": [one.to_json() for one in findings]})
    else:
        for one in (finding.to_json() for finding in findings):
            brand = f" [{one['brand']}]" if one["brand"] else ""
            typer.echo(f"{one['level']:<8}{brand} {one['problem']}\n         → {one['remedy']}")
        if not findings:
            typer.echo("All is well.")
    if any(one.level == "error" for one in findings):
        raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file: .tar, or .tar.gz to pack it.")],
    brand: Annotated[str, typer.Option(help="Only this brand (else all).")] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a backup while Yutang runs."""
    from yutang.ops import backup as run

    made = run(open_services(home).installation, file, brand=brand)
    if as_json:
        print_json({"file": str(made.path), "bytes": made.size, "files": made.files,
                "made_at": made.made_at, "brands": made.brands})  # fmt: skip
        return
    typer.echo(f"{made.path}: {made.files} files, {made.size:,} bytes.")
    typer.echo(
        "It holds secret.key and everything your customers entrusted to you: keep it as safe as"
        " the installation, and delete it when persons must be erased from it too.",
        err=True,
    )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file made by `yutang backup`.")],
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
) -> None:
    """Make an installation from a backup; all caches are made again."""
    from yutang.ops import restore as run

    def remake(home: Path) -> None:
        from yutang.refresh import rebuild

        services = open_services(home)
        for row in services.brands():
            one = services.brand(row.slug)
            typer.echo(f"Making the caches of “{row.slug}” …", err=True)
            with one.workspace.writer():
                rebuild(one)

    installation = run(file, folder, remake)
    typer.echo(f"{installation.home}: restored. Imports that were waiting go on with the worker.")


if __name__ == "__main__":
    main()
