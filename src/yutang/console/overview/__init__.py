"""Overview: is it growing, is it worth it, what next?"""

from yutang.console.overview.pages import ROUTES

__all__ = ["ROUTES"]
