"""Groups: all of them with their health, one of them, their owners, and what is set about them."""

from fastapi import APIRouter

from yutang.console.groups import listing, one, setting

ROUTES = APIRouter()
ROUTES.include_router(listing.ROUTES)
ROUTES.include_router(setting.ROUTES)  # before one: a key may be any text
ROUTES.include_router(one.ROUTES)

__all__ = ["ROUTES"]
