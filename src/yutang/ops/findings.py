"""What a detector says, and what it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from yutang.commerce import OrderBook, Shops
from yutang.ingest import Imports
from yutang.installation import BrandRow
from yutang.privacy import Privacy
from yutang.workspace import Workspace

Level = Literal["error", "warning", "hint"]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be, and how to mend it.

    `problem` and `remedy` are English templates of `params`, as in our errors. An error means
    that numbers or data may be wrong or lost; a warning, that something does not work as well as
    it should; a hint, that the business could do better.
    """

    code: str
    level: Level
    problem: str
    remedy: str
    where: str = ""  # slug of the brand; empty = the installation
    params: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "level": self.level,
            "brand": self.where,
            "problem": self.problem % self.params if self.params else self.problem,
            "remedy": self.remedy % self.params if self.params else self.remedy,
        }


class BrandParts(Protocol):
    """What detectors need of a brand; `yutang.app.Brand` is one."""

    row: BrandRow
    workspace: Workspace
    imports: Imports
    shops: Shops
    orders: OrderBook

    @property
    def privacy(self) -> Privacy: ...

    def cache_versions(self) -> Mapping[str, Callable[[], int]]:
        """Cache → the facts version it stands at; asking raises where it is unreadable."""
        ...


@dataclass(frozen=True)
class Home:
    """An installation's folder, perhaps a broken one."""

    path: Path


@dataclass(frozen=True)
class Patient:
    """One brand under examination. `quiet`: nobody was writing to it when it was opened."""

    brand: BrandParts
    quiet: bool
    worker_up: bool
    now: int

    @property
    def slug(self) -> str:
        return self.brand.row.slug


@dataclass(frozen=True)
class HomeDetector:
    """Looks at the installation's folder without opening it."""

    code: str
    look: Callable[[Home], Iterator[Finding]]


@dataclass(frozen=True)
class BrandDetector:
    """Looks at one opened brand."""

    code: str
    look: Callable[[Patient], Iterator[Finding]]
