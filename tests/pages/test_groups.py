"""Pages of groups: filled in both languages, filtered, exported, set."""

from __future__ import annotations

import base64
import csv
import io
import json
import re

import pytest
from sqlalchemy import event

from tests.groups import brand as sample
from tests.pages import pond
from tests.pages.conftest import Browser
from tests.pages.test_every_page import CHINESE, DATA, LATIN, MOST_QUERIES, SAME, texts
from yutang.app import Services
from yutang.console.people import reference
from yutang.installation import Installation
from yutang.settings import Settings
from yutang.worker import work_on

DAYS = "period=custom&from=2026-06-01&to=2026-06-30"
FILLED = [
    f"/b/pond/groups?{DAYS}",
    f"/b/pond/groups?{DAYS}&health=green&purpose=expert&sort=-members",
    f"/b/pond/groups/owners?{DAYS}&sort=response_p50",
    *(f"/b/pond/groups/of/{key}?{DAYS}" for key in ("A", "B", "C", "D%2F1")),
    "/b/pond/groups/settings?try=refund%20now?",
    "/b/pond/customers?people="
    + reference("group", group="A", who="silent", period="custom", first="2026-06-01",
                last="2026-06-30"),
]  # fmt: skip
OWN = {"Alpha", "Beta", "Gamma"}


def _make(home) -> Services:
    Installation.create(home)
    services = Services.open(Settings(home=home))
    services.staff = pond.fast_staff(services)
    services.installation.add_brand("pond", "P1")
    row = services.brands()[0]
    for login, role in (("boss", "admin"), ("anglo", "admin"), ("operator", "operator"),
                        ("guide", "guide")):  # fmt: skip
        account = services.staff.add_account(login, login[0], pond.PASSWORD, by="test")
        services.staff.set_role(row.id, account.id, role, by="test")
        if login == "anglo":
            services.staff.set_preferences(account.id, locale="en")
    brand = services.brand("pond")
    sample.bring(brand, sample.write(home / "events.ndjson", sample.lines()))
    brand.groups.change("A", by="boss", purpose="expert")
    return services


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Services:
    return _make(tmp_path_factory.mktemp("groups") / "home")


@pytest.fixture
def own(tmp_path) -> Services:
    return _make(tmp_path / "home")


@pytest.mark.parametrize("path", FILLED)
@pytest.mark.parametrize(("locale", "login"), [("zh", "boss"), ("en", "anglo")])
def test_a_filled_page_speaks_one_language(services, path, locale, login):
    page = Browser(services, login).get(path)
    assert page.status_code == 200, page.text[:2000]
    found = texts(page.text)
    if locale == "en":
        assert not [text for text in found if CHINESE.search(text) and text != "中文"]
    else:
        assert not [t for t in found if set(LATIN.findall(t)) - SAME - DATA - OWN - {"refund"}]
        bare = re.sub(r"<(script|style).*?</\1>", "", page.text, flags=re.DOTALL)
        assert not re.findall(r".{9}[。？！，；：] +[\u3400-\u9fff].{9}", bare)


@pytest.mark.parametrize("path", FILLED)
def test_a_filled_page_asks_few_questions(services, path):
    browser = Browser(services)
    browser.get(path)
    seen: list[str] = []
    engines = [services.installation.db.engine, services.brand("pond").workspace.db.engine]

    def note(_c, _cursor, statement, *_):
        seen.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    browser.get(path)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    queries = [one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))]
    assert len(queries) <= MOST_QUERIES, "\n".join(queries)


def test_numbers_lead_to_their_people(services):
    page = Browser(services).get(f"/b/pond/groups/of/A?{DAYS}").text
    link = re.findall(r'href="(/b/pond/customers\?people=[^"]+)">5</a>', page)[0]
    raw = link.partition("people=")[2]
    said = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    assert (said["kind"], said["group"], said["who"]) == ("group", "A", "silent")
    listed = Browser(services).get(link.replace("&amp;", "&"))
    assert len(set(re.findall(r'/customers/(\d+)"', listed.text))) == 5


