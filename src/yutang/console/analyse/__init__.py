"""Analyse: one generic page for every model: sentence, picture, table, people, files, reports."""

from fastapi import APIRouter

from yutang.console.analyse import pages, runs

ROUTES = APIRouter()
ROUTES.include_router(pages.ROUTES)
ROUTES.include_router(runs.ROUTES)

__all__ = ["ROUTES"]
