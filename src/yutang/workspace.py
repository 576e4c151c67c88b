"""One brand's workspace: a folder, its state database, its lake, its writer's lock.

Everything a feature needs to reach storage is here; `app.py` builds it, features receive it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from yutang.errors import Busy
from yutang.kit import clock, locks
from yutang.lake import Lake
from yutang.state import Database


@dataclass
class Workspace:
    """Where one brand lives. `secret` keys the hashes of phones; it never leaves the machine."""

    slug: str
    root: Path
    zone: str
    db: Database
    lake: Lake
    secret: bytes = field(repr=False)
    now: clock.Clock = clock.now_ms

    @property
    def files(self) -> Path:
        return self._folder("files")

    @property
    def cache(self) -> Path:
        return self._folder("cache")

    @property
    def journal(self) -> Path:
        return self._folder("journal")

    @contextmanager
    def writer(self, *, wait: bool = True) -> Iterator[None]:
        """Be the one writer of this brand.

        Raises Busy where another process writes and `wait` is false.
        """
        with locks.exclusive(self.root / "writer.lock", wait=wait) as held:
            if not held:
                raise Busy("Another process is writing to this brand.", hint="Try again shortly.")
            yield

    @contextmanager
    def settled(self) -> Iterator[None]:
        """No batch is half committed while this is held: each commit and each backup holds it."""
        with locks.exclusive(self.root / "commit.lock"):
            yield

    def keyed_hash(self, kind: str, value: str) -> str:
        """A hash of a personal value that only this installation can make (hex, 64)."""
        return hmac.new(self.secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()

    def _folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path
