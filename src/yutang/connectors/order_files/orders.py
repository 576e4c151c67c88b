"""From typed rows to the canonical tables: one row per order, one per item.

Order-level values repeated in each row count once. Where rows of one order disagree, the
highest-ranked row speaks (platform's modified time, else the latest of its times, then its
status; ties go to the larger value, so the order of rows in the file never matters).
Sums are exact decimals, rounded half up once per order.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from yutang.catalog.orders import LINE_FIELDS, ORDER_FIELDS, ORDER_LINES, ORDERS, STATUSES
from yutang.connectors.order_files.cells import quoted
from yutang.connectors.order_files.mapping import ITEM_FIELDS
from yutang.connectors.order_files.session import Session

MONEY_ONCE = ("paid", "refund", "freight", "platform_discount", "shop_discount", "order_quantity")
TEXT_ONCE = (
    "buyer", "buyer_kind", "phone", "member_no", "channel", "store", "guide", "province", "city",
)  # fmt: skip
FIRST_TIMES, LAST_TIMES = ("created_at",), ("shipped_at", "finished_at", "closed_at")
_BUYER_KINDS = {
    "tmall": "tmall_buyer",
    "jd": "jd_buyer",
    "pdd": "pdd_buyer",
    "douyin": "douyin_buyer",
}
# What `state` in `rows` counts from 1 (rows._state).
_STATES = ("closed", *(code for code in STATUSES if code != "closed"))
_NO_MONEY = "NULL::DECIMAL(18,6)"


@dataclass(frozen=True)
class Shape:
    """What decides the SQL of one file.

    scope: what order-level money belongs to, `order` or `line`. once: order-level numbers taken
    once; summed: those added up over the rows. texts: order-level texts. amount, item_refund: SQL
    of a row's signed amount and of what came back of it.
    """

    scope: str
    once: tuple[str, ...]
    summed: tuple[str, ...]
    texts: tuple[str, ...]
    amount: str
    item_refund: str


def amount_scope(session: Session) -> str:
    """`order` or `line`: what the column mapped as order amount belongs to.

    For `auto` the orders with several rows vote: amounts that differ between the rows, or equal
    each row's own price × quantity, belong to the row; equal ones are the order's, repeated.
    """
    scope = session.mapping.amount_scope
    if scope != "auto":
        return scope
    if not session.has("paid"):
        return "order"
    exact = "paid = unit_price * quantity" if session.has("unit_price") else "false"
    orders, line = session.one(
        f"""SELECT count(*), coalesce(sum((differ OR exact)::INT), 0) FROM (
            SELECT min(paid) <> max(paid) AS differ, coalesce(bool_and({exact}), false) AS exact
            FROM rows WHERE bad IS NULL AND paid IS NOT NULL
            GROUP BY {_key(session)} HAVING count(*) > 1)"""
    )
    return "line" if line * 2 > orders else "order"


def drop_older_lines(session: Session) -> None:
    """Keep the highest-ranked row of each sub-order number: older ones are its past."""
    if not session.has("line_id"):
        return
    (repeated,) = session.one(
        f"""SELECT count(*) FROM (SELECT 1 FROM rows WHERE line_id IS NOT NULL AND bad IS NULL
        GROUP BY {_key(session)}, line_id HAVING count(*) > 1)"""
    )
    if not repeated:
        return
    (before,) = session.one("SELECT count(*) FROM rows")
    session.run(
        f"""DELETE FROM rows WHERE (ord, part) IN (SELECT (ord, part) FROM (
            SELECT ord, part, row_number() OVER (PARTITION BY {_key(session)}, line_id
                ORDER BY rank DESC, amount DESC NULLS LAST, paid DESC NULLS LAST, ord DESC) AS k
            FROM rows WHERE line_id IS NOT NULL AND bad IS NULL) WHERE k > 1)"""
    )
    (after,) = session.one("SELECT count(*) FROM rows")
    session.counts["superseded_lines"] = before - after


def shape_of(session: Session) -> Shape:
    """Decide scope and expressions for this file."""
    scope = amount_scope(session)
    money = [name for name in MONEY_ONCE if session.has(name)]
    summed = set(session.mapping.per_line)
    amount = "amount"
    if scope == "line":
        amount = "coalesce(amount, paid)"
        summed |= set(money)
    texts = [name for name in TEXT_ONCE if session.has(name) or name in session.mapping.constants]
    if session.has("address"):
        texts = list(dict.fromkeys([*texts, "province", "city"]))
    return Shape(
        scope=scope,
        once=tuple(name for name in money if name not in summed),
        summed=tuple(name for name in money if name in summed and name != "paid"),
        texts=tuple(texts),
        amount=amount,
        # A whole item came back although the file has no column for how much.
        item_refund=f"coalesce(abs(item_refund), CASE WHEN refunded AND {amount} > 0 "
        f"THEN {amount} END)",
    )


def make_orders(session: Session, shape: Shape) -> None:
    """Make the table `orders`: one row per order, amounts still decimal, conflicts settled."""
    key, amount, refund = _key(session), shape.amount, shape.item_refund
    once = [*shape.once, *shape.texts]
    conflicts = " OR ".join(f"min({name}) <> max({name})" for name in once) or "false"
    # Without items the rows of one order are its revisions; with items they are its parts.
    recency = "coalesce(modified_at, 0)" if session.mapping.has_items else "(rank // 10)"
    columns = [
        *(f"max({name}) AS {name}" for name in once),
        *(f"sum({name}) AS {name}" for name in shape.summed),
        *(f"min({name}) AS {name}" for name in FIRST_TIMES),
        *(f"max({name}) AS {name}" for name in LAST_TIMES),
    ]
    session.run(
        f"""CREATE TABLE orders AS SELECT {key}, min(row) AS row, min(ord) AS ord,
            count(*) AS size, {", ".join(columns)},
            min(CASE WHEN {amount} < 0 THEN NULL ELSE paid_at END) AS paid_at,
            max(refunded_at) AS refunded_at, max(modified_at) AS modified_at,
            max(CASE WHEN {amount} < 0 THEN coalesce(refunded_at, paid_at, created_at) END)
                AS returned_at,
            max({recency} * 10 + coalesce(state, 0)) % 10 AS state,
            count({amount}) AS priced, count({refund}) AS refunds,
            coalesce(sum(CASE WHEN {amount} > 0 THEN {amount} END), 0) AS bought,
            coalesce(sum(CASE WHEN {amount} < 0 THEN -{amount} END), 0)
                + coalesce(sum({refund}), 0) AS returned,
            sum(CASE WHEN quantity > 0 THEN quantity END) AS units, count(quantity) AS counted,
            bool_and(refunded) AS all_refunded,
            coalesce({conflicts}, false) AS conflict
        FROM rows WHERE bad IS NULL GROUP BY {key}"""
    )
    (found,) = session.one("SELECT count(*) FROM orders WHERE conflict")
    if found:
        _settle(session, shape, once)


def _settle(session: Session, shape: Shape, once: list[str]) -> None:
    """Where rows disagree take the highest-ranked one's value; amounts that lost are reported."""
    key = _key(session)
    picks = ", ".join(
        f"first({name} ORDER BY rank DESC, {name} DESC) FILTER ({name} IS NOT NULL) AS {name}"
        for name in once
    )
    session.run(
        f"""CREATE TABLE settled AS SELECT {key}, {picks} FROM rows
        SEMI JOIN (SELECT {key} FROM orders WHERE conflict) AS c USING ({key})
        WHERE bad IS NULL GROUP BY {key}"""
    )
    sets = ", ".join(f"{name} = s.{name}" for name in once)
    same = " AND ".join(f"orders.{name} = s.{name}" for name in session.key)
    session.run(f"UPDATE orders SET {sets} FROM settled AS s WHERE {same}")
    reports = [
        f"""SELECT min(row) AS row, {quoted(session.sources[name][0])} AS "column",
            any_value(r.{name} ORDER BY row)::VARCHAR AS value, min(r.ord) AS ord
        FROM rows AS r JOIN settled AS s USING ({key})
        WHERE r.bad IS NULL AND r.{name} <> s.{name} GROUP BY {_key(session, "r")}"""
        for name in shape.once
        if name != "order_quantity"
    ]
    if reports:
        session.run(f"CREATE TABLE conflicts AS {' UNION ALL '.join(reports)}")


