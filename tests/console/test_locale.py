"""Every message is translated, with the same places to fill in, and no stale one is kept."""

from __future__ import annotations

import re

import pytest

from yutang.console import locale_build
from yutang.console.language import language

PLACE = re.compile(r"%\((\w+)\)")


@pytest.fixture(scope="module")
def wanted():
    return locale_build.build()


def test_every_message_is_translated(wanted):
    assert locale_build.untranslated(wanted) == []


def test_the_catalogue_holds_what_the_sources_say_and_no_more(wanted):
    stored = {str(m.id) for m in locale_build.current() if m.id}
    assert stored == {str(m.id) for m in wanted if m.id}


def test_translations_fill_in_the_same_places(wanted):
    wrong = [
        str(m.id)
        for m in wanted
        if m.id and set(PLACE.findall(str(m.id))) != set(PLACE.findall(str(m.string)))
    ]
    assert wrong == []


def test_translations_keep_the_tags(wanted):
    def tags(text: str) -> list[str]:
        return sorted(re.findall(r"</?\w+>", re.sub(r"\.<[^>]+>", "", text)))

    assert [m.id for m in wanted if m.id and tags(str(m.id)) != tags(str(m.string))] == []


def test_errors_are_translated_with_their_numbers():
    said = language("zh").text(
        "Too many wrong passwords. Login is locked for %(minutes)d more minutes.", minutes=7
    )
    assert said == "密码错误次数过多，登录已锁定，还需 7 分钟。"


def test_an_unknown_language_is_chinese():
    assert language("xx").code == "zh"
    assert language("en").text("Save") == "Save"
