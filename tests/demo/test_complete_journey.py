from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from yutang.demo import PROVENANCE, write_complete_journey
from yutang.demo.source import source_file
from yutang.errors import NotFound

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    try:
        return write_complete_journey(tmp_path_factory.mktemp("journey"))
    except NotFound as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def orders(files):
    return pq.read_table(files[0].path)


@pytest.fixture(scope="module")
def events(files):
    return pq.read_table(files[1].path)


def test_every_line_basket_and_household_is_there(files, orders):
    assert files[0].rows == len(orders) == 1_469_307
    assert len(orders["basket_id"].unique()) == 155_848
    assert len(orders["household_id"].unique()) == 2_469


def test_amounts_and_quantities_are_those_of_the_source(orders):
    source = pq.read_table(source_file("transactions"))
    for name in source.column_names:
        if name != "transaction_timestamp":
            assert np.array_equal(orders[name].to_numpy(), source[name].to_numpy()), name
    assert pc.sum(orders["sales_value"]).as_py() == pytest.approx(4_596_039.58)


def test_products_are_named_where_the_source_names_them(orders):
    line = orders.slice(0, 1).to_pylist()[0]
    assert line["product_id"] == 1_095_275
    assert line["title"] == "ROLLS: BAGELS"
    assert line["department"] == "PASTRY"
    assert line["brand"] == "National 2"
    described = pq.read_table(source_file("products"))["product_id"]
    unknown = pc.invert(pc.is_in(orders["product_id"], described.combine_chunks()))
    assert orders.filter(unknown)["title"].null_count == pc.sum(unknown).as_py() == 4_836


def test_times_are_instants_and_shops_sleep_at_night(orders):
    assert orders.schema.field("transaction_timestamp").type == pa.timestamp("ms", tz="UTC")
    local = pc.local_timestamp(
        orders["transaction_timestamp"].cast(pa.timestamp("ms", tz="America/New_York"))
    )
    assert pc.year(local).unique().to_pylist() == [2017]
    by_hour = np.bincount(pc.hour(local).to_numpy(), minlength=24)
    assert by_hour.argmax() == 17
    assert by_hour[2:6].max() < by_hour[9:21].min() / 5


def test_campaigns_and_redemptions_become_events(files, events):
    counts = {row["values"]: row["counts"] for row in events["event"].value_counts().to_pylist()}
    assert counts == {"campaign_received": 6_589, "coupon_redeemed": 2_102}
    assert files[1].rows == len(events)
    assert len(events["message_id"].unique()) == len(events)
    assert events["identity.household"].null_count == 0
    first = events.filter(pc.equal(events["property.campaign_id"], "1")).slice(0, 1).to_pylist()[0]
    began = datetime.fromtimestamp(first["time"] / 1000, UTC)
    assert began == datetime(2017, 3, 3, 5, tzinfo=UTC)
    assert first["property.campaign_type"] == "Type B"


def test_a_redeemed_coupon_names_its_category(events):
    redeemed = events.filter(pc.equal(events["event"], "coupon_redeemed"))
    assert redeemed["property.coupon_upc"].null_count == 0
    coupons = pq.read_table(source_file("coupons"))
    products = pq.read_table(source_file("products"), columns=["product_id", "product_category"])
    row = redeemed.slice(100, 1).to_pylist()[0]
    mine = coupons.filter(
        pc.and_(
            pc.equal(coupons["coupon_upc"], int(row["property.coupon_upc"])),
            pc.equal(coupons["campaign_id"], int(row["property.campaign_id"])),
        )
    )
    named = mine.join(products, "product_id")["product_category"].drop_null()
    counts = {c["values"]: c["counts"] for c in named.value_counts().to_pylist()}
    assert counts[row["property.category"]] == max(counts.values())


def test_the_page_can_say_whose_data_it_is():
    for languages in PROVENANCE.values():
        assert set(languages) == {"zh", "en"}
    assert "dunnhumby" in PROVENANCE["complete_journey"]["zh"]
    assert "模拟" in PROVENANCE["simulation"]["zh"]
