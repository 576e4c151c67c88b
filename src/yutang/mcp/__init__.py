"""The Model Context Protocol: a brand's events, models and numbers as tools of another program.

`mount` serves it at /mcp beside console and API, `serve_stdio` to one program on this machine. Both
answer with the rights of an API key, and every call stands in the audit log. To add a tool: write
it beside its like (`words.py`, `asking.py`, `explaining.py`) and list it in `tools.TOOLS`.
"""

from yutang.mcp.http import mount
from yutang.mcp.stdio import serve_stdio

__all__ = ["mount", "serve_stdio"]
