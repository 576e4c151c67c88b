"""Lifecycle: stages and who moved between them, the rule they are told by, the strategy matrix."""

from fastapi import APIRouter

from yutang.console.lifecycle import matrix, moved, rules

ROUTES = APIRouter()
ROUTES.include_router(moved.ROUTES)
ROUTES.include_router(rules.ROUTES)
ROUTES.include_router(matrix.ROUTES)

__all__ = ["ROUTES"]
