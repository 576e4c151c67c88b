"""Segments: the list, one of them, and making one of a list, of customers or of two others."""

from fastapi import APIRouter

from yutang.console.segments import listing, making, one

ROUTES = APIRouter()
ROUTES.include_router(listing.ROUTES)
ROUTES.include_router(making.ROUTES)  # before one: "new" is no number
ROUTES.include_router(one.ROUTES)

__all__ = ["ROUTES"]
