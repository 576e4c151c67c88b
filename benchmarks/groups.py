"""Groups at size: arrays made of messages, and the figures of all groups in a period.

    PYTHONPATH=src python benchmarks/groups.py [--messages 20_000_000] [--members 1_000_000]

Messages, joins and leaves are drawn at random over two years; reading the lake is not in it (an
event is read once, at about the speed of a scan).
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from yutang.customers import Ties
from yutang.groups import QUESTION, build, by_owner, words
from yutang.groups import figures as figuring
from yutang.groups.arrays import RAW, READ, Life, Made
from yutang.groups.people import joiners, people
from yutang.groups.repository import Row
from yutang.groups.service import EPOCH_DAY, Table, _group
from yutang.groups.settings import Settings

DAY = 86_400_000
FIRST, DAYS, ZONE = 20_000, 730, "Asia/Shanghai"


def timed(name: str, work: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    found = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name:<52}{time.perf_counter() - begun:8.2f} s   peak {peak:5.2f} GB", flush=True)
    return found


def ties_of(rng: np.random.Generator, members: int, groups: int) -> Ties:
    """Each member joins a group; a quarter leaves it."""
    customer = np.arange(1, members + 1, dtype=np.uint32)
    joined = (FIRST + rng.random(members) * DAYS * 0.9) * DAY
    leaves = np.flatnonzero(rng.random(members) < 0.25)
    group = rng.integers(0, groups, members)
    time_ = np.r_[joined, joined[leaves] + rng.random(len(leaves)) * 60 * DAY].astype(np.int64)
    who, key = np.r_[customer, customer[leaves]], np.r_[group, group[leaves]].astype(np.int32)
    is_end = np.r_[np.zeros(members, bool), np.ones(len(leaves), bool)]
    order = np.lexsort((time_, who))
    who, key, time_, is_end = who[order], key[order], time_[order], is_end[order]
    n = len(who)
    follows = np.r_[is_end[1:], False] & ~is_end
    end = np.where(is_end, -1, np.where(follows, np.arange(n) + 1, n))
    unknown = np.full(n, -1, np.int32)
    return Ties(who, time_, np.full(n, 1, np.int8), key, is_end, end, unknown, unknown, unknown,
                np.zeros(n, bool))  # fmt: skip


def messages_of(rng: np.random.Generator, count: int, ties: Ties, members: int) -> np.ndarray:
    raw = np.zeros(count, RAW)
    home = np.zeros(members + 1, np.int32)
    home[ties.customer] = ties.key
    who = (members * rng.random(count) ** 3).astype(np.int64) + 1  # a few speak a lot
    raw["ours"] = rng.random(count) < 0.3
    raw["group"] = home[np.minimum(who, members)]
    raw["identity"] = np.where(raw["ours"], 0, np.minimum(who, members))
    raw["time"] = ((FIRST + rng.random(count) * DAYS) * DAY).astype(np.int64)
    raw["flags"] = rng.choice(np.array([8, 8, 8, 9, 10, 4], np.uint8), count)
    return raw


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=20_000_000)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=5_000)
    asked = parser.parse_args()
    rng = np.random.default_rng(5)
    print(f"{asked.messages:,} messages, {asked.members:,} members, {asked.groups:,} groups")
    ties = ties_of(rng, asked.members, asked.groups)
    raw = messages_of(rng, asked.messages, ties, asked.members)
    names = [f"g{i}" for i in range(asked.groups)]
    lives = [Life(name, owner=f"G{i % 300}") for i, name in enumerate(names)]
    code_of = {name: i for i, name in enumerate(names)}
    stays = timed("stays", lambda: build.stays_of(ties, names, code_of, lives, set(), ZONE))
    who = raw["identity"].astype(np.uint32)
    talk, cells, questions = timed(
        "talk, cells and questions of all messages", lambda: build.spoken(raw, who, stays, ZONE)
    )
    reads = build.reads_of(np.empty(0, READ), lives, [])
    today = FIRST + DAYS - 1
    made = Made(1, 1, "", (today + 1) * DAY - 1, today, lives, [], [], stays, talk, cells,
                questions, reads)  # fmt: skip
    print(f"  talk {len(talk.group):,} rows, questions {len(questions.group):,}")
    used = Settings()
    for days in (30, 365):
        first = today - days + 1
        found = timed(
            f"figures of all groups, {days} days",
            lambda first=first: figuring.figures(made, first, today, used, ZONE),
        )
    found = figuring.figures(made, today - 29, today, used, ZONE)
    listed = timed(
        "health of all groups",
        lambda: [_group(i, life, Row(life.key), made, found, used) for i, life in enumerate(lives)],
    )
    first, last = (EPOCH_DAY + (np.timedelta64(1, "D") * d).item() for d in (today - 29, today))
    table = Table(first, last, listed, found, made)
    timed("owners side by side", lambda: by_owner(table, used, ZONE))
    from tests.groups.test_figures import sales_of

    orders = [(int(c), int(t)) for c, t in zip(ties.customer[::2], ties.time[::2] + DAY,
                                               strict=True)]  # fmt: skip
    sales = sales_of(orders)
    timed("joiners of all groups, 365 days",
          lambda: joiners(made, None, today - 364, today, sales))  # fmt: skip
    timed("silent members of all groups",
          lambda: people(made, "silent", None, today - 29, today, used, sales, ZONE))  # fmt: skip
    texts = pa.array(["收到啦，包装很好看", "今天下单什么时候到", "坏了要求退款", "好"] * 250_000)
    timed("a word list over 1 M texts", lambda: words.find(texts, QUESTION))


if __name__ == "__main__":
    main()
