"""Analyse: one generic page for every model: sentence, picture, table, people, files, reports."""

from yutang.console.analyse.pages import ROUTES

__all__ = ["ROUTES"]
