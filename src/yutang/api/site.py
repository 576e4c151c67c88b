"""The API as an ASGI application of its own, with its own errors, limits and description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

from yutang import __version__
from yutang.api import (
    alerts,
    analysis,
    customers,
    dashboards,
    dictionary,
    groups,
    health,
    identity,
    imports,
    lifecycle,
    live,
    overview,
    portraits,
    predictions,
    products,
    quarantine,
    runs,
    schedules,
    segments,
    shops,
    sources,
    sql,
    status,
    suggestions,
    tags,
    webhooks,
)
from yutang.api.docs import page_of
from yutang.api.errors import add_handlers
from yutang.api.limits import JSON_LIMIT, MULTIPART_SLACK, BodyLimit

PREFIX = "/api/v1"
ROUTERS = (
    status.ROUTES,
    overview.ROUTES,
    customers.ROUTES,
    identity.ROUTES,
    suggestions.ROUTES,
    segments.ROUTES,
    tags.ROUTES,
    shops.ROUTES,
    imports.ROUTES,
    quarantine.ROUTES,
    sources.ROUTES,
    live.ROUTES,
    health.ROUTES,
    dictionary.ROUTES,
    analysis.ROUTES,
    dashboards.ROUTES,
    alerts.ROUTES,
    schedules.ROUTES,
    webhooks.ROUTES,
    runs.ROUTES,
    predictions.ROUTES,
    lifecycle.ROUTES,
    products.ROUTES,
    portraits.ROUTES,
    groups.ROUTES,
    sql.ROUTES,
)
Nudge = Callable[[str], None]

DESCRIPTION = """
What the console can do, for other programs. Amounts are whole fen, times are UTC milliseconds,
dates are business days of the brand, rates are 0 to 1. Every request carries a key:
`Authorization: Bearer <key>`; the key names the brand. Errors are `{"code", "message", "hint"}`.
"""


def make_api(services: Any, *, nudge: Nudge | None = None) -> FastAPI:
    """The API over an open installation (`yutang.app.Services`).

    `nudge` tells the worker that a brand has something due; without it its own sweep finds it.
    """
    app = FastAPI(
        title="Yutang 鱼塘 API",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
    )
    app.state.services = services
    app.state.nudge = nudge or (lambda _slug: None)
    for router in ROUTERS:
        app.include_router(router)
    add_handlers(app)
    upload = services.settings.upload_limit_mb * 1_000_000 + MULTIPART_SLACK
    app.add_middleware(
        BodyLimit, limit=lambda path: upload if path.endswith("/imports") else JSON_LIMIT
    )
    return app


def mount(app: FastAPI) -> None:
    """Serve the API at /api/v1 of `app` and its description at /api/docs."""
    api = make_api(app.state.services, nudge=lambda slug: _nudge_of(app)(slug))
    app.mount(PREFIX, api)

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> Response:
        return HTMLResponse(page_of(api.openapi()))


def _nudge_of(app: FastAPI) -> Nudge:
    """Set by `serve` after the application is made, so it is looked up when it is used."""
    found: Nudge = getattr(app.state, "nudge", lambda _slug: None)
    return found
