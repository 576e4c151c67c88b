"""Tags: the list, one of them, many customers at once, tagging quality, and a customer's card."""

from fastapi import APIRouter

from yutang.console.tags import bulk, card, listing, one, quality

ROUTES = APIRouter()
for section in (
    listing,
    bulk,
    quality,
    one,
    card,
):  # one is last of the list's: "bulk" is no number
    ROUTES.include_router(section.ROUTES)

__all__ = ["ROUTES"]
