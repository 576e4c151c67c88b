"""Segments: the list, one of them, and making one of a list, of customers or of two others."""

from fastapi import APIRouter

from yutang.console.segments import beside, editing, listing, making, one, why

ROUTES = APIRouter()
ROUTES.include_router(listing.ROUTES)
ROUTES.include_router(beside.ROUTES)
ROUTES.include_router(editing.ROUTES)
ROUTES.include_router(why.ROUTES)
ROUTES.include_router(making.ROUTES)  # before one: "new" is no number
ROUTES.include_router(one.ROUTES)

__all__ = ["ROUTES"]
