"""Fits that are kept: made by the worker once a day, read after a restart, without who refuses."""

from __future__ import annotations

import gc
import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pyroaring import BitMap

import yutang
from tests.predictions.test_service import ask, orders
from yutang import api
from yutang.app import Services
from yutang.errors import BadInput
from yutang.installation import Installation
from yutang.predictions import Predictions, day_of, keeping, service
from yutang.predictions.attributes import NAMES
from yutang.sequence.calendar import day_start
from yutang.sequence.source import NO_TIME
from yutang.settings import Settings

pytestmark = pytest.mark.slow
DAY = 86_400_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    Installation.create(folder / "home").add_brand("main", "Main")
    path = folder / "orders.csv"
    path.write_text("\n".join(orders()), encoding="utf-8")
    done = ask(folder / "home", "import", "orders", str(path), "--platform", "pos", "--shop", "s")
    assert done.exit_code == 0, done.output
    return folder / "home"


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    gc.collect()  # who still holds the databases open would close them while they are copied
    return shutil.copytree(made, tmp_path / "home")


def brand_of(home: Path):
    return Services.open(Settings(home=home)).brand("main")


def no_fits(*_):
    raise AssertionError("a model was fitted")


@pytest.fixture
def without_fits(monkeypatch: pytest.MonkeyPatch):
    def switch() -> None:
        monkeypatch.setattr(service, "fitted", no_fits)
        monkeypatch.setattr(service, "hold_out", no_fits)

    return switch


def predictions_at(home: Path, now: int, refusing: BitMap | None = None) -> Predictions:
    brand = brand_of(home)
    brand.workspace.now = lambda: now
    return Predictions(brand.workspace, brand.customers, lambda: refusing or BitMap())


def test_a_restart_does_not_fit_again(home, without_fits):
    first = brand_of(home).predictions
    assert first.known() == {}
    expected = [(first.fitted(m), first.scores(m), first.holdout(m)) for m in ("bgnbd", "pnbd")]
    assert set(first.known()) == {"bgnbd", "pnbd"}
    assert first.refresh() == ("bgnbd", "pnbd")
    without_fits()
    again = brand_of(home).predictions
    assert set(again.known()) == {"bgnbd", "pnbd"}
    for model, (fit, scores, holdout) in zip(("bgnbd", "pnbd"), expected, strict=True):
        found = again.fitted(model)
        assert found.fit.params == fit.fit.params
        assert found.spending.params == fit.spending.params
        assert found.until == fit.until
        assert found.correlation == fit.correlation
        for name in ("customers", "alive", "next_on", "churn"):
            assert (getattr(again.scores(model), name) == getattr(scores, name)).all()
        assert again.scores(model).value[365].tolist() == scores.value[365].tolist()
        assert json.dumps(again.holdout(model).to_json()) == json.dumps(holdout.to_json())


def test_once_a_day_and_only_where_orders_moved(home, tmp_path):
    now = day_start(date(2026, 8, 1), "Asia/Shanghai") + 3_600_000
    assert predictions_at(home, now).refresh() == ("bgnbd", "pnbd")
    assert predictions_at(home, now + 5 * DAY).refresh() == ()  # nothing moved
    path = tmp_path / "more.csv"
    lines = orders()
    path.write_text(
        "\n".join([lines[0], "B1,2026-07-30 10:00:00,50,0,soap,1,m1"]), encoding="utf-8"
    )
    done = ask(home, "import", "orders", str(path), "--platform", "pos", "--shop", "s")
    assert done.exit_code == 0, done.output
    assert predictions_at(home, now + 60_000).refresh() == ()  # of the same day
    today = predictions_at(home, now + 60_000)
    assert today.known() == {}  # what is kept is of other orders
    assert today.fitted().until == service.day_number(date(2026, 7, 30))
    assert predictions_at(home, now + DAY).refresh() == ("bgnbd", "pnbd")
    kept = predictions_at(home, now + DAY)
    assert kept.known()["bgnbd"].until == service.day_number(date(2026, 7, 30))


def test_what_is_kept_goes_when_the_caches_are_made_anew_or_torn(home):
    brand = brand_of(home)
    brand.predictions.refresh()
    folder = brand.workspace.cache / "predictions"
    next(folder.glob("bgnbd-*/scores.alive.npy")).write_bytes(b"torn")
    assert set(brand_of(home).predictions.known()) == {"pnbd"}
    assert ask(home, "rebuild").exit_code == 0
    assert not folder.exists()
    assert brand_of(home).predictions.attributes() == {}


