"""Import: upload, preview, map, run, result, undo."""

from yutang.console.imports.pages import ROUTES

__all__ = ["ROUTES"]
