"""Canonical order tables: what every order connector yields and the lake stores.

Amounts are integer fen, times UTC milliseconds. `row` is the source row as a spreadsheet shows it.
"""

from __future__ import annotations

import pyarrow as pa

TEXT, INT, REAL = pa.string(), pa.int64(), pa.float64()

ORDER_FIELDS: dict[str, pa.DataType] = {
    "row": INT,
    "platform": TEXT,
    "shop": TEXT,
    "order_id": TEXT,
    "rank_at": INT,
    "status": TEXT,
    "created_at": INT,
    "paid_at": INT,
    "shipped_at": INT,
    "finished_at": INT,
    "closed_at": INT,
    "paid_fen": INT,
    "lines_paid_fen": INT,
    "refund_fen": INT,
    "lines_refund_fen": INT,
    "freight_fen": INT,
    "platform_discount_fen": INT,
    "shop_discount_fen": INT,
    "quantity": REAL,
    "buyer": TEXT,
    "buyer_kind": TEXT,
    "phone": TEXT,
    "member_no": TEXT,
    "channel": TEXT,
    "store": TEXT,
    "guide": TEXT,
    "province": TEXT,
    "city": TEXT,
}
LINE_FIELDS: dict[str, pa.DataType] = {
    "row": INT,
    "platform": TEXT,
    "shop": TEXT,
    "order_id": TEXT,
    "line_id": TEXT,
    "item_id": TEXT,
    "sku_id": TEXT,
    "sku_code": TEXT,
    "title": TEXT,
    "spec": TEXT,
    "category": TEXT,
    "brand": TEXT,
    "quantity": REAL,
    "unit_price_fen": INT,
    "item_paid_fen": INT,
    "refund_fen": INT,
    "refund_status": TEXT,
    "bought_at": INT,
}
ERROR_FIELDS: dict[str, pa.DataType] = {
    "row": INT,
    "column": TEXT,
    "reason": TEXT,
    "value": TEXT,
    "record": TEXT,
}

ORDERS = pa.schema(list(ORDER_FIELDS.items()))
ORDER_LINES = pa.schema(list(LINE_FIELDS.items()))
ROW_ERRORS = pa.schema(list(ERROR_FIELDS.items()))

# Later statuses win over earlier ones when two revisions carry the same rank time.
STATUSES: dict[str, tuple[str, str]] = {
    "created": ("待付款", "created"),
    "paid": ("已付款", "paid"),
    "shipped": ("已发货", "shipped"),
    "finished": ("已完成", "finished"),
    "closed": ("已关闭", "closed"),
}
STATUS_RANK = {code: rank for rank, code in enumerate(STATUSES, start=1)}
