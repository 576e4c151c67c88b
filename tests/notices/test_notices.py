"""Notices: for those whom they concern, read by each for himself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts.watching import Watched
from yutang.errors import NotFound
from yutang.kit.clock import DAY_MS
from yutang.notices import Channels, Message, filled


@pytest.fixture
def brand(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "home")


def tell(brand: Watched, text: str = "x", **channels: object) -> None:
    with brand.workspace.db.write() as connection:
        brand.notices.add_in(connection, Message("alert", text, link="alerts/1"),
                             Channels(**channels))  # type: ignore[arg-type]  # fmt: skip


def test_everybody_with_the_right_is_told_and_nobody_else(brand: Watched) -> None:
    tell(brand)
    assert brand.notices.unread("ann", ["see", "analyse"]) == 1
    assert brand.notices.unread("guide", ["see"]) == 0


def test_who_is_named_is_told_once(brand: Watched) -> None:
    tell(brand, logins=("ann", "ann"))
    assert brand.notices.unread("ann", []) == 1
    assert brand.notices.unread("bob", ["analyse"]) == 0


def test_each_reads_for_himself(brand: Watched) -> None:
    tell(brand, "a")
    tell(brand, "b")
    first = brand.notices.list_("ann", ["analyse"])[-1]
    assert brand.notices.mark_read("ann", ["analyse"], first.id) == 1
    assert brand.notices.mark_read("ann", ["analyse"], first.id) == 0
    unread = brand.notices.list_("ann", ["analyse"], unread=True)
    assert [one.template for one in unread] == ["b"]
    assert brand.notices.unread("bob", ["analyse"]) == 2
    assert brand.notices.mark_read("ann", ["analyse"]) == 1
    assert brand.notices.unread("ann", ["analyse"]) == 0


def test_nobody_reads_what_is_not_his(brand: Watched) -> None:
    tell(brand, logins=("ann",))
    (notice,) = brand.notices.list_("ann", [])
    assert brand.notices.mark_read("bob", ["analyse"], notice.id) == 0
    with pytest.raises(NotFound):
        brand.notices.link("bob", ["analyse"], notice.id)
    assert brand.notices.link("ann", [], notice.id) == "alerts/1"


def test_old_notices_go(brand: Watched) -> None:
    tell(brand)
    brand.notices.mark_read("ann", ["analyse"])
    brand.now += 181 * DAY_MS
    brand.notices.sweep()
    assert brand.notices.list_("ann", ["analyse"]) == []


def test_a_reason_inside_a_sentence_is_translated_too() -> None:
    german = {"%(a)s: %(why)s": "%(a)s, weil %(why)s", "no %(b)s": "kein %(b)s"}

    def text(message: str, /, **params: object) -> str:
        return german[message] % params

    params = {"a": "A", "why": "no %(b)s", "why_params": {"b": 1}}
    assert filled("%(a)s: %(why)s", params, text) == "A, weil kein 1"
