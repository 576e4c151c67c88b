"""kill -9 of receivers and workers at any instant loses nothing acknowledged, and doubles nothing.

One installation, real processes: a receiver takes numbered events over HTTP, the worker brings them
into the lake and the caches, and both are killed again and again while clients send on. Whatever
was not acknowledged is sent again, as SDKs do.
"""

from __future__ import annotations

import http.client
import multiprocessing
import random
import signal
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests import kill_run
from tests.connectors.sent import decode, sensors_form
from tests.deaths import WRITES
from yutang.brand import Brand
from yutang.identity import belongings
from yutang.ingest.commit import totals
from yutang.ingest.stream.segments import frames
from yutang.ingest.stream.settings import StreamSettings, save
from yutang.installation import Installation
from yutang.journal import segments
from yutang.state.brand import quarantine
from yutang.worker import work_on

POINTS = (
    "state", "delta:events", "keys:events", "lake:events", "delta:profiles", "keys:profiles",
    "lake:profiles", "counters", "cleared", "removed", "refreshed", "marked",
)  # fmt: skip
CLIENTS = 4
PEOPLE = 40
REQUESTS = 12  # let out for each life of a process, and again where it has not died of them
MOST_OTHERS = 2
PATIENCE, TRIES = 0.6, 60  # seconds until more is sent, and how often
NAMES = ("page_viewed", "cart_added", "order_submitted")
FUNNEL = {"steps": [{"event": name} for name in NAMES], "window": {"value": 7, "unit": "day"}}


@dataclass(frozen=True)
class Event:
    """One numbered event."""

    n: int
    name: str
    who: str
    time: int


@dataclass
class Clients:
    """Senders that send each request until it is acknowledged."""

    address: tuple[str, int]
    target: str
    rng: random.Random
    sent: list[Event] = field(default_factory=list)
    visits: Counter[str] = field(default_factory=Counter)  # by person, told as increments

    def __post_init__(self) -> None:
        self._start = int(time.time() * 1000) - 3_600_000  # UTC ms of the first event
        self._tickets = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._over = False
        self._threads = [threading.Thread(target=self._send) for _ in range(CLIENTS)]
        for one in self._threads:
            one.start()

    def more(self, requests: int) -> None:
        """Let so many more requests out."""
        self._tickets.release(requests)

    def finish(self) -> None:
        """Return when all that was let out is acknowledged."""
        self._over = True
        self.more(CLIENTS)
        for one in self._threads:
            one.join()

    def _send(self) -> None:
        while self._tickets.acquire() and not self._over:
            body = self._body()
            while not self._is_acknowledged(body):
                pass

    def _body(self) -> bytes:
        """The next events of some people, now and then with a count of visits."""
        with self._lock:
            made, records = [], []
            for _ in range(self.rng.choice((1, 3, 20))):
                n = len(self.sent) + len(made)
                who = f"m{self.rng.randrange(PEOPLE)}"
                made.append(Event(n, self.rng.choice(NAMES), who, self._start + n * 10))
                records.append(_record(made[-1]))
            if self.rng.random() < 0.5:
                self.visits[made[0].who] += 1
                records.append(_visit(made[0]))
            self.sent += made
        return sensors_form(records, "data_list")

    def _is_acknowledged(self, body: bytes) -> bool:
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            connection.request("POST", self.target, body)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False  # its receiver died: nobody knows what became of it
        finally:
            connection.close()


def _record(one: Event) -> dict[str, Any]:
    return {
        "type": "track", "event": one.name, "distinct_id": one.who, "time": one.time,
        "_track_id": one.n, "properties": {"$is_login_id": True, "number": one.n},
    }  # fmt: skip


def _visit(one: Event) -> dict[str, Any]:
    return {
        "type": "profile_increment", "distinct_id": one.who, "time": one.time,
        "_track_id": one.n, "properties": {"$is_login_id": True, "visits": 1},
    }  # fmt: skip


