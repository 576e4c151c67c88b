"""Products: what sells, what goes together, what comes next, when it is needed again."""

from fastapi import APIRouter

from yutang.console.products import hits, next_thing, one, pairs, restocks

ROUTES = APIRouter()
ROUTES.include_router(hits.ROUTES)
ROUTES.include_router(pairs.ROUTES)
ROUTES.include_router(next_thing.ROUTES)
ROUTES.include_router(restocks.ROUTES)
ROUTES.include_router(one.ROUTES)  # last: its address is anything below /products

__all__ = ["ROUTES"]
