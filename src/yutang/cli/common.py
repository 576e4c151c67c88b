"""What all commands share: their common options, opening the installation, printing JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
