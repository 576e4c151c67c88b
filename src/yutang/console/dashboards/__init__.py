"""Dashboards: their list, one with its cards, changing them; notes on days."""

from fastapi import APIRouter

from yutang.console.dashboards import cards, changing, days, pages

ROUTES = APIRouter()
# Before the pages: /dashboards/days is not the number of a dashboard.
ROUTES.include_router(days.ROUTES)
ROUTES.include_router(changing.ROUTES)
ROUTES.include_router(cards.ROUTES)
ROUTES.include_router(pages.ROUTES)

__all__ = ["ROUTES"]
