"""Alerts and schedules: saved reports that are watched, and sent as files on time."""

from fastapi import APIRouter

from yutang.console.alerts import making, pages, schedules

ROUTES = APIRouter()
for part in (schedules, making, pages):  # the last has /alerts/{id}
    ROUTES.include_router(part.ROUTES)

__all__ = ["ROUTES"]
