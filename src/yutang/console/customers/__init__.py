"""Customers: the list and the portrait."""

from fastapi import APIRouter

from yutang.console.customers import attributes, listing, outlook, portrait, value

ROUTES = APIRouter()
ROUTES.include_router(listing.ROUTES)
ROUTES.include_router(value.ROUTES)
ROUTES.include_router(portrait.ROUTES)
ROUTES.include_router(outlook.ROUTES)
ROUTES.include_router(attributes.ROUTES)

__all__ = ["ROUTES"]
