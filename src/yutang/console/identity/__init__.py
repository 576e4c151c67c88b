"""Who is one person: evidence in words, merge, split, undo, and what waits for a review."""

from fastapi import APIRouter

from yutang.console.identity import changing, reviews, suggestions

ROUTES = APIRouter()
ROUTES.include_router(reviews.ROUTES)
ROUTES.include_router(suggestions.ROUTES)
ROUTES.include_router(changing.ROUTES)