def test_customers_have_what_is_expected_of_them_as_attributes(home, without_fits):
    brand = brand_of(home)
    assert not set(NAMES) & set(brand.shards().attributes)  # nobody waits for a fit
    brand.predictions.refresh()
    without_fits()
    brand = brand_of(home)
    found, scores = brand.shards().attributes, brand.predictions.scores()
    assert set(NAMES) <= set(found)
    assert found["alive"].values[scores.customers] == pytest.approx(scores.alive)
    assert found["orders_90d"].values[scores.customers] == pytest.approx(scores.orders[90])
    assert found["value_365d"].values[scores.customers] == pytest.approx(scores.value[365])
    assert found["churn_365d"].values[scores.customers] == pytest.approx(scores.churn)
    moments = found["next_order_at"].values
    assert moments[scores.customers[0]] == day_start(
        day_of(int(scores.next_on[0])), "Asia/Shanghai"
    )
    assert np.isnan(found["alive"].values[0])
    assert moments[0] == NO_TIME
    assert brand.shards() is brand.shards()
    likely = int((scores.churn < 0.5).sum())
    params = {
        "measures": [{"event": "order_paid", "measure": "people"}],
        "filter": {"property": "customer.churn_365d", "op": "<", "value": 0.5},
        "from": "2026-01-01",
        "to": "2026-12-31",
        "unit": "total",
    }
    told = brand.analyse("event", params)
    assert told["rows"][0]["A"] == likely
    brand.predictions.set_settings(margin=0.5, discount=0.1)
    half = brand.shards().attributes["value_365d"].values[scores.customers]
    assert half == pytest.approx(scores.value[365] / 2)


def test_who_refuses_profiling_is_nowhere(home, monkeypatch):
    full = brand_of(home).predictions
    everybody = full.scores().customers
    refusing = BitMap([*everybody[::3].tolist(), 10_000_000])
    told = set(everybody.tolist()) - set(refusing)
    brand = brand_of(home)
    brand.predictions.refresh()  # before anybody refused
    current = [BitMap()]
    predictions = Predictions(brand.workspace, brand.customers, lambda: current[0])
    assert len(predictions.scores().customers) == len(everybody)
    whole = predictions.attributes()
    current[0] = refusing
    assert set(predictions.purchases().customer.tolist()) == told
    assert set(predictions.scores().customers.tolist()) == told
    assert set(predictions.fitted().customers.tolist()) == told
    assert predictions.fitted().fit.params != full.fitted().fit.params  # nor in the fit
    assert set(predictions.holdout().calibration.customers.tolist()) <= told
    assert predictions.refused() == len(refusing)
    known = predictions.attributes()  # of the fit of last night
    assert known is not whole
    for name in NAMES:
        absent = known[name].values[everybody[::3]]
        assert (absent == NO_TIME).all() if name == "next_order_at" else np.isnan(absent).all()
        kept = known[name].values[sorted(told)]
        assert (kept == whole[name].values[sorted(told)]).all()
    current[0] = BitMap()
    assert len(predictions.scores().customers) == len(everybody)  # who consents again is back
    monkeypatch.setattr(
        "yutang.consents.Consents.people",
        lambda _self, purpose, state: refusing if purpose == "profiling" else BitMap(),
    )
    listed = told_by_the_api(home)
    assert {row["customer"] for row in listed} == told
    out = home / "scores.csv"
    assert ask(home, "clv", "--out", str(out)).exit_code == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == len(told) + 1


def told_by_the_api(home: Path) -> list[dict]:
    services = Services.open(Settings(home=home))
    web = FastAPI()
    web.state.services, web.state.nudge = services, lambda _brand: None
    api.mount(web)
    row = services.installation.get_brand("main")
    _, secret = services.staff.add_key(row.id, "erp", "admin", by="test")
    client = TestClient(
        web,
        base_url="http://test/api/v1/predictions",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert client.get("", params={"model": "pnbd"}).json()["params"].keys() >= {"s", "beta"}
    assert client.get("", params={"model": "magic"}).status_code == 422
    assert "by_decile" in client.get("/holdout", params={"model": "pnbd"}).json()
    return client.get("/customers", params={"limit": 500, "model": "pnbd"}).json()["rows"]


def test_a_notebook_is_told_the_same(home):
    pond = yutang.open(home)
    scores = brand_of(home).predictions.scores("pnbd")
    answer = pond.clv(model="pnbd")
    assert [row["days"] for row in answer.rows] == [30, 90, 365]
    assert answer.rows[1]["orders"] == pytest.approx(float(scores.orders[90].sum()))
    assert len(answer.people()) == len(scores.customers)
    assert len(answer.people(days=365)) == answer.rows[2]["people"]
    with pytest.raises(BadInput):
        answer.people(step=1)
    assert {row["name"] for row in answer.tables["params"].rows} >= {"r", "s", "p", "q"}
    assert "holdout" in answer.tables
    assert answer.to_arrow("params").num_rows == 8
    assert "<svg" in answer._repr_html_()
    then = pond.clv(until=date(2026, 5, 1))
    assert then.rows[0]["orders"] != answer.rows[0]["orders"]
    each = pond.predictions("pnbd", limit=7)
    assert len(each) == 7
    assert each.rows[0]["value_365"] == pytest.approx(float(scores.value[365].max()))
    with pytest.raises(BadInput):
        pond.clv("magic")


def test_settings_that_changed_are_counted_with_what_is_kept(home, without_fits):
    predictions = brand_of(home).predictions
    predictions.refresh()
    whole = predictions.scores().value[90]
    without_fits()
    predictions = brand_of(home).predictions
    predictions.set_settings(margin=0.25, discount=0.1)
    assert predictions.scores().value[90] == pytest.approx(whole / 4)


def test_a_format_of_later_is_not_read(home, monkeypatch):
    brand_of(home).predictions.refresh()
    monkeypatch.setattr(keeping, "FORMAT", 99)
    assert brand_of(home).predictions.known() == {}
