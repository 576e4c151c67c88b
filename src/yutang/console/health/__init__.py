"""Data health: where facts come from, how fresh they are, what was set aside."""

from fastapi import APIRouter

from yutang.console.health import pages, repairs

ROUTES = APIRouter()
for part in (pages, repairs):
    ROUTES.include_router(part.ROUTES)

__all__ = ["ROUTES"]
