"""The dictionary as a list: each event and property with how often it came, searched, filtered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from yutang.catalog.properties import PROJECTED
from yutang.ingest.dictionary import EventName, Property
from yutang.ingest.word_volumes import Volumes, WordVolumes
from yutang.ingest.words import Dictionary

# blocked · unused: nothing came in 30 days · undescribed: nobody said what it means · ruled: a
# rule of its own for personal values
Show = Literal["", "blocked", "unused", "undescribed", "ruled"]
FROM_ORDERS = frozenset(one.name.casefold() for one in PROJECTED)
Word = TypeVar("Word", EventName, Property)


@dataclass(frozen=True)
class Line(Generic[Word]):
    """One event or property; by_day: the last 30 business days, today last; from_orders: of a
    property that is made from orders, too, whose volume is not counted here."""

    word: Word
    by_day: tuple[int, ...]
    from_orders: bool = False

    @property
    def today(self) -> int:
        return self.by_day[-1]

    @property
    def month(self) -> int:
        """Of 30 days."""
        return sum(self.by_day)

    @property
    def unused(self) -> bool:
        return not self.month and not self.from_orders

    def fits(self, show: Show) -> bool:
        fits: dict[Show, bool] = {
            "": True,
            "blocked": self.word.status == "blocked",
            "unused": self.unused,
            "undescribed": not self.word.description and not self.from_orders,
            "ruled": bool(getattr(self.word, "privacy", "")),
        }
        return fits[show]


EventLine = Line[EventName]
PropertyLine = Line[Property]


class WordList:
    """Lists of one brand's dictionary."""

    def __init__(self, words: Dictionary, volumes: WordVolumes) -> None:
        self._words = words
        self._volumes = volumes

    def days(self) -> tuple[str, ...]:
        """The business days of `Line.by_day`."""
        return self._volumes.look().days

    def events(self, search: str = "", show: Show = "") -> list[EventLine]:
        """Events, the most frequent of 30 days first."""
        volumes = self._volumes.look()
        lines = [_event(one, volumes) for one in self._words.names(search)]
        return _listed(lines, show, lambda line: line.word.events)

    def properties(self, search: str = "", show: Show = "") -> list[PropertyLine]:
        """Properties, the most frequent of 30 days first."""
        volumes = self._volumes.look()
        lines = [_property(one, volumes) for one in self._words.properties(search)]
        return _listed(lines, show, lambda line: line.word.events)

    def event(self, name: str) -> EventLine:
        """Raises NotFound."""
        return _event(self._words.get_event(name), self._volumes.look())

    def property(self, name: str) -> PropertyLine:
        """Raises NotFound."""
        return _property(self._words.get_property(name), self._volumes.look())


def _event(one: EventName, volumes: Volumes) -> EventLine:
    return Line(one, volumes.of_event(one.name))


def _property(one: Property, volumes: Volumes) -> PropertyLine:
    return Line(one, volumes.of_property(one.field), one.name.casefold() in FROM_ORDERS)


def _listed(
    lines: list[Line[Word]], show: Show, total: Callable[[Line[Word]], int]
) -> list[Line[Word]]:
    found = [line for line in lines if line.fits(show)]
    return sorted(found, key=lambda line: (-line.month, -total(line), line.word.name))
