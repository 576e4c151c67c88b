"""Whose write key is it? All keys of all brands in memory, read again when they may have changed.

A lookup is a dictionary's: whole keys are compared by their hash, so its time tells nothing about
how much of a guessed key was right. Keys that ended are kept: their senders hear why.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from yutang.collect.stores import StoredBrand, Stores
from yutang.errors import YutangError
from yutang.state.brand import sources, write_keys

log = structlog.get_logger("collect")
KNOWN_SECONDS = 5.0  # a key that was revoked is taken so much longer at most
UNKNOWN_SECONDS = 1.0  # a new key is known so soon; guessing keys costs us no more than this

# One query: SQLAlchemy's compiled form of it is cached.
_KEYS = select(
    write_keys.c.key,
    write_keys.c.ends_at,
    sources.c.id,
    sources.c.name,
    sources.c.kind,
    sources.c.status,
    sources.c.settings,
).join_from(write_keys, sources)


@dataclass(frozen=True)
class Place:
    """Where a key's requests belong. `ends_at`: UTC ms from which on it is refused, None = never.

    `ip_mode`: the source's own setting, "" = the installation's.
    """

    brand: str
    source_id: int
    source: str
    kind: str
    on: bool
    ends_at: int | None
    ip_mode: str


class KeyDirectory:
    """The keys of one installation, for one process. `find` may be called from any thread."""

    def __init__(self, stores: Stores, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stores = stores
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._brands: dict[str, dict[str, Place]] = {}
        self._places: dict[str, Place] = {}
        self.failing = ""  # why keys could not be read the last time, "" = they could

    def find(self, key: str) -> Place | None:
        """The key's place, read anew where that is due. May take a few milliseconds."""
        place = self.peek(key)
        if self.is_due(place):
            self.read()
            place = self.peek(key)
        return place

    def peek(self, key: str) -> Place | None:
        """What memory says."""
        return self._places.get(key)

    def is_due(self, place: Place | None) -> bool:
        """Is what `peek` said (None = unknown) too old to believe?"""
        age = self._monotonic() - self._read_at
        return age >= (UNKNOWN_SECONDS if place is None else KNOWN_SECONDS)

    def read(self) -> None:
        """Read all keys. A brand that cannot be read keeps the keys it had."""
        with self._lock:
            if self._monotonic() - self._read_at < UNKNOWN_SECONDS:
                return  # another thread just did
            why, kept = "", {}
            try:
                for brand in self._stores.brands():
                    try:
                        kept[brand.slug] = _places(brand)
                    except (SQLAlchemyError, OSError, YutangError) as error:
                        why = type(error).__name__
                        kept[brand.slug] = self._brands.get(brand.slug, {})
            except (SQLAlchemyError, OSError) as error:
                why, kept = type(error).__name__, self._brands
            if why and why != self.failing:
                log.error("collect.keys_unreadable", error=why)
            self.failing, self._brands = why, kept
            self._places = {key: one for part in kept.values() for key, one in part.items()}
            self._read_at = self._monotonic()


def _places(brand: StoredBrand) -> dict[str, Place]:
    with brand.db.read() as connection:
        return {
            str(row.key): Place(
                brand.slug,
                row.id,
                row.name,
                row.kind,
                row.status == "on",
                row.ends_at,
                str((row.settings or {}).get("ip_mode", "")),
            )
            for row in connection.execute(_KEYS)
        }
