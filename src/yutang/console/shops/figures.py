"""What each shop sold: read from the current orders."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class ShopFigures:
    """Paid orders, what was paid for them (fen), and the time of the last one (UTC ms)."""

    orders: int
    paid_fen: int
    last_at: int


def figures_of(orders: pa.Table) -> dict[tuple[str, str], ShopFigures]:
    """(platform, shop) → figures, from `commerce.CurrentOrders.orders`."""
    paid = orders.select(["platform", "shop", "paid", "paid_fen", "paid_at"])
    paid = paid.filter(pc.field("paid")).drop_columns(["paid"])
    found = paid.group_by(["platform", "shop"]).aggregate(
        [("paid_fen", "count"), ("paid_fen", "sum"), ("paid_at", "max")]
    )
    return {
        (row["platform"], row["shop"]): ShopFigures(
            row["paid_fen_count"], row["paid_fen_sum"], row["paid_at_max"]
        )
        for row in found.to_pylist()
    }
