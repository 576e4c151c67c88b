"""The console: pages for operators. `make_console(services)` is all that app.py needs.

To add a section: a folder with `pages.py` (routes) and templates, one line in ROUTERS, one line in
navigation.py.
"""

from yutang.console.site import make_console, mount

__all__ = ["make_console", "mount"]
