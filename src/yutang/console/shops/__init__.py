"""Shops: whose sale each order is."""

from yutang.console.shops.pages import ROUTES

__all__ = ["ROUTES"]
