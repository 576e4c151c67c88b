"""Products of a brand: asked by service, command and API, kept as segments, settings, privacy."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from yutang import api
from yutang.app import Services
from yutang.brand import Brand
from yutang.cli import app
from yutang.errors import BadInput, NotFound
from yutang.installation import Installation
from yutang.products import PairsQuestion, Scope, StepsQuestion
from yutang.settings import Settings

pytestmark = pytest.mark.slow
FIRST = date(2026, 1, 1)
HEADER = "订单号,付款时间,订单实付金额,退款金额,商品名称,商品编码,品类,数量,会员号"


def lines() -> list[str]:
    """120 customers who buy tea every 30 days; half of them take a cup with the first tea, the
    others a jar on the second day; soap has no rhythm."""
    rng = np.random.default_rng(4)
    made = [HEADER]

    def order(who: int, day: int, *things: str) -> None:
        number = f"A{len(made)}"
        on = FIRST + timedelta(days=day)
        for thing in things:
            kind = "drinks" if thing == "tea" else "home"
            made.append(
                f"{number},{on} 10:00:00,{30 * len(things)},0,{thing},{thing},{kind},1,m{who}"
            )

    for who in range(120):
        day = int(rng.integers(0, 25))
        for n in range(6):
            more = ["cup"] if n == 0 and who % 2 else ["jar"] if n == 1 and not who % 2 else []
            order(who, day, "tea", *more)
            day += int(rng.integers(27, 34))
        if who % 5 == 0:
            order(who, int(rng.integers(0, 180)), "soap")
    return made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("goods")
    installation = Installation.create(folder / "home")
    installation.add_brand("main", "Main")
    installation.add_brand("empty", "Empty")
    path = folder / "orders.csv"
    path.write_text("\n".join(lines()), encoding="utf-8")
    done = ask(
        folder / "home", "import", "orders", str(path), "--platform", "pos", "--shop", "s",
        "--brand", "main",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return folder / "home"


def ask(home: Path, *words: str):
    return CliRunner().invoke(app, [*words, "--home", str(home)])


@pytest.fixture(scope="module")
def brand(home: Path) -> Brand:
    return Services.open(Settings(home=home)).brand("main")


def key(brand: Brand, name: str) -> str:
    units = brand.products.goods().units["product"]
    return units.keys[units.names.index(name)]


def test_answers_are_kept_until_the_facts_move(brand: Brand) -> None:
    question = PairsQuestion(Scope(0, 10**5))
    first = brand.products.pairs(question)
    assert brand.products.pairs(question) is first
    assert first.baskets == 120 * 6 + 24
    for n in range(60):  # what is kept is bounded
        brand.products.pairs(PairsQuestion(Scope(n, 10**5)))
    assert len(brand.products._kept) <= 48
    assert brand.products.pairs(question) is not first


def test_people_become_a_segment_that_refreshes(brand: Brand) -> None:
    tea, cup = key(brand, "tea"), key(brand, "cup")
    scope = {"kind": "products", "level": "product", "period": "all"}
    only = {**scope, "of": "only", "a": tea, "b": cup, "by": "order", "days": 30}
    made = brand.segments.create_from("no cup yet", only, by="test")
    assert made.people == 60
    assert made.can_refresh
    assert brand.segments.refresh(made.id, by="test").people == 60
    counts = {
        of: len(brand.segments.origins.people({**scope, "of": of, **what}))
        for of, what in {
            "buyers": {"id": tea}, "repeat": {"id": cup}, "first": {"id": cup},
            "second": {"id": key(brand, "jar")}, "pair": {"a": tea, "b": cup},
            "waiting": {"a": tea}, "step": {"a": tea, "b": key(brand, "jar")},
        }.items()
    }  # fmt: skip
    assert counts["buyers"] == 120
    assert counts["repeat"] == 0
    assert counts["first"] >= 50  # a soap may have been the first
    assert counts["pair"] == 60
    assert 100 <= counts["waiting"] <= 120
    assert 50 <= counts["step"] <= 60
    assert 40 <= counts["second"] <= 60
    for wrong in ({"of": "moon"}, {"of": "buyers"}, {"of": "buyers", "id": tea, "level": "x"}):
        with pytest.raises(BadInput):
            brand.segments.origins.people({**scope, **wrong})
    with pytest.raises(NotFound):
        brand.segments.origins.people({**scope, "of": "buyers", "id": "gone"})


def test_restocks_of_a_rhythm(brand: Brand) -> None:
    products = brand.products
    found = products.restocks(products.scope({"period": "all", "level": "product"}))
    units = products.goods().units["product"]
    assert {units.names[int(n)] for n in found.expected.thing} == {"tea"}
    assert len(found.expected) == 120
    waits = found.expected.day - found.expected.last
    assert 27 <= waits.min() <= waits.max() <= 34
    state = {"kind": "products", "of": "restock", "level": "product", "period": "all",
             "due_days": 7}  # fmt: skip
    total = sum(
        len(brand.segments.origins.people({**state, "state": name}))
        for name in ("long", "due", "soon", "later")
    )
    assert total == 120
    customer = int(found.expected.customer[0])
    (due,) = [row for row in products.due(customer, level="product") if row["name"] == "tea"]
    assert due["times"] == 6
    assert due["clear"]
    assert due["low_on"] <= due["expected_on"] <= due["high_on"]
    assert products.due(99_999) == []


def test_what_one_customer_buys_next(brand: Brand) -> None:
    who = int(brand.products.goods().customer[0])
    guesses = brand.products.next_for(who, level="product")
    assert guesses[0]["name"] == "tea"
    assert guesses[0]["chance"] > 0.8
    assert brand.products.next_for(99_999) == []


def test_one_product_and_what_comes_before_and_after(brand: Brand) -> None:
    products = brand.products
    scope = products.scope({"period": "all"})
    found = products.product(key(brand, "cup"), scope, products.before(scope))
    assert found.row is not None
    assert (found.row["orders"], found.row["buyers"]) == (60, 60)
    near = products.neighbours(key(brand, "cup"), scope)
    assert near.after[0]["name"] == "tea"
    assert near.returned == 1.0
    assert near.days is not None
    assert 20 <= near.days <= 34
    with pytest.raises(NotFound):
        products.product("gone", scope, None)


def test_settings_are_kept_and_products_counted_anew(home: Path) -> None:
    brand = Services.open(Settings(home=home)).brand("empty")
    assert brand.products.settings().identify == "item"
    used = brand.products.set_settings(identify="title", due_days=3)
    assert (used.identify, used.due_days) == ("title", 3)
    assert brand.products.settings() == used
    for wrong in ({"identify": "moon", "due_days": 3}, {"identify": "item", "due_days": 400}):
        with pytest.raises(BadInput):
            brand.products.set_settings(**wrong)
    assert brand.products.hits(Scope(0, 9), None).all_orders == 0
    assert len(brand.products.transitions(StepsQuestion(Scope(0, 9)))) == 0


def test_commands_tell_the_same(home: Path, brand: Brand) -> None:
    told = json.loads(ask(home, "products", "hits", "--brand", "main", "--json").stdout)
    assert told["rows"][0]["name"] == "tea"
    assert told["rows"][0]["orders"] == 720
    pairs = json.loads(ask(home, "products", "pairs", "--brand", "main", "--json").stdout)
    assert pairs["baskets"] == 744
    steps = json.loads(ask(home, "products", "next", "--level", "product", "--brand", "main",
                           "--json").stdout)  # fmt: skip
    assert {row["a_name"] for row in steps["rows"]} >= {"tea", "cup"}
    restocks = json.loads(
        ask(home, "products", "restocks", "--level", "product", "--brand", "main",
            "--state", "later", "--json").stdout
    )  # fmt: skip
    assert sum(restocks["counts"].values()) == 120
    for words in (("hits",), ("pairs",), ("next",), ("restocks",)):
        plain = ask(home, "products", *words, "--brand", "main")
        assert plain.exit_code == 0, plain.output
    for wrong in (
        ("hits", "--level", "moon"), ("pairs", "--by", "moon"), ("hits", "--from", "2026-01-01"),
        ("restocks", "--state", "moon"), ("restocks", "--brand", "empty"),
    ):  # fmt: skip
        answer = ask(home, "products", *wrong, *(() if "--brand" in wrong else ("--brand", "main")))
        assert isinstance(answer.exception, BadInput), wrong


def test_programs_are_told_the_same(home: Path) -> None:
    services = Services.open(Settings(home=home))
    web = FastAPI()
    web.state.services, web.state.nudge = services, lambda _brand: None
    api.mount(web)
    row = services.installation.get_brand("main")
    _, secret = services.staff.add_key(row.id, "erp", "admin", by="test")
    client = TestClient(web, base_url="http://test/api/v1",
                        headers={"Authorization": f"Bearer {secret}"})  # fmt: skip
    listed = client.get("/products", params={"limit": 2}).json()
    assert listed["rows"][0]["name"] == "tea"
    rest = client.get("/products", params={"cursor": listed["next_cursor"]}).json()
    assert len(listed["rows"]) + len(rest["rows"]) == listed["total"] == 4
    tea = listed["rows"][0]["id"]
    pairs = client.get("/products/pairs", params={"thing": tea, "only_sure": False}).json()
    assert {one["both"] for one in pairs["rows"]} == {60}
    steps = client.get("/products/next", params={"level": "product", "start": tea}).json()
    assert {one["a"] for one in steps["rows"]} == {tea}
    assert client.get("/products/next/holdout", params={"days": 60}).json()["methods"]
    due = client.get("/products/restocks", params={"level": "product", "state": ""}).json()
    assert due["total"] == sum(due["counts"].values()) == 120
    assert client.get(f"/products/{tea}").json()["numbers"]["orders"] == 720
    one = client.get(f"/customers/{due['rows'][0]['customer']}/next-purchase").json()
    assert one["products"][0]["name"] == "tea"
    assert one["restocks"]
    assert client.get("/customers/99999/next-purchase").status_code == 404
    assert client.get("/products/0123").status_code == 404
    wrong = client.get("/products", params={"from": "2026-02-01"})
    assert wrong.status_code == 422
    assert client.get("/products", params={"category": "gone"}).status_code == 404
    assert client.put("/products/settings", json={"identify": "item", "due_days": 5}).json() == {
        "identify": "item", "due_days": 5,
    }  # fmt: skip
    assert client.get("/products/settings").json()["due_days"] == 5
    assert (
        client.put("/products/settings", json={"identify": "x", "due_days": 5}).status_code == 422
    )
