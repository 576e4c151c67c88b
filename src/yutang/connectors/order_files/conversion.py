"""convert(): a raw file and a mapping -> canonical orders, lines, errors and what was noticed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yutang.catalog.orders import ROW_ERRORS
from yutang.connectors.order_files.joined import split_joined
from yutang.connectors.order_files.mapping import Mapping
from yutang.connectors.order_files.orders import (
    Shape,
    drop_older_lines,
    line_table,
    make_orders,
    order_table,
    shape_of,
)
from yutang.connectors.order_files.raw import RawFile
from yutang.connectors.order_files.rows import make_rows
from yutang.connectors.order_files.session import Session, load_cells, open_session

# Reports about orders that are kept all the same.
KEPT_REASONS = ("conflicting_order_amount", "refund_over_paid")


@dataclass(frozen=True)
class Stats:
    """What a conversion noticed; everything that was left out is counted here.

    rows: data rows read. masked: cells of buyer, phone or member number that the platform masked;
    virtual_phones: privacy numbers; invalid_phones: unreadable ones; none of them is an identity.
    joined_rows: rows that held several items. superseded_lines: older rows of the same sub-order.
    conflicts: orders whose rows disagree about an amount. without_customer, without_time: orders.
    amount_scope: whether the order amount was read as the order's or the row's. shop_source:
    `file`, `given`, `preset` or `default`. missing_columns: mapped columns the file does not have.
    """

    rows: int = 0
    orders: int = 0
    lines: int = 0
    bad_rows: int = 0
    empty_rows: int = 0
    total_rows: int = 0
    masked: int = 0
    virtual_phones: int = 0
    invalid_phones: int = 0
    joined_rows: int = 0
    superseded_lines: int = 0
    conflicts: int = 0
    without_customer: int = 0
    without_time: int = 0
    amount_scope: str = "order"
    shop_source: str = "file"
    unknown_statuses: dict[str, int] = field(default_factory=dict)
    missing_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Canonical:
    """The result: tables with the schemas of catalog.orders, and the stats."""

    orders: pa.Table
    lines: pa.Table
    errors: pa.Table
    stats: Stats


def convert(
    raw: RawFile, mapping: Mapping, *, shop: str | None, platform: str | None, zone: str
) -> Canonical:
    """Make canonical tables of a raw file.

    shop, platform: what the person importing said; they count for the whole file unless the file
    itself names several. zone: IANA zone of local times in the file, unless the mapping has its
    own. Rows that cannot be read become errors and the rest is kept. Raises BadInput when the
    whole file must be refused: ids destroyed by a spreadsheet, a mapped amount column missing.
    """
    session = open_session(raw, mapping, zone)
    try:
        load_cells(session)
        split_joined(session)
        make_rows(session, shop, platform)
        drop_older_lines(session)
        shape = shape_of(session)
        make_orders(session, shape)
        orders = order_table(session, shape)
        lines = line_table(session, shape)
        errors = pa.concat_tables(
            [raw.errors, _row_errors(session), _order_errors(session, orders)]
        )
        return Canonical(
            orders, lines, errors.sort_by("row"), _stats(session, shape, orders, lines, errors)
        )
    finally:
        session.con.close()


def _row_errors(session: Session) -> pa.Table:
    """Rows that failed a check, and amounts that lost against another row of their order."""
    found = session.run(
        "SELECT row, any_value(ord), min(bad), min_by(bad_value, bad) FROM rows "
        "WHERE bad IS NOT NULL GROUP BY row"
    )
    checks = session.checks
    reports = [
        {"row": row, "ord": place, "column": checks[bad - 1].column,
         "reason": checks[bad - 1].reason, "value": value}
        for row, place, bad, value in found
    ]  # fmt: skip
    if session.one("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'conflicts'")[0]:
        found = session.run('SELECT row, ord, "column", value FROM conflicts')
        reports += [
            {"row": row, "ord": place, "column": column, "value": value,
             "reason": "conflicting_order_amount"}
            for row, place, column, value in found
        ]  # fmt: skip
    return _with_records(session, reports)


def _order_errors(session: Session, orders: pa.Table) -> pa.Table:
    """Orders whose refund, as the file says, is larger than what it says was paid."""
    if not (session.has("refund") and session.has("paid")):
        return ROW_ERRORS.empty_table()
    more = pc.and_(
        pc.greater(orders["refund_fen"], orders["paid_fen"]),
        pc.greater_equal(orders["paid_fen"], 0),
    )
    found = orders.filter(pc.fill_null(more, False))
    places = pc.index_in(found["row"], session.raw.source_row)
    reports = [
        {"row": row, "ord": place, "column": session.sources["refund"][0],
         "reason": "refund_over_paid", "value": f"{fen / 100:.2f}"}
        for row, place, fen in zip(
            found["row"].to_pylist(), places.to_pylist(), found["refund_fen"].to_pylist(),
            strict=True,
        )
    ]  # fmt: skip
    return _with_records(session, reports)


def _with_records(session: Session, reports: list[dict[str, Any]]) -> pa.Table:
    """Error rows with the whole source row as JSON, so that it can be mended and sent again."""
    if not reports:
        return ROW_ERRORS.empty_table()
    places = pa.array([report.pop("ord") for report in reports], pa.int64())
    session.con.register("blamed", session.raw.table.take(places))
    records = session.run("SELECT to_json(blamed)::VARCHAR FROM blamed")
    for report, (record,) in zip(reports, records, strict=True):
        report["record"] = record
    return pa.Table.from_pylist(reports, schema=ROW_ERRORS)


def _stats(
    session: Session, shape: Shape, orders: pa.Table, lines: pa.Table, errors: pa.Table
) -> Stats:
    def nulls(*names: str) -> int:
        mask = pc.is_null(orders[names[0]])
        for name in names[1:]:
            mask = pc.and_(mask, pc.is_null(orders[name]))
        return pc.sum(mask).as_py() or 0

    conflicts = pc.sum(pc.equal(errors["reason"], "conflicting_order_amount")).as_py() or 0
    kept = pc.sum(pc.is_in(errors["reason"], pa.array(KEPT_REASONS))).as_py() or 0
    return Stats(
        rows=session.raw.table.num_rows,
        orders=orders.num_rows,
        lines=lines.num_rows,
        bad_rows=errors.num_rows - kept,
        empty_rows=session.raw.dropped.get("empty", 0),
        total_rows=session.raw.dropped.get("total", 0),
        conflicts=conflicts,
        without_customer=nulls("buyer", "phone", "member_no"),
        without_time=nulls("created_at", "paid_at"),
        amount_scope=shape.scope,
        shop_source=session.shop_source,
        unknown_statuses=session.unknown_statuses,
        missing_columns=session.missing_columns,
        **session.counts,
    )