def _key(session: Session, table: str = "") -> str:
    return ", ".join(f"{table}.{name}" if table else name for name in session.key)


def _fen(session: Session, expression: str) -> str:
    """SQL for whole fen; DuckDB's decimal round() is half away from zero."""
    if session.mapping.amount_unit == "fen":
        return f"CAST(round({expression}) AS BIGINT)"
    return f"CAST(round({expression}, 2) * 100 AS BIGINT)"


def order_table(session: Session, shape: Shape) -> pa.Table:
    """The canonical orders, in file order."""
    columns = _order_columns(session, shape)
    for name, kind in ORDER_FIELDS.items():
        columns.setdefault(name, f"NULL::{'VARCHAR' if pa.types.is_string(kind) else 'BIGINT'}")
    select = ", ".join(f"{columns[name]} AS {name}" for name in ORDER_FIELDS)
    inner = f"SELECT *, {_money_columns(session, shape)} FROM orders"
    return session.table(f"SELECT {select} FROM ({inner}) ORDER BY ord").cast(ORDERS)


def _money_columns(session: Session, shape: Shape) -> str:
    """SQL of the money columns whose rules need each other.

    A negative order amount is a refund. An order refunded as its status says, without any amount,
    came back whole.
    """
    paid = "paid" if "paid" in shape.once else _NO_MONEY
    refund = "abs(refund)" if session.has("refund") else _NO_MONEY
    whole = ["(all_refunded AND coalesce(paid_y, 0) > 0)"]
    if session.mapping.closed_means_refunded:
        whole.append("(state = 1 AND paid_at IS NOT NULL)")
    full = f"({' OR '.join(whole)}) AND coalesce(refund_y, 0) = 0 AND coalesce(returned_y, 0) = 0"
    return f"""CASE WHEN {paid} < 0 THEN 0 ELSE {paid} END AS paid_y,
        CASE WHEN priced > 0 THEN bought END AS bought_y,
        CASE WHEN priced > 0 OR refunds > 0 THEN returned END AS returned_y,
        CASE WHEN {paid} < 0 THEN coalesce({refund}, 0) - {paid} ELSE {refund} END AS refund_y,
        CASE WHEN {full} THEN coalesce(paid_y, bought_y) ELSE refund_y END AS refund_z"""


