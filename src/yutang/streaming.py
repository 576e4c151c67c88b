"""The worker's second thread: tracked events, from the journal into the lake and the funnels.

It looks at the journals' folders five times a second, which costs nothing while nobody sends, and
takes what has grown, brand by brand, each batch under the brand's writer lock: so imports, undos,
repairs and erasures run between the batches. Caches follow at most once a second, the less often
the longer they take, so that a large pond's caches do not eat the time its events need.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from yutang.kit.memory import give_back

if TYPE_CHECKING:
    from yutang.brand import Brand

log = structlog.get_logger("stream")
POLL_SECONDS = 0.2
TURN_SECONDS = 0.5  # of one brand, before the next one's turn
REFRESH_SECONDS = 1.0  # an event is in a funnel within three seconds of its sending
WHOLE_SECONDS = 10.0  # customers' profiles: they are made whole each time
QUIET_SECONDS = 2.0  # without an event: then everything is brought up to date at once
HOUSE_SECONDS = 30.0  # between two looks for journal segments and crowded days
CLEAR_SECONDS = 3_600.0
BUSY_FILES = 400  # of a day: so many are merged even while events wait
LONGEST_PAUSE = 30.0  # seconds between two tries where the disk is full


@dataclass
class Pace:
    """How often something may run: at least `least` seconds apart, and `share` times as long as
    it took the last time. While events wait it must have been behind for so long (`busy`)."""

    least: float
    share: float
    busy: tuple[float, float]
    behind: bool = False
    since: float = 0.0  # when it fell behind
    ended: float = float("-inf")
    took: float = 0.0

    def fall_behind(self, now: float) -> None:
        """There is something new for it."""
        if not self.behind:
            self.behind, self.since = True, now

    def due(self, now: float, *, waiting: bool = False) -> bool:
        least, share = self.busy if waiting else (self.least, self.share)
        last = max(self.ended, self.since) if waiting else self.ended
        return self.behind and now - last >= max(least, share * self.took)

    def run(self, work: Callable[[], object]) -> None:
        started = time.monotonic()
        work()
        give_back()
        self.ended, self.behind = time.monotonic(), False
        self.took = self.ended - started


@dataclass
class _Lane:
    """What one brand's stream is doing."""

    seen: frozenset[tuple[str, int]] = frozenset()  # segments and their sizes
    waits: bool = True  # bytes may be there that are not committed
    took_at: float = float("-inf")
    again_at: float = float("-inf")  # after an error
    pause: float = 1.0
    waiting: bool = False  # a batch's worth of events waits
    analysis: Pace = field(default_factory=lambda: Pace(REFRESH_SECONDS, 1.0, busy=(1.0, 8.0)))
    whole: Pace = field(default_factory=lambda: Pace(WHOLE_SECONDS, 5.0, busy=(120.0, 30.0)))
    house: Pace = field(default_factory=lambda: Pace(HOUSE_SECONDS, 10.0, busy=(30.0, 10.0)))
    cleared_at: float = float("-inf")

    def took(self, now: float) -> None:
        """A batch was committed: the caches are behind."""
        self.took_at = now
        self.analysis.fall_behind(now)
        self.whole.fall_behind(now)


