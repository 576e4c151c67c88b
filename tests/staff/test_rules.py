"""Rights, lock-out times and password rules."""

from __future__ import annotations

from itertools import pairwise

import pytest

from yutang.errors import BadInput
from yutang.staff import rules
from yutang.staff.rules import MINUTE_MS, check_login, check_password, locked_until, may


def test_each_role_has_the_rights_of_the_next_smaller_one():
    names = ["guide", "analyst", "operator", "admin"]
    rights = [rules.BY_CODE[name].rights for name in names]
    assert all(less < more for less, more in pairwise(rights))


def test_a_guide_may_see_but_not_export_or_import():
    assert may("guide", "see")
    assert not may("guide", "export")
    assert not may("guide", "import")


def test_an_unknown_role_may_do_nothing():
    assert not may("owner", "see")


def test_four_failures_do_not_lock():
    assert locked_until([1, 2, 3, 4], 5, now=10) is None


def test_five_failures_lock_until_the_oldest_leaves_the_window():
    failures = [minute * MINUTE_MS for minute in (20, 21, 22, 23, 24)]
    assert locked_until(failures, 5, now=25 * MINUTE_MS) == 35 * MINUTE_MS


def test_failures_outside_the_window_do_not_count():
    failures = [minute * MINUTE_MS for minute in (1, 21, 22, 23, 24)]
    assert locked_until(failures, 5, now=25 * MINUTE_MS) is None


def test_a_lock_is_counted_from_the_last_failures_only():
    failures = [minute * MINUTE_MS for minute in (11, 12, 20, 21, 22, 23, 24)]
    assert locked_until(failures, 5, now=25 * MINUTE_MS) == 35 * MINUTE_MS


def test_logins_are_folded_to_lower_case():
    assert check_login(" Lin.Xi@Brand ") == "lin.xi@brand"


@pytest.mark.parametrize("login", ["", "a", "has space", "x" * 65, "tab\tname"])
def test_odd_logins_are_refused(login):
    with pytest.raises(BadInput):
        check_login(login)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "my-linxi-2026", "x" * 201])
def test_weak_passwords_are_refused(password):
    with pytest.raises(BadInput):
        check_password(password, "linxi")


def test_a_long_sentence_is_a_good_password():
    assert check_password("秋天的鱼塘很安静啊真好", "linxi") == "秋天的鱼塘很安静啊真好"