def _order_columns(session: Session, shape: Shape) -> dict[str, str]:
    closed = "coalesce(closed_at, refunded_at, returned_at)"
    state = " ".join(f"WHEN {n} THEN '{code}'" for n, code in enumerate(_STATES, start=1))
    units = "CASE WHEN counted > 0 THEN coalesce(units, 0) END"
    if session.has("order_quantity"):
        units = f"coalesce(order_quantity, {units})"
    columns = {
        "row": "row",
        "platform": _fixed(session, "platform"),
        "shop": _fixed(session, "shop"),
        "order_id": "order_id",
        "rank_at": f"coalesce(modified_at, greatest(paid_at, shipped_at, finished_at, {closed}))",
        "status": f"CASE state {state} END",
        "created_at": "created_at",
        "paid_at": "paid_at",
        "shipped_at": "shipped_at",
        "finished_at": "finished_at",
        "closed_at": closed,
        "paid_fen": _fen(session, "paid_y"),
        "lines_paid_fen": _fen(session, "bought_y"),
        "refund_fen": _fen(session, "refund_z"),
        "lines_refund_fen": _fen(session, "returned_y"),
        "quantity": f"CAST({units} AS DOUBLE)",
        **{name: name for name in shape.texts},
        "buyer_kind": _buyer_kind(session, shape),
    }
    for name in ("freight", "platform_discount", "shop_discount"):
        if session.has(name):
            columns[f"{name}_fen"] = _fen(session, f"abs({name})")
    return columns


def _buyer_kind(session: Session, shape: Shape) -> str:
    if "buyer" not in shape.texts:
        return "NULL::VARCHAR"
    cases = " ".join(f"WHEN '{code}' THEN '{kind}'" for code, kind in _BUYER_KINDS.items())
    kind = f"CASE {_fixed(session, 'platform')} {cases} ELSE 'shop_buyer' END"
    if session.mapping.buyer_kind:
        kind = quoted(session.mapping.buyer_kind)
    if "buyer_kind" in shape.texts:
        kind = f"coalesce(buyer_kind, {kind})"
    return f"CASE WHEN buyer IS NOT NULL THEN {kind} END"


def _fixed(session: Session, name: str, table: str = "") -> str:
    """SQL for platform or shop: the column where it is one, else what is fixed for the file."""
    return f"{table}{name}" if name in session.key else quoted(session.fixed[name])


def line_table(session: Session, shape: Shape) -> pa.Table:
    """The canonical order lines, in file order; empty when the file has no items."""
    items = [name for name in ITEM_FIELDS if session.has(name)]
    if not items:
        return ORDER_LINES.empty_table()
    quantity, join = "r.quantity", ""
    if session.has("order_quantity") and not session.has("quantity"):
        # The only item of an order is all of its items.
        quantity = "CASE WHEN o.size = 1 THEN r.order_quantity END"
        join = " JOIN orders AS o ON " + " AND ".join(f"o.{k} = r.{k}" for k in session.key)
    columns = {
        **{name: f"r.{name}" for name in LINE_FIELDS if not name.endswith("_fen")},
        "platform": _fixed(session, "platform", "r."),
        "shop": _fixed(session, "shop", "r."),
        "line_id": "coalesce(r.line_id, '#' || r.n)",
        "quantity": f"CAST({quantity} AS DOUBLE)",
        "unit_price_fen": _fen(session, "r.unit_price"),
        "item_paid_fen": _fen(session, "amount_y"),
        "refund_fen": _fen(session, "refund_y"),
        "bought_at": "coalesce(r.paid_at, r.created_at)",
    }
    select = ", ".join(f"{columns[name]} AS {name}" for name in LINE_FIELDS)
    present = " OR ".join(f"r.{name} IS NOT NULL" for name in items)
    sql = f"""SELECT {select} FROM (SELECT *, {shape.amount} AS amount_y,
            {shape.item_refund} AS refund_y FROM rows WHERE bad IS NULL) AS r{join}
        WHERE {present} ORDER BY r.ord, r.part"""
    return session.table(sql).cast(ORDER_LINES)