class Streaming:
    """Serves the streams of all brands of an installation."""

    def __init__(self, home: Path, brand: Callable[[str], Brand]) -> None:
        """`brand` opens a brand: only where something is to be done, since it loads all parts."""
        self._home = home
        self._brand = brand
        self._lanes: dict[str, _Lane] = {}
        self._busy_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Serve until told to stop."""
        while not stop.is_set():
            if not self.turn():
                stop.wait(POLL_SECONDS)

    def turn(self) -> bool:
        """One round over all brands; True where more work waits right now."""
        more = False
        for slug, folder in self._journals():
            lane = self._lanes.setdefault(slug, _Lane())
            now = time.monotonic()
            sizes = _sizes(folder)
            if sizes != lane.seen:
                lane.seen, lane.waits = sizes, True
            if sizes:
                lane.house.fall_behind(now)
            if now < lane.again_at or not self._has_work(lane, now):
                continue
            try:
                more |= self._serve(slug, lane)
                lane.pause = 1.0
            except Exception as error:  # noqa: BLE001 - the stream outlives what breaks it once
                _tell(slug, error)
                lane.again_at = time.monotonic() + lane.pause
                lane.pause = min(2 * lane.pause, LONGEST_PAUSE)
        return more

    def follows(self, slug: str) -> bool:
        """Is a brand's stream about to bring all its caches up to date?"""
        lane = self._lanes.get(slug)
        return lane is not None and lane.whole.behind

    def is_idle(self, seconds: float) -> bool:
        """Was there nothing to do for so long, and is no journal left that must be looked after?"""
        quiet = time.monotonic() - self._busy_at >= seconds
        return quiet and not any(_sizes(folder) for _, folder in self._journals())

    def serve_now(self, brand: Brand) -> None:
        """A batch of a brand's stream, if one waits: for whoever holds its writer lock for long."""
        if brand.stream.waiting().due:
            brand.stream.step()
            self._lanes.setdefault(brand.row.slug, _Lane()).took(time.monotonic())

    # --- inside --------------------------------------------------------------------------------
    def _journals(self) -> Iterator[tuple[str, Path]]:
        for path in sorted((self._home / "brands").glob("*/")):
            yield path.name, path / "journal"

    def _has_work(self, lane: _Lane, now: float) -> bool:
        return (lane.waits and bool(lane.seen)) or self._follows(lane, now)

    def _serve(self, slug: str, lane: _Lane) -> bool:
        brand = self._brand(slug)
        waiting = brand.stream.waiting()
        if lane.waits and not waiting.due:
            lane.waits = waiting.bytes > 0  # a few bytes wait for company
        if not waiting.due and not self._follows(lane, time.monotonic()):
            return False
        with brand.workspace.writer():
            more = self._take(brand, lane) if waiting.due else False
            lane.waiting = more
            self._follow(brand, lane)
        if lane.took_at > self._busy_at:
            self._busy_at = time.monotonic()
        return more

    def _take(self, brand: Brand, lane: _Lane) -> bool:
        """Commit batches for the length of a turn; True where more wait."""
        until = time.monotonic() + TURN_SECONDS
        while brand.stream.step():
            lane.took(time.monotonic())
            if lane.took_at >= until or not brand.stream.waiting().due:
                break
        waiting = brand.stream.waiting()
        # What cannot be committed yet (a frame that is being written) is looked at when it grows.
        lane.waits = waiting.bytes > 0 and lane.took_at >= until - TURN_SECONDS
        return waiting.due and lane.waits

    def _follows(self, lane: _Lane, now: float) -> bool:
        quiet = now - lane.took_at >= QUIET_SECONDS
        return (
            lane.analysis.due(now, waiting=lane.waiting)
            or lane.whole.due(now, waiting=lane.waiting)
            or (quiet and lane.whole.behind)
            or lane.house.due(now)
        )

    def _follow(self, brand: Brand, lane: _Lane) -> None:
        """Bring up to date what builds on the events, as far as it is its time."""
        from yutang.refresh import refresh, refresh_analysis

        now = time.monotonic()
        quiet = now - lane.took_at >= QUIET_SECONDS
        if (lane.whole.behind and quiet) or lane.whole.due(now, waiting=lane.waiting):
            lane.whole.run(lambda: refresh(brand))
            lane.analysis.behind = False
        elif lane.analysis.due(now, waiting=lane.waiting):
            lane.analysis.run(lambda: refresh_analysis(brand))
        if lane.house.due(now):
            lane.house.run(lambda: self._keep_house(brand, lane))

    def _keep_house(self, brand: Brand, lane: _Lane) -> None:
        """Remove what the journal no longer needs, merge the small files of the days that came."""
        from yutang.lake import TABLES

        brand.stream.clear(oldest_cache(brand))
        lake = brand.workspace.lake
        for table in TABLES:
            if merged := lake.tidy(table, most_files=BUSY_FILES if lane.waiting else None):
                log.info("lake.tidied", brand=brand.row.slug, table=table, files=merged)
        if time.monotonic() - lane.cleared_at >= CLEAR_SECONDS:
            lane.cleared_at = time.monotonic()
            for table in TABLES:
                lake.clear_old(table)


def oldest_cache(brand: Brand) -> int:
    """The facts version that every cache of the brand has reached; 0 where one is unreadable."""
    from yutang.errors import YutangError

    try:
        return min(version_of() for version_of in brand.cache_versions().values())
    except YutangError:
        return 0


def _sizes(folder: Path) -> frozenset[tuple[str, int]]:
    """Names and sizes of a journal's segments."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(
                (entry.name, entry.stat().st_size)
                for entry in entries
                if entry.name.endswith(".journal")
            )
    except FileNotFoundError:
        return frozenset()


def _tell(slug: str, error: Exception) -> None:
    # Where, not what: the error's text may hold a value of an event.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    log.error(
        "stream.failed",
        brand=slug,
        error=type(error).__name__,
        where=f"{Path(frame.filename).name}:{frame.lineno} {frame.name}",
    )
