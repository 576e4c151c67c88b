"""Ask in SQL: write, run, look at rows and picture, take away, save."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.exports import download
from yutang.console.guard import Session, needs, posted
from yutang.console.language import mark
from yutang.console.render import render, see_other
from yutang.console.sql.shown import cell_of, chart_of, is_number
from yutang.errors import YutangError
from yutang.identity import mask_text
from yutang.sql import Answer

ROUTES = APIRouter()
MODEL = "sql"  # of saved reports
SHOWN = 500  # rows on the page; the file has them all
EXAMPLES = (
    (
        mark("Paid orders and money by month"),
        "SELECT date_trunc('month', paid_at)::DATE AS month, count(*) AS orders,\n"
        "       sum(paid_fen - refund_fen) / 100 AS yuan\nFROM orders WHERE paid\n"
        "GROUP BY 1 ORDER BY 1",
    ),
    (
        mark("Events of the last 30 days"),
        "SELECT event, count(*) AS times, count(DISTINCT customer) AS people\nFROM events\n"
        "WHERE day > (SELECT max(day) FROM events) - 30\nGROUP BY 1 ORDER BY 2 DESC",
    ),
    (
        mark("What is bought together with what"),
        "SELECT a.title AS one, b.title AS other, count(*) AS orders\nFROM order_lines a\n"
        "JOIN order_lines b USING (order_id)\nWHERE a.title < b.title\n"
        "GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50",
    ),
)


@ROUTES.get("/b/{brand}/sql")
def desk(
    request: Request, session: Session = needs("analyse"), report: int | None = None
) -> Response:
    saved = None if report is None else session.brand.reports.get(report)
    sql = str(saved.params.get("sql", "")) if saved is not None and saved.model == MODEL else ""
    return _page(request, session, sql=sql)


@ROUTES.post("/b/{brand}/sql")
def ask(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    sql, kind = str(form.get("sql", "")).strip(), str(form.get("as", ""))
    if not sql:
        return _page(request, session)
    try:
        answer = session.brand.sql.ask(sql)
    except YutangError as error:
        return _page(request, session, sql=sql, error=error)
    session.brand.audit.record(
        session.account.login, "sql_asked", mask_text(sql)[:200], {"rows": len(answer.rows)},
        session.ip,
    )  # fmt: skip
    if kind:
        heads = [name for name, _type in answer.columns]
        return download(kind, MODEL, heads, ([cell_of(one) for one in row] for row in answer.rows))
    return _page(request, session, sql=sql, answer=answer)


@ROUTES.post("/b/{brand}/sql/save")
def save(
    request: Request, session: Session = needs("analyse"), form: FormData = Depends(posted)
) -> Response:
    sql = str(form.get("sql", "")).strip()
    try:
        made = session.brand.reports.add(
            str(form.get("name", "")), MODEL, {"sql": sql}, by=session.account.login
        )
    except YutangError as error:
        return _page(request, session, sql=sql, error=error)
    session.brand.audit.record(
        session.account.login, "report_saved", made.name, {"model": MODEL}, session.ip
    )
    note = session.text("Saved: %(name)s.", name=made.name)
    return see_other(request, f"{session.base}/sql?report={made.id}", note)


def _page(
    request: Request,
    session: Session,
    *,
    sql: str = "",
    answer: Answer | None = None,
    error: YutangError | None = None,
) -> Response:
    return render(
        request,
        "sql/page.html",
        "answer",
        status=422 if error else 200,
        sql=sql,
        answer=answer,
        rows=[]
        if answer is None
        else [[cell_of(one) for one in row] for row in answer.rows[:SHOWN]],
        shown=SHOWN,
        is_number=[] if answer is None else [is_number(type_) for _, type_ in answer.columns],
        chart=None if answer is None else chart_of(answer, session),
        error=error,
        tables=session.brand.sql.tables(),
        saved=[one for one in session.brand.reports.list_() if one.model == MODEL],
        examples=EXAMPLES,
        limits=session.brand.sql.limits,
        chart_name=MODEL,
    )
