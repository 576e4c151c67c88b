"""Settings: my account, staff, API keys, sources, event dictionary, audit log."""

from fastapi import APIRouter

from yutang.console.settings import audit, dictionary, keys, me, members, priority, sources

ROUTES = APIRouter()
for part in (me, members, keys, priority, sources, dictionary, audit):
    ROUTES.include_router(part.ROUTES)

__all__ = ["ROUTES"]
