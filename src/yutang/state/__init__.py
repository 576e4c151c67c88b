"""State: what is now. SQLAlchemy Core over SQLite (default) or PostgreSQL (by URL)."""

from yutang.state import brand, installation
from yutang.state.database import Database, open_brand, open_installation

__all__ = ["Database", "brand", "installation", "open_brand", "open_installation"]
