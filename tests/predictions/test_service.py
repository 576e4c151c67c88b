"""Predictions of a brand, and the commands that ask for them."""

from __future__ import annotations

import csv
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
from yutang.cli import app
from yutang.errors import BadInput
from yutang.installation import Installation
from yutang.settings import Settings

pytestmark = pytest.mark.slow
FIRST = date(2026, 1, 1)


def orders(people: int = 60) -> list[str]:
    """Lines of an order file: each buys at his own rate for 200 days."""
    rng = np.random.default_rng(7)
    lines = ["订单号,付款时间,订单实付金额,退款金额,商品名称,数量,会员号"]
    for who in range(people):
        at = float(rng.integers(0, 60))
        pause = rng.gamma(3.0, 12.0)
        while at < 200:
            on = FIRST + timedelta(days=int(at))
            number = f"A{len(lines)}"
            lines.append(f"{number},{on} 10:00:00,{rng.integers(20, 90)},0,soap,1,m{who}")
            at += 1 + rng.exponential(pause)
    return lines


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worth")
    installation = Installation.create(folder / "home")
    installation.add_brand("main", "Main")
    installation.add_brand("empty", "Empty")
    path = folder / "orders.csv"
    path.write_text("\n".join(orders()), encoding="utf-8")
    done = ask(
        folder / "home", "import", "orders", str(path), "--platform", "pos", "--shop", "s",
        "--brand", "main",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return folder / "home"


def ask(home: Path, *words: str):
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def test_the_model_of_a_brand(home):
    answer = ask(home, "clv", "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert set(found) >= {
        "model", "params", "log_likelihood", "customers", "gamma_gamma", "cells", "seconds",
    }  # fmt: skip
    assert found["customers"] == 60
    assert set(found["params"]) == {"r", "alpha", "a", "b"}
    other = json.loads(ask(home, "clv", "--model", "pnbd", "--holdout", "--json").stdout)
    assert set(other["params"]) == {"r", "alpha", "s", "beta"}
    assert other["holdout"]["actual"] > 0
    then = json.loads(ask(home, "clv", "--until", "2026-05-01", "--json").stdout)
    assert then["until"] == "2026-05-01"


def test_scores_are_written_and_margins_kept(home, tmp_path):
    out = tmp_path / "scores.csv"
    assert ask(home, "clv", "--out", str(out), "--margin", "0.5").exit_code == 0
    with out.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 60
    assert rows[0].keys() >= {"customer", "alive", "orders_90", "value_365", "next_on", "churn"}
    predictions = Services.open(Settings(home=home)).brand("main").predictions
    assert predictions.settings().margin == 0.5
    scores = predictions.fitted().scores(margin=0.5, discount=0.1)
    assert [float(row["value_90"]) for row in rows] == pytest.approx(scores.value[90], rel=1e-4)
    assert predictions.fitted() is predictions.fitted()  # until the facts move
    for wrong in ("0", "1.5"):
        refused = ask(home, "clv", "--margin", wrong)
        assert isinstance(refused.exception, BadInput)


def test_customers_of_a_file_cannot_be_formulas(tmp_path):
    lines = ["customer,date,value"]
    lines += [f"=cmd{n},2026-0{1 + m}-0{1 + n % 9},{10 + n}" for n in range(40) for m in range(3)]
    path, out = tmp_path / "bought.csv", tmp_path / "scores.csv"
    path.write_text("\n".join([*lines, "x,never,1"]), encoding="utf-8")
    answer = CliRunner().invoke(app, ["clv", "--from-file", str(path), "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "Row 122: date “never”" in answer.output
    with out.open(encoding="utf-8") as handle:
        assert {row["customer"][:2] for row in csv.DictReader(handle)} == {"'="}


def test_programs_are_told_the_same(home):
    services = Services.open(Settings(home=home))
    web = FastAPI()
    web.state.services, web.state.nudge = services, lambda _brand: None
    api.mount(web)
    row = services.installation.get_brand("main")
    _, secret = services.staff.add_key(row.id, "erp", "admin", by="test")
    headers = {"Authorization": f"Bearer {secret}"}
    client = TestClient(web, base_url="http://test/api/v1/predictions", headers=headers)
    told, scores = client.get("").json(), services.brand("main").predictions.scores()
    assert told["horizons"]["90"]["orders"] == pytest.approx(float(scores.orders[90].sum()))
    first = client.get("/customers", params={"limit": 40}).json()
    rest = client.get("/customers", params={"cursor": first["next_cursor"]}).json()
    assert rest["next_cursor"] is None
    listed = [*first["rows"], *rest["rows"]]
    assert len(listed) == first["total"] == told["customers"] == 60
    values = [one["value_fen"]["365"] for one in listed]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(told["horizons"]["365"]["value_fen"], rel=1e-6)
    riskiest = client.get("/customers", params={"sort": "churn", "limit": 1}).json()["rows"]
    assert riskiest[0]["churn"] == pytest.approx(float(scores.churn.max()))
    assert client.get("/holdout").json()["actual"] > 0
    kept = client.put("/settings", json={"margin": 0.25, "discount": 0})
    assert kept.json() == {"margin": 0.25, "discount": 0}
    quarter = client.get("").json()["horizons"]["90"]["value_fen"]
    assert client.put("/settings", json={"margin": 0.5, "discount": 0}).status_code == 200
    assert client.get("").json()["horizons"]["90"]["value_fen"] == pytest.approx(2 * quarter)
    assert client.put("/settings", json={"margin": 2, "discount": 0}).status_code == 422


def test_the_layers_of_rfm(home):
    found = json.loads(ask(home, "rfm", "--json").stdout)
    assert found["model"] == "rfm"
    assert sum(row["people"] for row in found["rows"]) == 60


@pytest.mark.parametrize(
    "words",
    [
        ("clv", "--brand", "empty"),
        ("clv", "--model", "magic"),
        ("clv", "--from-file", "nowhere.csv"),
        ("clv", "--until", "2026-01-02"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_sentence(home, words):
    answer = ask(home, *words)
    assert isinstance(answer.exception, BadInput)
    assert str(answer.exception).endswith(".")
