"""Writes the Complete Journey data in importer formats: every line of it, nothing invented.

Orders keep the layout of the source (preset `complete_journey`), joined with the names of the
products; campaigns received and coupons redeemed become events. One order is one basket;
`sales_value` is what was paid for the line, in US dollars.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from yutang.demo.source import LOCAL_ZONE, source_file
from yutang.demo.tables import DemoFile, Progress, quiet, write_parquet

ZONE = LOCAL_ZONE
"""The brand's zone: in any other, days and hours of shopping would be wrong."""

_PRODUCT_COLUMNS = [
    "product_id",
    "product_type",
    "product_category",
    "department",
    "brand",
    "manufacturer_id",
    "package_size",
]
_REDEEMED_AT = timedelta(hours=12)
"""The source gives the day of a redemption only; noon keeps it within the day."""


def _positions(ids: pa.ChunkedArray, known: pa.ChunkedArray) -> pa.Array:
    """Where each id stands in `known`; null where it does not."""
    sorted_ids = known.to_numpy()
    order = np.argsort(sorted_ids)
    wanted = ids.to_numpy()
    place = np.clip(np.searchsorted(sorted_ids[order], wanted), 0, len(order) - 1)
    found = order[place]
    return pa.array(found, mask=sorted_ids[found] != wanted)


def order_lines() -> pa.Table:
    """All 1,469,307 lines in source order, with title, department, category, brand and size.

    Products that the source does not describe have none of these.
    """
    lines = pq.read_table(source_file("transactions"))
    products = pq.read_table(source_file("products"), columns=_PRODUCT_COLUMNS)
    rows = _positions(lines["product_id"], products["product_id"])
    maker = pc.binary_join_element_wise(
        products["brand"], products["manufacturer_id"].cast(pa.string()), " "
    )
    names = {
        "title": pc.coalesce(products["product_type"], products["product_category"]),
        "department": products["department"],
        "product_category": products["product_category"],
        "brand": maker,
        "package_size": products["package_size"],
    }
    at = lines["transaction_timestamp"].cast(pa.timestamp("ms"))
    place = lines.column_names.index("transaction_timestamp")
    lines = lines.set_column(place, "transaction_timestamp", pc.assume_timezone(at, "UTC"))
    for name, column in names.items():
        encoded = column.combine_chunks().dictionary_encode()
        lines = lines.append_column(name, encoded.take(rows))
    return lines.replace_schema_metadata(None)


def _local_day(days: pa.ChunkedArray, plus: timedelta = timedelta()) -> NDArray[np.int64]:
    """Unix milliseconds of these dates in the shops' zone, `plus` after midnight."""
    zone = ZoneInfo(LOCAL_ZONE)
    dates, index = np.unique(days.to_numpy().astype("datetime64[D]"), return_inverse=True)
    moments = [
        int((datetime.combine(day, time(), zone) + plus).timestamp() * 1000)
        for day in dates.astype(object)
    ]
    return np.array(moments, np.int64)[index]


def _coupon_categories(used: pa.Table) -> pa.Array:
    """For each redemption the category most of the coupon's products belong to."""
    coupons = pq.read_table(source_file("coupons"))
    products = pq.read_table(source_file("products"), columns=["product_id", "product_category"])
    rows = _positions(coupons["product_id"], products["product_id"])
    coupons = coupons.append_column(
        "category", products["product_category"].combine_chunks().take(rows)
    )
    keys = ["coupon_upc", "campaign_id"]
    counted = coupons.group_by([*keys, "category"]).aggregate([("product_id", "count")])
    counted = counted.filter(pc.is_valid(counted["category"])).sort_by(
        [("product_id_count", "descending"), ("category", "ascending")]
    )
    best: dict[tuple[int, int], str] = {}
    for row in counted.to_pylist():
        best.setdefault((row["coupon_upc"], row["campaign_id"]), row["category"])
    pairs = zip(*(used[key].to_pylist() for key in keys), strict=True)
    return pa.array([best.get(pair) for pair in pairs], pa.string())


def events() -> pa.Table:
    """Campaigns received (on the campaign's first day) and coupons redeemed, by time, in the
    Parquet event layout; identities are households."""
    received = pq.read_table(source_file("campaigns"))
    described = pq.read_table(source_file("campaign_descriptions"))
    which = _positions(received["campaign_id"], described["campaign_id"])
    used = pq.read_table(source_file("coupon_redemptions"))
    n, m = received.num_rows, used.num_rows
    campaigns = _event_columns(
        "campaign_received", received, _local_day(described["start_date"].take(which))
    )
    campaigns["property.campaign_type"] = described["campaign_type"].take(which)
    redeemed = _event_columns(
        "coupon_redeemed", used, _local_day(used["redemption_date"], _REDEEMED_AT)
    )
    redeemed["property.coupon_upc"] = used["coupon_upc"].cast(pa.string())
    redeemed["property.category"] = _coupon_categories(used)
    numbers = [f"cj-campaign-{i + 1}" for i in range(n)], [f"cj-coupon-{i + 1}" for i in range(m)]
    tables = [
        pa.table({"message_id": pa.array(ids), **columns})
        for ids, columns in zip(numbers, (campaigns, redeemed), strict=True)
    ]
    both = pa.concat_tables(tables, promote_options="default")
    return both.take(pa.array(np.argsort(both["time"].to_numpy(), kind="stable")))


def _event_columns(name: str, rows: pa.Table, at: NDArray[np.int64]) -> dict[str, pa.Array]:
    return {
        "event": pa.array([name] * rows.num_rows),
        "time": pa.array(at),
        "identity.household": rows["household_id"].cast(pa.string()),
        "property.campaign_id": rows["campaign_id"].cast(pa.string()),
    }


def write_complete_journey(folder: Path, progress: Progress = quiet) -> list[DemoFile]:
    """Write the order file and the event file into `folder`.

    Each row names its own shop. Raises NotFound when the data package is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    progress("read Complete Journey", 0.0)
    table = order_lines()
    progress("write orders", 0.4)
    path = folder / "orders.parquet"
    orders = DemoFile(path, "orders", write_parquet(table, path), preset="complete_journey")
    progress("write events", 0.9)
    path = folder / "events.parquet"
    found = DemoFile(path, "events", write_parquet(events(), path))
    progress("done", 1.0)
    return [orders, found]
