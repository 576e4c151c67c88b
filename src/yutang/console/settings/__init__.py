"""Settings: my account, staff, API keys, event dictionary, audit log."""

from fastapi import APIRouter

from yutang.console.settings import audit, dictionary, keys, me, members

ROUTES = APIRouter()
for part in (me, members, keys, dictionary, audit):
    ROUTES.include_router(part.ROUTES)

__all__ = ["ROUTES"]
