"""The event dictionary: what comes in, what it means, what is let in, what is done with it."""

from fastapi import APIRouter

from yutang.console.dictionary import lists, one, rules

ROUTES = APIRouter()
for part in (lists, one, rules):
    ROUTES.include_router(part.ROUTES)

__all__ = ["ROUTES"]
