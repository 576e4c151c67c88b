"""Import: upload, preview, map, run, result, undo; and the mappings that were saved."""

from fastapi import APIRouter

from yutang.console.imports import pages, saved

ROUTES = APIRouter()
ROUTES.include_router(saved.ROUTES)  # before /imports/{id}, which would take its address
ROUTES.include_router(pages.ROUTES)

__all__ = ["ROUTES"]
