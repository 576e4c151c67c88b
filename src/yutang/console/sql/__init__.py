"""SQL: questions that no model answers."""

from yutang.console.sql.pages import ROUTES

__all__ = ["ROUTES"]
