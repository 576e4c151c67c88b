"""The console: pages for operators. `mount(app)` is all that app.py needs.

To add a section: a folder with `pages.py` (routes) and templates, one line in site.ROUTERS, one
line in navigation.SECTIONS.
"""

from yutang.console.site import make_console, mount

__all__ = ["make_console", "mount"]
