"""The brands of an installation, opened as far as a receiver needs them.

Receivers are many and small: they know the state and the journal, never the lake or the caches.
"""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

from sqlalchemy import select

from yutang.errors import NotFound
from yutang.state import Database, open_brand, open_installation
from yutang.state.installation import brands


class StoredBrand:
    """One brand: its state (opened when first asked for), its zone, its journal's folder."""

    def __init__(self, root: Path, zone: str) -> None:
        self.slug = root.name
        self.zone = zone
        self.journal = root / "journal"
        self._root = root

    @cached_property
    def db(self) -> Database:
        return open_brand(self._root / "state.db")

    def close(self) -> None:
        if "db" in self.__dict__:
            self.db.close()


class Stores:
    """An installation's folder. Raises NotFound where it is none."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        if not (self.home / "installation.db").exists():
            raise NotFound(
                "There is no installation in %(folder)s.",
                hint="Make one with `yutang init %(folder)s`, or set YUTANG_HOME.",
                folder=self.home,
            )
        self._db = open_installation(self.home / "installation.db")
        self._lock = threading.Lock()
        self._brands: dict[str, StoredBrand] = {}

    def brands(self) -> list[StoredBrand]:
        """All brands; one added a moment ago is among them."""
        with self._db.read() as connection:
            query = select(brands.c.slug, brands.c.zone).order_by(brands.c.id)
            rows = [(str(slug), str(zone)) for slug, zone in connection.execute(query)]
        with self._lock:
            for slug, zone in rows:
                if slug not in self._brands:
                    self._brands[slug] = StoredBrand(self.home / "brands" / slug, zone)
            return [self._brands[slug] for slug, _ in rows]

    def journal(self, slug: str) -> Path:
        """The folder of a brand's journal."""
        return self.home / "brands" / slug / "journal"

    def close(self) -> None:
        self._db.close()
        for one in self._brands.values():
            one.close()
