"""An empty installation with two brands, a clock one can turn, a fast hasher."""

from __future__ import annotations

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import insert

from yutang.staff import Staff
from yutang.state import open_installation
from yutang.state.installation import brands

START = 1_790_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += int(minutes * 60_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path):
    opened = open_installation(tmp_path / "installation.db")
    with opened.write() as connection:
        for slug in ("pond", "lake"):
            connection.execute(insert(brands).values(slug=slug, name=slug, created_at=START))
    yield opened
    opened.close()


@pytest.fixture
def staff(database, clock) -> Staff:
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    return Staff(database, clock, hasher)
