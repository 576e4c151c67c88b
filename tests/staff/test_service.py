"""Login, sessions, lock-out, roles in brands, API keys: through the service, on a real database."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from yutang.errors import BadInput, Conflict, Forbidden, NotFound
from yutang.staff import LoginFailed, LoginLocked
from yutang.state.installation import accounts, api_keys, sessions

POND, LAKE = 1, 2
PASSWORD = "quiet-water-42"


@pytest.fixture
def admin(staff):
    account = staff.add_account("boss", "老板", PASSWORD, by="test")
    staff.set_role(POND, account.id, "admin", by="test")
    return account


@pytest.fixture
def operator(staff, admin):
    account = staff.add_account("linxi", "林夕", PASSWORD, by="boss")
    staff.set_role(POND, account.id, "operator", by="boss")
    return account


def fail(staff, times, login="boss", ip="10.0.0.1"):
    for _ in range(times):
        with pytest.raises((LoginFailed, LoginLocked)):
            staff.log_in(login, "wrong", ip=ip)


def test_a_login_opens_a_session_that_knows_its_brands(staff, admin):
    visit = staff.find_visit(staff.log_in("BOSS ", PASSWORD))
    assert visit.account.name == "老板"
    assert [(m.slug, m.role) for m in visit.memberships] == [("pond", "admin")]


def test_neither_password_nor_token_nor_key_is_stored(staff, admin, database):
    token = staff.log_in("boss", PASSWORD)
    _, secret = staff.add_key(POND, "erp", "analyst", by="boss")
    with database.read() as connection:
        stored = [
            str(row)
            for table in (accounts, sessions, api_keys)
            for row in connection.execute(select(table))
        ]
    assert len(stored) == 3
    for word in (PASSWORD, token, secret):
        assert not any(word in row for row in stored)
    assert "$argon2id$" in stored[0]


@pytest.mark.parametrize(("login", "password"), [("boss", "wrong"), ("nobody", PASSWORD)])
def test_wrong_name_and_wrong_password_read_alike(staff, admin, login, password):
    with pytest.raises(LoginFailed) as caught:
        staff.log_in(login, password)
    assert caught.value.message == "The login name or the password is wrong."
    assert caught.value.params["left"] == 4


def test_the_fifth_failure_locks_and_says_for_how_long(staff, admin, clock):
    fail(staff, 4)
    with pytest.raises(LoginLocked) as caught:
        staff.log_in("boss", "wrong")
    assert caught.value.params["minutes"] == 15
    clock.pass_minutes(10)
    with pytest.raises(LoginLocked) as caught:
        staff.log_in("boss", PASSWORD)
    assert caught.value.params["minutes"] == 5


def test_the_lock_opens_by_itself(staff, admin, clock):
    fail(staff, 5)
    clock.pass_minutes(15)
    assert staff.log_in("boss", PASSWORD)


def test_a_success_forgets_earlier_failures(staff, admin):
    fail(staff, 4)
    staff.log_in("boss", PASSWORD)
    fail(staff, 4)
    assert staff.log_in("boss", PASSWORD)


def test_an_address_that_tries_many_names_is_locked(staff, admin):
    for number in range(6):
        fail(staff, 5, login=f"guess{number}", ip="10.9.9.9")
    with pytest.raises(LoginLocked):
        staff.log_in("boss", PASSWORD, ip="10.9.9.9")
    assert staff.log_in("boss", PASSWORD, ip="10.1.1.1")


def test_an_admin_unlocks_a_colleague(staff, admin, operator):
    fail(staff, 5, login="linxi")
    staff.unlock(admin, POND, operator.id)
    assert staff.log_in("linxi", PASSWORD)


def test_an_idle_session_ends_and_a_used_one_lives_on(staff, admin, clock):
    token = staff.log_in("boss", PASSWORD)
    for _ in range(3):
        clock.pass_minutes(11 * 60)
        assert staff.find_visit(token)
    clock.pass_minutes(12 * 60)
    assert staff.find_visit(token) is None


def test_no_session_outlives_fourteen_days(staff, admin, clock):
    token = staff.log_in("boss", PASSWORD)
    for _ in range(34):
        clock.pass_minutes(10 * 60)
        staff.find_visit(token)
    assert staff.find_visit(token) is None


def test_logging_out_ends_the_session(staff, admin):
    token = staff.log_in("boss", PASSWORD)
    staff.log_out(token)
    assert staff.find_visit(token) is None


def test_reading_pages_writes_the_session_at_most_every_five_minutes(staff, admin, clock, database):
    def seen():
        with database.read() as connection:
            return connection.execute(select(sessions.c.seen_at)).scalar_one()

    token = staff.log_in("boss", PASSWORD)
    first = seen()
    clock.pass_minutes(4)
    staff.find_visit(token)
    assert seen() == first
    clock.pass_minutes(2)
    staff.find_visit(token)
    assert seen() == clock.now


def test_csrf_values_differ_between_sessions(staff, admin):
    one, two = (staff.find_visit(staff.log_in("boss", PASSWORD)).csrf for _ in range(2))
    assert one != two


def test_a_disabled_account_is_out_at_once_and_cannot_come_back(staff, admin, operator):
    token = staff.log_in("linxi", PASSWORD)
    staff.set_disabled(admin, POND, operator.id, True)
    assert staff.find_visit(token) is None
    with pytest.raises(LoginFailed):
        staff.log_in("linxi", PASSWORD)
    staff.set_disabled(admin, POND, operator.id, False)
    assert staff.log_in("linxi", PASSWORD)


def test_the_last_admin_stays(staff, admin, operator):
    for act in (
        lambda: staff.set_role(POND, admin.id, "guide", by="boss"),
        lambda: staff.remove_member(POND, admin.id, by="boss"),
        lambda: staff.set_disabled(admin, POND, admin.id, True),
    ):
        with pytest.raises(Conflict):
            act()
    staff.set_role(POND, operator.id, "admin", by="boss")
    staff.set_role(POND, admin.id, "guide", by="boss")


def test_an_admin_of_one_brand_has_no_power_over_the_other(staff, admin, operator):
    staff.set_role(LAKE, operator.id, "operator", by="test")
    with pytest.raises(Forbidden):
        staff.reset_password(admin, POND, operator.id, "another-word-7")
    with pytest.raises(Forbidden):
        staff.set_disabled(admin, POND, operator.id, True)
    staff.remove_member(POND, operator.id, by="boss")
    visit = staff.find_visit(staff.log_in("linxi", PASSWORD))
    assert [m.slug for m in visit.memberships] == ["lake"]


def test_an_account_outside_the_brand_is_not_found(staff, admin):
    stranger = staff.add_account("stranger", "", PASSWORD, by="test")
    with pytest.raises(NotFound):
        staff.reset_password(admin, POND, stranger.id, "another-word-7")


def test_a_reset_ends_every_session_and_the_own_change_keeps_one(staff, admin, operator):
    tokens = [staff.log_in("linxi", PASSWORD) for _ in range(2)]
    staff.change_password(operator.id, PASSWORD, "another-word-7", token=tokens[0])
    assert [staff.find_visit(t) is not None for t in tokens] == [True, False]
    staff.reset_password(admin, POND, operator.id, "third-word-here-8")
    assert staff.find_visit(tokens[0]) is None
    assert staff.log_in("linxi", "third-word-here-8")


def test_the_old_password_is_asked_for(staff, operator):
    with pytest.raises(Forbidden):
        staff.change_password(operator.id, "wrong", "another-word-7", token="")


def test_logins_are_unique_whatever_their_case(staff, admin):
    with pytest.raises(Conflict):
        staff.add_account("Boss", "", PASSWORD, by="test")


def test_there_is_no_such_role_or_theme(staff, admin):
    with pytest.raises(BadInput):
        staff.set_role(POND, admin.id, "owner", by="test")
    with pytest.raises(BadInput):
        staff.set_preferences(admin.id, theme="pink")


def test_preferences_are_kept(staff, admin):
    staff.set_preferences(admin.id, locale="en", theme="dark")
    account = staff.find_account("boss")
    assert (account.locale, account.theme) == ("en", "dark")


def test_a_key_opens_its_brand_until_it_is_revoked(staff, admin):
    key, secret = staff.add_key(POND, "erp", "operator", by="boss")
    found = staff.find_key(secret)
    assert (found.slug, found.role) == ("pond", "operator")
    assert staff.list_keys(POND)[0].used_at is not None
    with pytest.raises(NotFound):
        staff.revoke_key(LAKE, key.id, by="boss")
    staff.revoke_key(POND, key.id, by="boss")
    assert staff.find_key(secret) is None


def test_every_change_of_access_is_in_the_log(staff, admin, operator):
    staff.log_in("boss", PASSWORD)
    staff.unlock(admin, POND, operator.id)
    rows, total = staff.audit_page(POND, limit=2)
    assert [row.action for row in rows] == ["unlocked", "login"]
    assert total == 4  # with adding linxi and giving her a role
