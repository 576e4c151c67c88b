"""The simulated brand through the whole application: files in, numbers and findings out."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from yutang.app import Services
from yutang.brand import Brand
from yutang.customers import CustomerQuery
from yutang.demo import SIMULATION_ZONE, DemoFile, write_simulation
from yutang.demo.truths import INTERVALS, LEAVING
from yutang.errors import NotFound
from yutang.installation import Installation
from yutang.refresh import refresh
from yutang.settings import Settings

pytestmark = pytest.mark.slow
PEOPLE = 6_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[DemoFile]:
    try:
        return write_simulation(tmp_path_factory.mktemp("files"), customers=PEOPLE)
    except NotFound as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory, files: list[DemoFile]) -> Brand:
    home: Path = tmp_path_factory.mktemp("home") / "home"
    Installation.create(home).add_brand("main", "Pond", zone=SIMULATION_ZONE)
    made = Services.open(Settings(home=home)).brand("main")
    with made.workspace.writer():
        for file in files:
            for platform, shop, domain in file.shops:
                made.shops.declare(platform, shop, domain=domain, by="test")
            one = made.imports.add(file.path, kind=file.kind, filename=file.path.name, by="test")
            made.imports.queue(one.id, preset=file.preset or "")
            assert made.imports.run(one.id).status == "done"
        refresh(made)
    return made


def test_the_money_is_that_of_the_files(brand: Brand, files: list[DemoFile]) -> None:
    paths = [str(file.path) for file in files if file.kind == "orders"]
    # The file repeats an order's amounts on each of its lines.
    paid, refunded, orders = (
        duckdb.connect()
        .execute(
            "SELECT sum(paid), sum(refund), count(*) FROM (SELECT max(paid_fen) AS paid,"
            " max(refund_fen) AS refund FROM read_parquet(?, union_by_name = true)"
            " GROUP BY order_id) WHERE paid > 0",
            [paths],
        )
        .fetchone()
    )
    found = brand.measure.overview(brand.measure.period("all"))
    assert found.number("gmv_paid").value == paid
    assert found.number("gmv_net").value == paid - (refunded or 0)
    assert found.number("orders").value == orders


def test_one_person_is_one_customer(brand: Brand) -> None:
    found = brand.measure.overview(brand.measure.period("all"))
    assert found.number("customers").value == PEOPLE
    assert brand.customers.list_(CustomerQuery()).total == PEOPLE


def test_the_planted_truths_are_found(brand: Brand) -> None:
    found = {one.id: one for one in brand.measure.needs(brand.measure.period("all"))}
    gift = found[f"fast_leavers:{LEAVING.channel_code}"]
    added = LEAVING.people * PEOPLE // 60_000
    assert gift.count == pytest.approx(LEAVING.left_within_week_rate * added, abs=1)
    assert [key for key in found if key.startswith("fast_leavers")] == [gift.id]
    rhythm = brand.customers.snapshot()
    words = rhythm.words["category"]
    middle = dict(
        zip(
            (words[code] for code in rhythm.restocks.rhythm_category),
            rhythm.restocks.middle,
            strict=True,
        )
    )
    assert set(middle) == {INTERVALS.slow_category, INTERVALS.fast_category}
    assert middle[INTERVALS.slow_category] == pytest.approx(INTERVALS.slow_days, abs=1)
    assert middle[INTERVALS.fast_category] == pytest.approx(INTERVALS.fast_days, abs=1)


def test_stock_and_flows_of_the_pool_add_up(brand: Brand) -> None:
    for preset in ("this_month", "last_90", "all"):
        fall = brand.measure.overview(brand.measure.period(preset)).pool
        inflow = sum(flow.people for flow in fall.inflow)
        assert fall.before + inflow - sum(flow.people for flow in fall.outflow) == fall.after
        assert inflow > 0