def deaths(points: tuple[str, ...], lives: int, rng: random.Random) -> list[tuple[str, int]]:
    """(point, nth) of each life: each point in turn, and "" for any instant as often."""
    named = [(points[i % len(points)], rng.randrange(1, 4)) for i in range((lives + 1) // 2)]
    found = named + [("", 0)] * (lives - len(named))
    rng.shuffle(found)
    return found


class Killing:
    """Lives and deaths of processes of one installation."""

    def __init__(self, home: Path, clients: Clients, processes: Any) -> None:
        self.kills = 0
        # Exit codes of processes that ended otherwise: they live once more, as under a supervisor.
        self.others: list[int] = []
        self._home = home
        self._clients = clients
        self._processes = processes

    def start(self, run: Any, *more: Any) -> Any:
        child = self._processes.Process(target=run, args=(str(self._home), *more))
        child.start()
        return child

    def in_turn(
        self, run: Any, ways: list[tuple[str, int]], longest: float, *more: Any
    ) -> threading.Thread:
        """A thread in which process after process runs until its death; those that may die at any
        instant do it within `longest` seconds."""
        thread = threading.Thread(target=self._all, args=(run, ways, longest, more))
        thread.start()
        return thread

    def _all(self, run: Any, ways: list[tuple[str, int]], longest: float, more: Any) -> None:
        rng = random.Random(len(ways))
        for point, nth in ways:
            while not self._live(run, point, nth, rng.random() * longest, more):
                if len(self.others) > MOST_OTHERS:
                    return

    def _live(self, run: Any, point: str, nth: int, longest: float, more: Any) -> bool:
        """One life; whether it ended by a kill."""
        child = self.start(run, *more, point, nth)
        self._clients.more(REQUESTS)
        if point:
            self._wait(child)
        else:
            child.join(longest)
        child.kill()
        child.join()
        code = child.exitcode
        child.close()
        if code == -signal.SIGKILL:
            self.kills += 1
        else:
            self.others.append(code)
        return bool(code == -signal.SIGKILL)

    def _wait(self, child: Any) -> None:
        """Until it reached its point; more is sent as long as it has not."""
        for _ in range(TRIES):
            child.join(PATIENCE)
            if child.exitcode is not None:
                return
            self._clients.more(REQUESTS)


@pytest.fixture(scope="module")
def processes() -> Any:
    """Processes forked from one that only imported our modules: quick, and free of threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.kill_run"])
    return context


def make_home(home: Path) -> tuple[Brand, str]:
    """An installation with one brand, and where its source sends to."""
    made = Installation.create(home)
    brand = Brand(made.add_brand("main", "Pond"), made.workspace(made.get_brand("main")))
    source = brand.sources.create("shop", "sensors", by="test")
    with brand.workspace.db.write() as connection:
        save(connection, StreamSettings(keep_ms=0, keep_bytes=0, flush_ms=0, batch_events=40))
    (home / kill_run.GONE).mkdir()
    return brand, f"/sa?project=default&token={source.key}"


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(
    processes: Any, tmp_path: Path
) -> None:
    home, rng = tmp_path / "home", random.Random(20)
    brand, target = make_home(home)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    clients = Clients(listener.getsockname(), target, rng)
    killing = Killing(home, clients, processes)
    receivers = killing.in_turn(kill_run.receive, deaths(WRITES, 40, rng), 0.5, listener)
    workers = killing.in_turn(kill_run.work, deaths(POINTS, 60, rng), 1.5)
    receivers.join()
    last = killing.start(kill_run.receive, listener, "", 0)
    workers.join()
    clients.finish()
    last.terminate()
    last.join()
    listener.close()
    assert killing.kills == 100, killing.others
    assert len(killing.others) <= MOST_OTHERS, killing.others
    points = Counter((home / "reached").read_text().split())
    assert points.keys() == {*WRITES, *POINTS}, "a point was never reached"
    work_on(brand)
    _same_facts(brand, clients)
    _same_counters(brand, home)
    _same_answers(brand, clients)


def _same_facts(brand: Brand, clients: Clients) -> None:
    """The lake holds each event that was sent, once, as it was sent; so do the attributes."""
    rows = brand.workspace.lake.scan("events", ["event", "time", "p_number"]).to_pylist()
    found = Counter((int(row["p_number"]), row["event"], row["time"]) for row in rows)
    sent = Counter((one.n, one.name, one.time) for one in clients.sent)
    assert found == sent
    visits = Counter()
    rows = brand.workspace.lake.scan("profiles", ["identity"]).to_pylist()
    for identity in {row["identity"] for row in rows}:
        with brand.workspace.db.read() as connection:
            his = belongings(connection, [identity])
        (told,) = brand.attributes.of_customer(his)
        visits[told.value] += 1
    assert visits == Counter(clients.visits.values())
    with brand.workspace.db.read() as connection:
        assert connection.execute(select(quarantine)).all() == []


def _same_counters(brand: Brand, home: Path) -> None:
    """Each record that stands in the journal was counted once: as accepted or as a duplicate."""
    found = (*segments(home / kill_run.GONE), *segments(brand.workspace.journal))
    requests = [one for segment in found for _, one in frames(segment, 0)]
    records = sum(len(decode(one).records) for one in requests)
    with brand.workspace.db.read() as connection:
        counted = totals(connection)
    lake = brand.workspace.lake
    assert counted["accepted"] == lake.count("events") + lake.count("profiles")
    assert counted["accepted"] + counted["duplicates"] == records
    assert counted.keys() == {"accepted", "duplicates"}


def _same_answers(brand: Brand, clients: Clients) -> None:
    """Every cache stands at the newest facts, and a funnel counts what plain counting counts."""
    newest = brand.facts.version()
    assert {version() for version in brand.cache_versions().values()} == {newest}
    assert brand.is_fresh()
    depths: Counter[str] = Counter()
    for one in clients.sent:  # in the order of their times
        if depths[one.who] < len(NAMES) and one.name == NAMES[depths[one.who]]:
            depths[one.who] += 1
    expected = [sum(depth > step for depth in depths.values()) for step in range(len(NAMES))]
    assert [row["people"] for row in brand.analyse("funnel", FUNNEL)["rows"]] == expected
