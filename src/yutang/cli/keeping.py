"""Commands that keep an installation well: caches, small files, health, backups."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, JsonOption, open_services, print_json


def rebuild(brand: BrandOption = "", home: HomeOption = None) -> None:
    """Make every cache again from the lake and the state; the numbers stay equal."""
    from yutang.refresh import rebuild as run

    one = open_services(home).brand(brand)
    with one.workspace.writer():
        run(one, lambda step: typer.echo(step, err=True))
    typer.echo("All caches were made again.")


def compact(brand: BrandOption = "", home: HomeOption = None) -> None:
    """Merge the small files of crowded days; reading gets faster, nothing else changes."""
    from yutang.lake import TABLES

    one = open_services(home).brand(brand)
    lake = one.workspace.lake
    with one.workspace.writer():
        merged = sum(lake.tidy(table) for table in TABLES)
    typer.echo(f"{merged} small files were merged.")


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
