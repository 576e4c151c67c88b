"""Search over everything: customers, saved reports, pages."""

from yutang.console.search.pages import ROUTES

__all__ = ["ROUTES"]
