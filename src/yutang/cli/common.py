"""What all commands share: their common options, opening the installation, printing JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yutang.errors import BadInput, NotFound

if TYPE_CHECKING:
    from yutang.app import Services

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The installation's folder (else YUTANG_HOME).")
]
BrandOption = Annotated[str, typer.Option("--brand", help="The brand (else the first).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def open_services(home: Path | None) -> Services:
    """The installation that the command is about."""
    from yutang.app import Services
    from yutang.settings import Settings

    return Services.open(Settings(home=home) if home else Settings())


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


def customer_of(brand: Any, who: str) -> int:
    """The customer of KIND:VALUE, or of a number (#12, 12). Raises NotFound and BadInput."""
    kind, found, value = who.partition(":")
    if not found:
        plain = who.strip().lstrip("#")
        if not (plain.isascii() and plain.isdigit()):
            raise BadInput("Write KIND:VALUE, like phone:13800000000, or a customer's number.")
        return int(brand.customers.get(int(plain), evidence=False).id)
    identity = brand.identities.find(kind, value)
    if identity is None:
        raise NotFound("Nobody has %(kind)s “%(value)s”.", kind=kind, value=value)
    return int(identity.customer_id)
