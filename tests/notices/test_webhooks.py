"""Webhooks: rows before tries, one success at most, tries until a day has passed."""

from __future__ import annotations

import doctest
import itertools
from pathlib import Path

import pytest

from tests.alerts.watching import RIGHTS, Watched
from yutang.errors import BadInput, Conflict, NotFound
from yutang.kit.clock import DAY_MS
from yutang.notices import Message, Taken, outbox, webhooks

URL = "https://example.com/hook?key=secret-abcd"
NO = Taken(False, "HTTP 500")


@pytest.fixture
def brand(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "home")


def queue(brand: Watched, *ids: int, n: int = 1) -> None:
    with brand.workspace.db.write() as connection:
        for _ in range(n):
            brand.webhooks.queue_in(connection, Message("alert", "x", data={"n": 1}), ids)


def test_the_examples_hold() -> None:
    assert doctest.testmod(outbox).failed == 0


def test_a_post_is_sent_once(brand: Watched) -> None:
    hook, secret = brand.webhooks.add("a", "json", URL, by="boss")
    queue(brand, hook.id)
    assert brand.webhooks.send_due() == 1
    brand.now += DAY_MS
    assert brand.webhooks.send_due() == 0
    (letter,) = brand.taken
    assert (letter.url, letter.secret) == (URL, secret)
    assert len(secret) > 30


def test_it_is_tried_again_with_pauses_until_a_day_is_over(brand: Watched) -> None:
    hook, _ = brand.webhooks.add("a", "json", URL, by="boss")
    queue(brand, hook.id)
    brand.answers = [NO] * 1000
    tries = []
    for _ in range(26 * 60):
        if brand.webhooks.send_due():
            tries.append(brand.now)
        brand.now += 60_000
    gaps = [b - a for a, b in itertools.pairwise(tries)]
    assert gaps[0] <= 60_000
    assert max(gaps) == 3_600_000
    assert len(tries) < 40
    (post,) = brand.webhooks.posts()
    assert (post.status, post.next_at) == ("failed", None)
    (notice,) = brand.notices.list_("boss", RIGHTS)
    assert notice.template == webhooks.GAVE_UP
    assert brand.notices.list_("ann", ["analyse"]) == []


def test_a_refusal_that_is_final_is_not_tried_again(brand: Watched) -> None:
    hook, _ = brand.webhooks.add("a", "json", URL, by="boss")
    queue(brand, hook.id)
    brand.answers = [Taken(False, "private", is_final=True)]
    brand.webhooks.send_due()
    assert brand.webhooks.posts()[0].status == "failed"


def test_who_died_while_sending_does_not_send_at_once_again(brand: Watched) -> None:
    hook, _ = brand.webhooks.add("a", "json", URL, by="boss")
    queue(brand, hook.id)

    def die(_letter: object) -> Taken:
        raise KeyboardInterrupt

    brand.webhooks._send = die
    with pytest.raises(KeyboardInterrupt):
        brand.webhooks.send_due()
    brand.webhooks._send = brand.send
    assert brand.webhooks.send_due() == 0
    brand.now += webhooks.LEASE_MS
    assert brand.webhooks.send_due() == 1


def test_a_robot_takes_twenty_a_minute(brand: Watched) -> None:
    hook, secret = brand.webhooks.add("robot", "wecom_robot", URL, by="boss")
    other, _ = brand.webhooks.add("a", "json", URL, by="boss")
    assert secret == ""
    queue(brand, hook.id, n=25)
    queue(brand, other.id, n=3)
    brand.webhooks.send_due()
    assert len(brand.taken) == 23
    brand.now += 59_000
    assert brand.webhooks.send_due() == 0
    brand.now += 1_000
    assert brand.webhooks.send_due() == 5
    assert {one.status for one in brand.webhooks.posts(limit=50)} == {"sent"}
    assert {one.attempts for one in brand.webhooks.posts(limit=50)} == {1}


def test_what_is_off_is_told_nothing(brand: Watched) -> None:
    hook, _ = brand.webhooks.add("a", "json", URL, by="boss")
    brand.webhooks.turn(hook.id, on=False)
    queue(brand, hook.id, 999)
    assert brand.webhooks.posts() == []


def test_a_test_is_sent_now_and_tried_once(brand: Watched) -> None:
    hook, _ = brand.webhooks.add("a", "json", URL, by="boss")
    brand.answers = [NO]
    assert brand.webhooks.test(hook.id).status == "failed"
    assert brand.webhooks.test(hook.id).status == "sent"
    assert brand.notices.list_("boss", RIGHTS) == []


def test_addresses_and_secrets_are_never_shown(brand: Watched) -> None:
    hook, secret = brand.webhooks.add("a", "json", URL, by="boss")
    queue(brand, hook.id)
    shown = repr(brand.webhooks.list_()) + repr(brand.webhooks.posts())
    assert "secret-" not in shown
    assert secret not in shown
    assert hook.shown.startswith("https://example.com/hook?")


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "https://", "https://a:b@example.com/",
     "https://example.com/a b", "javascript:alert(1)", "https://example.com:0/", "http://[::1",
     "https://例子.com", "https://example.com/" + "a" * 2_000],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(brand: Watched, url: str) -> None:
    with pytest.raises(BadInput):
        brand.webhooks.add("a", "json", url, by="boss")


def test_names_are_taken_once_and_removal_is_whole(brand: Watched) -> None:
    hook, _ = brand.webhooks.add("a", "json", URL, by="boss")
    with pytest.raises(Conflict):
        brand.webhooks.add("a", "json", URL, by="boss")
    with pytest.raises(BadInput):
        brand.webhooks.add("b", "pigeon", URL, by="boss")
    queue(brand, hook.id)
    brand.webhooks.remove(hook.id)
    with pytest.raises(NotFound):
        brand.webhooks.get(hook.id)
    assert brand.webhooks.send_due() == 0
