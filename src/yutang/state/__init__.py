"""State: what is now. SQLAlchemy Core over SQLite (default) or PostgreSQL (by URL)."""

from yutang.state import brand, installation
from yutang.state.bulk import insert_rows, integers
from yutang.state.database import Database, open_brand, open_installation

__all__ = [
    "Database",
    "brand",
    "insert_rows",
    "installation",
    "integers",
    "open_brand",
    "open_installation",
]
