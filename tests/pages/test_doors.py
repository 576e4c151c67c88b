"""Who gets in, who does not, and what every answer carries."""

from __future__ import annotations

import re

import pytest

from tests.pages import pond
from tests.pages.conftest import Browser
from yutang.console.login.pages import safe_next


def test_nobody_sees_a_page_without_logging_in(shared):
    stranger = Browser(shared, login="")
    answer = stranger.get("/b/pond/customers?stage=repeat")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(
        "/login?next=%2Fb%2Fpond%2Fcustomers%3Fstage%3Drepeat"
    )
    part = stranger.get("/b/pond/customers", headers={"HX-Request": "true"})
    assert part.headers["hx-redirect"] == "/login"


def test_after_login_the_browser_goes_where_it_wanted(own):
    browser = Browser(own, login="")
    page = browser.get("/login?next=/b/pond/customers").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
    assert 'name="next" value="/b/pond/customers"' in page
    form = {"csrf": csrf, "login": "boss", "password": pond.PASSWORD, "next": "/b/pond/customers"}
    answer = browser.client.post("/login", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/b/pond/customers")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "yutang_session" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_behind_https_cookies_are_for_https_only(own):
    def cookie(secure: bool) -> str:
        own.settings = own.settings.model_copy(update={"secure_cookies": secure})
        return Browser(own, login="").get("/login").headers["set-cookie"]

    assert "Secure" not in cookie(False)
    assert "Secure" in cookie(True)


@pytest.mark.parametrize("url", ["//evil.example", "https://evil.example", "/\\evil", "x", "/a\n"])
def test_login_sends_nobody_to_another_site(url):
    assert safe_next(url) == "/"


def test_a_wrong_password_says_how_many_tries_are_left_and_keeps_the_name(own):
    browser = Browser(own, login="")
    page = browser.log_in("boss", "wrong")
    assert page.status_code == 422
    assert "登录名或密码不对" in page.text
    assert "再错 4 次" in page.text
    assert 'value="boss"' in page.text
    for _ in range(4):
        page = browser.log_in("boss", "wrong")
    assert "登录已锁定，还需 15 分钟" in page.text
    assert "登录已锁定" in browser.log_in("boss").text


def test_the_login_form_belongs_to_its_browser(own):
    browser = Browser(own, login="")
    form = {"csrf": "made-up", "login": "boss", "password": pond.PASSWORD}
    page = browser.client.post("/login", data=form)
    assert page.status_code == 422
    assert "表单已过期" in page.text


def test_logging_out_ends_the_session(own):
    browser = Browser(own)
    assert browser.post("/logout").status_code == 303
    assert browser.get("/b/pond/overview").status_code == 303


@pytest.mark.parametrize(
    "path",
    ["/b/pond/preferences", "/b/pond/shops/1", "/b/pond/imports/1/undo", "/b/pond/settings/keys",
     "/b/pond/settings/staff", "/b/pond/health/quarantine/dismiss", "/logout"],
)  # fmt: skip
def test_a_change_needs_the_sessions_own_value(own, path):
    browser = Browser(own)
    for value in ("", "made-up"):
        answer = browser.client.post(path, data={"csrf": value, "locale": "en"})
        assert answer.status_code == 403, path
    assert 'lang="zh-CN"' in browser.get("/b/pond/overview").text


def test_another_brand_is_as_absent_as_none(browser_of):
    guide = browser_of("guide")
    for slug in ("dry", "nothing"):
        answer = guide.get(f"/b/{slug}/overview")
        assert answer.status_code == 404
        assert "没有你可以进入的这个品牌" in answer.text


OPEN = {
    "guide": {"overview", "customers", "settings/me"},
    "analyst": {"overview", "customers", "settings/me", "analyse", "settings/events"},
}
OPEN["operator"] = OPEN["analyst"] | {"imports", "shops", "health", "health/quarantine"}
OPEN["admin"] = OPEN["operator"] | {"settings/staff", "settings/keys", "settings/audit"}


@pytest.mark.parametrize("role", OPEN)
def test_a_role_opens_its_pages_and_no_others(browser_of, role):
    browser = browser_of(role)
    for path in OPEN["admin"]:
        wanted = 200 if path in OPEN[role] else 403
        assert browser.get(f"/b/pond/{path}").status_code == wanted, path
    menu = browser.get("/b/pond/overview").text
    for path in ("imports", "shops", "health", "analyse"):
        assert (f'href="/b/pond/{path}"' in menu) == (path in OPEN[role])


def test_a_guide_exports_nobody(browser_of):
    assert browser_of("guide").get("/b/pond/customers?as=csv").status_code == 403


def test_every_answer_is_guarded(browser):
    for path in ("/login", "/b/pond/overview", "/b/pond/nothing", "/static/x/nothing.css"):
        headers = browser.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert "no-store" in browser.get("/b/pond/customers").headers["cache-control"]


def test_pages_carry_no_script_of_their_own(browser):
    """The content policy forbids it; data blocks are not scripts."""
    for path in ("/login", "/b/pond/overview", "/b/pond/analyse/funnel", "/b/pond/imports"):
        page = browser.get(path).text
        for tag in re.findall(r"<script[^>]*>", page):
            assert "src=" in tag or 'type="application/json"' in tag
        assert not re.search(r"\son[a-z]+=", page)


def test_static_files_are_kept_for_a_year_under_their_digest(browser):
    page = browser.get("/b/pond/overview").text
    address = re.search(r'href="(/static/[0-9a-f]+/yutang\.css)"', page)[1]
    answer = browser.get(address, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    stale = browser.get(re.sub("/static/[0-9a-f]+/", "/static/000/", address))
    assert "immutable" not in stale.headers["cache-control"]


@pytest.mark.parametrize(
    "name", ["vendor/.stamp", "nothing.js", "%2e%2e/guard.py", "..%2fguard.py", ""]
)
def test_only_static_files_are_served(browser, name):
    assert browser.get(f"/static/x/{name}").status_code == 404


def test_an_unexpected_error_is_a_page_without_details(own):
    own.brand("pond").shops.list_ = None
    browser = Browser(own)
    browser.client = type(browser.client)(
        browser.client.app, raise_server_exceptions=False, cookies=browser.client.cookies
    )
    page = browser.get("/b/pond/shops")
    assert page.status_code == 500
    assert "系统出了点问题" in page.text
    assert "NoneType" not in page.text


def test_the_start_leads_to_the_first_brand(browser):
    assert browser.get("/").headers["location"] == "/b/pond/overview"
    assert browser.get("/b/pond").headers["location"] == "/b/pond/overview"
