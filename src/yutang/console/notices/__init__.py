"""Notices: what alerts and schedules told, read by each for himself."""

from yutang.console.notices.pages import ROUTES

__all__ = ["ROUTES"]
