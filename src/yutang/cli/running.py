"""Commands that run: the console with its worker, receivers alone, and the demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yutang.cli.common import BrandOption, HomeOption, open_services

if TYPE_CHECKING:
    from yutang.settings import Settings

HostOption = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[int | None, typer.Option("--port", help="Port to listen on.")]


def serve(host: HostOption = None, port: PortOption = None, home: HomeOption = None) -> None:
    """Serve the console and the API, with the worker beside them."""
    from yutang.serve import serve as run

    run(_settings(home, host, port))


def collect(host: HostOption = None, port: PortOption = None, home: HomeOption = None) -> None:
    """Receive events, without console and worker: as many of these as a proxy has use for."""
    from yutang.receivers import collect as run

    run(_settings(home, host, port))


def mcp(
    brand: BrandOption = "",
    key: Annotated[
        str, typer.Option("--key", envvar="YUTANG_API_KEY", help="An API key: its role's rights.")
    ] = "",
    home: HomeOption = None,
) -> None:
    """Answer a program over the Model Context Protocol, on standard input and output."""
    from yutang import logs
    from yutang.mcp import serve_stdio

    settings = _settings(home, None, None)
    logs.configure(settings.log_level)
    base = f"http://{settings.host}:{settings.port}"
    serve_stdio(open_services(settings.home), brand=brand, key=key, base=base)


def _settings(home: Path | None, host: str | None, port: int | None) -> Settings:
    from yutang.settings import Settings

    settings = Settings()
    changes = {"home": home, "host": host, "port": port}
    return settings.model_copy(update={k: v for k, v in changes.items() if v is not None})


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
