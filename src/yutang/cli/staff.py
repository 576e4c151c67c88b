"""Commands about who may log in, and the brands of the installation."""

from __future__ import annotations

from typing import Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, open_services

account_app = typer.Typer(help="Who may log in.", no_args_is_help=True)
brand_app = typer.Typer(help="The brands of this installation.", no_args_is_help=True)


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
