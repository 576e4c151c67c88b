"""Settings: my account, staff, API keys, sources, webhooks, audit log."""

from fastapi import APIRouter

from yutang.console.settings import audit, keys, me, members, priority, sources, webhooks

ROUTES = APIRouter()
for part in (me, members, keys, priority, sources, webhooks, audit):
    ROUTES.include_router(part.ROUTES)

__all__ = ["ROUTES"]
