"""GET /metrics: numbers that Prometheus can read, for those who may."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from sqlalchemy import insert

from tests.collect.plain import KEY, NOW, Answer, add_source, ask, collecting_of, make_home
from yutang.collect import Receiver, Rules
from yutang.kit import clock
from yutang.state import open_brand
from yutang.state.brand import counters

SAMPLE = re.compile(r'[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? \S+')
NAME = 'the "shop"\\'


def metrics(receiver: Receiver, **how: object) -> Answer:
    asked = {"method": "GET", "path": "/metrics", "query": "", "parts": (), "peer": "127.0.0.1"}
    return asyncio.run(ask(receiver, **(asked | how)))  # type: ignore[arg-type]


def test_what_was_received_written_and_taken_in(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    add_source(home, name=NAME)
    database = open_brand(home / "brands" / "main" / "state.db")
    today = clock.iso_day(NOW, "Asia/Shanghai")
    with database.write() as connection:
        for name, day, n in (
            ("accepted", today, 7),
            ("accepted", "2020-01-01", 3),
            ("late", today, 2),
        ):
            connection.execute(insert(counters).values(source=NAME, name=name, day=day, n=n))
    database.close()
    opened = collecting_of(home, Rules(queue_bytes=1_000_000))
    receiver = Receiver(opened)
    for body in (b"one", b"two", b"damaged"):
        asyncio.run(ask(receiver, parts=(body,)))
    asyncio.run(ask(receiver, query=""))
    answer = metrics(receiver)
    assert answer.status == 200
    lines = answer.body.decode().splitlines()
    assert all(SAMPLE.fullmatch(line) for line in lines if not line.startswith("# ")), lines
    mine = 'brand="main",source="the \\"shop\\"\\\\"'
    size = 2 * (3 + len(f"key={KEY}"))
    for line in (
        f"yutang_collect_requests_total{{{mine}}} 2",
        f"yutang_collect_bytes_total{{{mine}}} {size}",
        f'yutang_collect_refused_total{{{mine},reason="damaged"}} 1',
        'yutang_collect_refused_total{brand="",source="",reason="no_key"} 1',
        "yutang_collect_queue_bytes 0",
        "yutang_collect_queue_limit_bytes 1000000",
        'yutang_journal_syncs_total{brand="main"} 2',
        'yutang_journal_requests_total{brand="main"} 2',
        'yutang_journal_failing{brand="main"} 0',
        f'yutang_ingest_records_total{{{mine},outcome="accepted"}} 10',
        f'yutang_ingest_day_records{{{mine},outcome="accepted",day="{today}"}} 7',
        f'yutang_ingest_day_records{{{mine},outcome="late",day="{today}"}} 2',
    ):
        assert line in lines, line
    backlog = next(one for one in lines if one.startswith("yutang_journal_backlog_bytes"))
    assert int(backlog.split()[-1]) == opened.groups["main"].writer.volume.bytes > 0
    assert "2020-01-01" not in answer.body.decode()
    assert KEY not in answer.body.decode()
    opened.close()


def test_only_this_machine_or_who_has_the_token_may_ask(tmp_path: Path) -> None:
    opened = collecting_of(make_home(tmp_path / "home"), Rules(metrics_token="let-me-in"))
    receiver = Receiver(opened)
    assert metrics(receiver, peer="::1").status == 200
    assert metrics(receiver, peer="203.0.113.7").status == 403
    assert metrics(receiver, headers={"x-forwarded-for": "203.0.113.7"}).status == 403
    for token, status in (("let-me-in", 200), ("let-me", 403)):
        headers = {"authorization": f"Bearer {token}"}
        assert metrics(receiver, peer="203.0.113.7", headers=headers).status == status
    opened.close()
    closed = Receiver(collecting_of(make_home(tmp_path / "other")))
    headers = {"authorization": "Bearer "}
    assert metrics(closed, peer="203.0.113.7", headers=headers).status == 403
