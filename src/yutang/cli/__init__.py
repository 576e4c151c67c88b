"""The command line. Exit status 0 only when the work was done; heavy parts load when needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from yutang import __version__
from yutang.cli import asking, keeping, running, worth
from yutang.cli.alerts import alert_app
from yutang.cli.dashboards import dashboard_app
from yutang.cli.groups import groups_app
from yutang.cli.imports import import_app
from yutang.cli.lifecycle import lifecycle_app
from yutang.cli.people import customer_app, identity_app, person_app
from yutang.cli.products import products_app
from yutang.cli.retention import retention_app
from yutang.cli.runs import runs_app
from yutang.cli.segments import segment_app
from yutang.cli.sources import source_app
from yutang.cli.staff import account_app, brand_app
from yutang.cli.tags import tag_app
from yutang.errors import YutangError
from yutang.kit.memory import without_pandas

app = typer.Typer(
    name="yutang",
    help="Yutang 鱼塘: the open platform on which consumer brands run their private domain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point: our own errors become one clear sentence and exit status 2."""
    without_pandas()
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


for command in (
    running.serve, running.collect, running.mcp, running.demo,
    asking.status, asking.analyse, asking.attribute, asking.sql, worth.clv, worth.rfm,
    keeping.doctor, keeping.backup, keeping.restore, keeping.rebuild, keeping.compact,
):  # fmt: skip
    app.command()(command)
for name, group in {
    "import": import_app, "source": source_app, "person": person_app, "customer": customer_app,
    "identity": identity_app,
    "retention": retention_app, "dashboard": dashboard_app,
    "segment": segment_app, "lifecycle": lifecycle_app, "alert": alert_app, "runs": runs_app,
    "products": products_app, "groups": groups_app, "tag": tag_app,
    "account": account_app, "brand": brand_app,
}.items():  # fmt: skip
    app.add_typer(group, name=name)
