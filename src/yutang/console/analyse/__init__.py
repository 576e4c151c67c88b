"""Analyse: one generic page for every model: sentence, picture, table, people, files, reports."""

from fastapi import APIRouter

from yutang.console.analyse import pages, saved

ROUTES = APIRouter()
ROUTES.include_router(saved.ROUTES)
ROUTES.include_router(pages.ROUTES)

__all__ = ["ROUTES"]
