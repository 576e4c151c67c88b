"""Login, logout, preferences, and the way from "/" to a brand."""

from yutang.console.login.pages import ROUTES

__all__ = ["ROUTES"]
