"""Live: events arriving now."""

from yutang.console.live.pages import ROUTES

__all__ = ["ROUTES"]
