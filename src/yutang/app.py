"""The composition root: an open installation, and the web application on top of it. No logic here.

What one brand is made of stands in `brand.py`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yutang.brand import Brand
from yutang.installation import BrandRow, Installation
from yutang.settings import Settings
from yutang.staff import Staff

if TYPE_CHECKING:
    from fastapi import FastAPI

    from yutang.collect import Collecting


@dataclass
class Services:
    """An open installation."""

    settings: Settings
    installation: Installation
    staff: Staff
    collecting: Collecting | None = None  # this process' receivers, where it has any

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._brands: dict[str, Brand] = {}

    @classmethod
    def open(cls, settings: Settings) -> Services:
        from yutang.kit.clock import now_ms

        installation = Installation.open(settings.home)
        if settings.ray_address:
            from yutang import analysis
            from yutang.sequence import Ray

            analysis.use(Ray(settings.ray_address))
        return cls(settings, installation, Staff(installation.db, now_ms))

    def brands(self) -> list[BrandRow]:
        return self.installation.brands()

    def brand(self, name: str = "") -> Brand:
        """The brand of this slug or name (the first without one). Raises NotFound."""
        row = self.installation.get_brand(name)
        with self._lock:
            if row.slug not in self._brands:
                self._brands[row.slug] = Brand(row, self.installation.workspace(row), self.settings)
            return self._brands[row.slug]


def create_app(settings: Settings) -> FastAPI:
    """The web application of an installation: console at /, API at /api/v1, MCP at /mcp."""
    from fastapi import FastAPI

    from yutang import __version__, api, console, mcp

    app = FastAPI(title="Yutang 鱼塘", version=__version__, docs_url=None, redoc_url=None)
    app.state.services = Services.open(settings)
    api.mount(app)
    mcp.mount(app)
    console.mount(app)
    return app
