"""The list of customers: search, filters, columns, sort, pages, export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request, Response

from yutang.catalog.touchpoints import source_label
from yutang.console.customers import filters
from yutang.console.exports import Cell, download
from yutang.console.formats import day_of
from yutang.console.guard import Session, needs
from yutang.console.identity.reviews import tabs_of
from yutang.console.render import render
from yutang.console.tables import Column, Pager
from yutang.customers import ROLES, STAGES, CustomerPage, CustomerQuery
from yutang.errors import BadInput

ROUTES = APIRouter()


@ROUTES.get("/b/{brand}/customers")
def customers(request: Request, session: Session = needs("see")) -> Response:
    values = dict(request.query_params)
    # Column boxes come as repeated fields; the address keeps them as one.
    if picked := request.query_params.getlist("col"):
        values["cols"] = ",".join(picked)
    query = filters.read(request.url.path, values)
    error, status = None, 200
    try:
        asked = filters.customer_query(session, query)
        if export := request.query_params.get("as"):
            detail = {"filter": request.url.query[:300]}
            return export_customers(
                session, asked, export, filters.columns_of(query),
                record=("customers_exported", export, detail),
            )  # fmt: skip
        page = session.brand.customers.list_(asked)
    except BadInput as bad:
        error, status = bad, 422
        page = CustomerPage((), 0, 0, 1, query.size, 0)
    return render(
        request,
        "customers/list.html",
        "list",
        status=status,
        query=query,
        page=page,
        pager=Pager(query, page.total),
        columns=filters.columns_of(query),
        all_columns=filters.COLUMNS,
        chips=[] if error else filters.chips(session, query),
        choices=filters.choices(session),
        stages=STAGES,
        roles_of=ROLES,
        source_label=source_label,
        error=error,
        may_export=session.may("export"),
        tabs=tabs_of(session),
        tab="",
        waiting=session.brand.hands.count_reviews() if session.may("identity") else 0,
    )


def export_customers(
    session: Session,
    asked: CustomerQuery,
    kind: str,
    columns: list[Column] | None = None,
    *,
    name: str = "customers",
    record: tuple[str, str, dict[str, Any]],
) -> Response:
    """Customers as a file. record: action, target and detail for the audit log. Raises Forbidden
    without the right to export."""
    session.require("export")
    columns = columns or [filters.BY_KEY[key] for key in filters.SHOWN_FIRST]
    header = [session.text("Customer"), *(session.text(column.title) for column in columns)]
    session.brand.audit.record(session.account.login, *record, session.ip)
    return download(kind, name, header, _rows(session, asked, columns))


def _rows(session: Session, asked: CustomerQuery, columns: list[Column]) -> Iterator[list[Cell]]:
    for row in session.brand.customers.export(asked):
        cells: list[Cell] = [row.id]
        for column in columns:
            value = getattr(row, column.key)
            if column.kind == "money":
                value = value / 100
            elif column.kind == "day":
                value = day_of(value, session.zone) if value else ""
            elif column.key == "stage":
                value = session.pick(STAGES[value][1:])
            elif column.key == "source":
                value = session.pick(source_label(value))
            elif column.key == "role":
                value = session.pick(ROLES[value][1:])
            cells.append(value)
        yield cells
