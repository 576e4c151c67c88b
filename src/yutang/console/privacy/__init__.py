"""Personal data: give a person what we hold, erase him, keep things only as long as needed."""

from fastapi import APIRouter

from yutang.console.privacy import person, retention

ROUTES = APIRouter()
ROUTES.include_router(person.ROUTES)
ROUTES.include_router(retention.ROUTES)