def test_the_list_is_filtered_and_exported(services):
    browser = Browser(services)
    page = browser.get(f"/b/pond/groups?{DAYS}&purpose=expert").text
    assert "Alpha" in page
    assert "Beta" not in page.partition('id="list"')[2]
    file = browser.get(f"/b/pond/groups?{DAYS}&as=csv")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]]
    assert {row[0] for row in rows[1:]} == {"A", "B", "C", "D/1"}
    assert browser.get(f"/b/pond/groups/owners?{DAYS}&as=xlsx").status_code == 200
    assert Browser(services, "guide").get(f"/b/pond/groups?{DAYS}&as=csv").status_code == 403


def test_what_a_group_is_can_be_set(own):
    browser = Browser(own, "operator")
    path = "/b/pond/groups/of/D%2F1"
    done = browser.post(path, {"purpose": "flash", "dissolve_on": "2026-06-10", "name": "Delta",
                               "carries_over_to": "A", "status": "active"})  # fmt: skip
    assert done.status_code == 303
    assert done.headers["location"] == path
    assert "Delta" in browser.get(path).text
    wrong = browser.post(path, {"purpose": "flash", "dissolve_on": "soon", "name": "Typed"})
    assert wrong.status_code == 422
    assert 'value="Typed"' in wrong.text
    (row,) = [one for one in own.brand("pond").audit.page() if one.action == "group_set"]
    assert row.target == "D/1"
    assert Browser(own, "guide").post(path, {"name": "x"}).status_code == 403
    assert browser.post("/b/pond/groups/of/nobody", {"name": "x"}).status_code in (404, 422)


def test_limits_and_words_are_set_and_tried(own):
    browser = Browser(own)
    path = "/b/pond/groups/settings"
    page = browser.get(path).text
    form = dict(re.findall(r'name="([a-z_.]+)"[^>]*? value="([^"]*)"', page))
    form = {k: v for k, v in form.items() if k not in ("csrf", "list", "act", "try", "next")}
    assert browser.post(path, {**form, "active.amber": "25"}).status_code == 303
    used = own.brand("pond").groups.settings()
    assert used.limits["active"].amber == 0.25
    assert used.limits["full"].red == 200
    for name, value in (("active.red", "90"), ("opens", "23"), ("answer_hours", "x"),
                        ("full.weight", "1.5")):  # fmt: skip
        refused = browser.post(path, {**form, name: value})
        assert refused.status_code == 422
        assert f'value="{value}"' in refused.text
    words = {"list": "complaint", "words": "refund\nbroken", "act": "save"}
    assert browser.post(path + "/words", words).status_code == 303
    assert browser.nudged == ["pond"]
    groups = own.brand("pond").groups
    assert groups.words().complaint == ("refund", "broken")
    assert groups.is_recounting()
    assert "broken" in browser.get(path + "?try=it+is+Broken").text.partition('id="tried"')[2][:900]
    work_on(own.brand("pond"))
    assert not groups.is_recounting()
    browser.post(path + "/words", {**words, "act": "trade", "trade": "food"})
    assert "发霉" in groups.words().complaint
    exported = browser.get(path + "?as=csv").content
    browser.post(path + "/words", {"list": "complaint", "words": "", "act": "save"})
    assert groups.words().complaint == ()
    browser.post(path + "/words", {"list": "complaint", "words": "", "act": "file"},
                 files={"file": ("w.csv", exported, "text/csv")})  # fmt: skip
    assert "发霉" in groups.words().complaint
    assert "吗" not in groups.words().complaint
    for bad in ({"list": "x"}, {**words, "act": "trade", "trade": "x"}, {**words, "act": "file"},
                {**words, "words": "w" * 41}):  # fmt: skip
        assert browser.post(path + "/words", bad).status_code == 422
    browser.post(path + "/words", {**words, "act": "reset"})
    assert "退款" in groups.words().complaint
