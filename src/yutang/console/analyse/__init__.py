"""Analyse: one generic page for every model: sentence, picture, table, people, files, reports."""

from fastapi import APIRouter

from yutang.console.analyse import pages, runs, saved

ROUTES = APIRouter()
for part in (saved, runs, pages):  # pages last: any other word there is a model's name
    ROUTES.include_router(part.ROUTES)

__all__ = ["ROUTES"]
