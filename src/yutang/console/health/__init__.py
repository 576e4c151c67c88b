"""Data health: where facts come from, how fresh they are, what was set aside."""

from yutang.console.health.pages import ROUTES

__all__ = ["ROUTES"]
