"""Questions: the models, saved reports, numbers of a period, people behind a cell, SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import Field

from yutang import analysis
from yutang.analysis import Result, get_model
from yutang.api.customers import CustomerOut
from yutang.api.overview import overview_of
from yutang.console.analyse.form import flatten
from yutang.console.people import reference
from yutang.customers import CustomerQuery
from yutang.errors import NotFound
from yutang.kit.plain import plain
from yutang.mcp.bounds import Tables, masked_rows, masked_texts
from yutang.mcp.contract import Arguments, Call, Nothing
from yutang.mcp.documents import document_of
from yutang.reports import resolved

FURTHER_ROWS = 50  # of an answer's further tables
PERSONS = 100
UNITS = "Rates are 0 to 1, durations seconds, money of order events yuan; null: nothing is defined."

Params = dict[str, Any]
Rows = Field(100, ge=1, le=1_000, description="At most so many rows of the main table.")
PARAMS = (
    "As describe_model's schema says. `range` may stand for `from` and `to`: today, yesterday,"
    " last_7, last_30, last_90, this_week, last_week, this_month, last_month, this_quarter,"
    " this_year, last_365, all."
)


class OneModel(Arguments):
    model: str = Field(max_length=40, description="A name from list_models, such as funnel.")


class Question(OneModel):
    params: Params = Field(description=PARAMS)
    rows: int = Rows


class Cell(OneModel):
    params: Params = Field(description="The question whose answer has the cell.")
    cell: dict[str, Any] = Field(
        description="The cell, as the section “What is counted” of the model's page says; such as"
        ' {"step": 2} of a funnel.'
    )
    persons: int = Field(
        0, ge=0, le=PERSONS, description="So many of them by name, phones masked; 0: only count."
    )


class OneReport(Arguments):
    report: int | str = Field(description="Its id or its name, from list_reports.")
    rows: int = Rows


class Period(Arguments):
    period: Literal["this_month", "last_month", "last_30", "last_90", "this_year", "all"] = Field(
        "last_30", description="It ends with the newest fact."
    )
    compare: Literal["previous", "last_year"] = "previous"


class Sql(Arguments):
    sql: str = Field(max_length=20_000, description="One SELECT (DuckDB) over sql_tables' tables.")
    rows: int = Field(100, ge=1, le=1_000, description="At most so many rows.")


def list_models(_call: Call, _asked: Nothing) -> dict[str, Any]:
    models = [
        {"name": one.NAME, "zh": one.ZH, "en": one.EN, "question": one.QUESTION[1]}
        for one in analysis.MODELS
    ]
    return {"models": models}


def describe_model(call: Call, asked: OneModel) -> dict[str, Any]:
    model = get_model(asked.model)
    return {
        "name": model.NAME,
        "zh": model.ZH,
        "en": model.EN,
        "question": model.QUESTION[1],
        "schema": model.Params.model_json_schema(),
        "document": document_of(model.NAME),
        "page": call.link(f"analyse/{model.NAME}"),
    }


def run_model(call: Call, asked: Question) -> dict[str, Any]:
    params = resolved(asked.params, call.brand.measure.today())
    result = analysis.answered(asked.model, call.brand.shards(), params)
    link = call.link(f"analyse/{asked.model}?{urlencode(flatten(asked.params))}")
    return _answer(call, result, params, asked.rows, link)


def list_reports(call: Call, _asked: Nothing) -> dict[str, Any]:
    tables = Tables()
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "model": one.model,
            "params": masked_texts(dict(one.params)),
            "by": one.created_by,
        }
        for one in call.brand.reports.list_()
    ]
    return tables.fit({"reports": tables.add("reports", rows, 200)})


def list_segments(call: Call, _asked: Nothing) -> dict[str, Any]:
    """Segments as filters and comparisons take them: by number, with how many are in them."""
    tables = Tables()
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "description": one.description,
            "people": one.people,
            "facts_version": one.facts_version,
            "page": call.link(f"segments/{one.id}"),
        }
        for one in call.brand.segments.list_()
    ]
    return tables.fit({"segments": tables.add("segments", rows, 200)})


def run_report(call: Call, asked: OneReport) -> dict[str, Any]:
    report = next(
        (one for one in call.brand.reports.list_() if asked.report in (one.id, one.name)), None
    )
    if report is None:
        raise NotFound(
            "There is no saved report “%(name)s”.",
            hint="list_reports has their ids and names.",
            name=str(asked.report),
        )
    if report.model == "sql":
        found = ask_sql(call, Sql(sql=str(report.params.get("sql", "")), rows=asked.rows))
    else:
        params = resolved(report.params, call.brand.measure.today())
        result = analysis.answered(report.model, call.brand.shards(), params)
        found = _answer(call, result, params, asked.rows, "")
    return {"report": report.name, **found, "page": call.link(f"analyse/saved/{report.id}")}


def read_overview(call: Call, asked: Period) -> dict[str, Any]:
    found = overview_of(call.brand, asked.period, compare=asked.compare)
    return {
        **found.model_dump(
            mode="json", exclude={"labels": True, "numbers": {"__all__": {"trend"}}}
        ),
        "units": "fen: a hundredth of a yuan; rates are 0 to 1.",
        "page": call.link(f"overview?period={asked.period}"),
    }


def people_of_cell(call: Call, asked: Cell) -> dict[str, Any]:
    params = resolved(asked.params, call.brand.measure.today())
    origin = {"model": asked.model, "params": params, "cell": asked.cell}
    members = call.brand.segments.origins.people({"kind": "analysis", **origin})
    answer: dict[str, Any] = {"people": len(members)}
    if asked.persons:
        # A list that leaves the console is an export, whoever reads it.
        call.caller.require("export")
        page = call.brand.customers.list_(CustomerQuery(people=members, size=asked.persons))
        rows = [CustomerOut.model_validate(row).model_dump() for row in page.rows]
        tables = Tables()
        answer["persons"] = tables.add("persons", masked_texts(rows), PERSONS, len(members))
        answer = tables.fit(answer)
    behind = reference("analysis", **origin)
    return {**answer, "page": call.link(f"customers?people={behind}")}


def sql_tables(call: Call, _asked: Nothing) -> dict[str, Any]:
    tables = {
        one.name: {column.name: column.type for column in one.columns}
        for one in call.brand.sql.tables()
    }
    return {"tables": tables, "note": "Times are in the brand's zone, money is whole fen."}


def ask_sql(call: Call, asked: Sql) -> dict[str, Any]:
    found = call.brand.sql.ask(asked.sql, rows=asked.rows)
    tables = Tables()
    rows = masked_rows([[plain(value) for value in row] for row in found.rows])
    total = len(rows) + 1 if found.cut else len(rows)
    answer = {
        "columns": [{"name": name, "type": type_} for name, type_ in found.columns],
        "rows": tables.add("rows", rows, asked.rows, total),
        "facts_version": found.facts_version,
        "seconds": found.seconds,
    }
    fitted = tables.fit(answer)
    if found.cut:  # how many there are in all, nobody counted
        fitted["cut"]["shown"] = [f"rows: the first {len(fitted['rows']):,}, there are more"]
    return fitted


def _answer(
    call: Call, result: Result, params: Mapping[str, Any], rows: int, link: str
) -> dict[str, Any]:
    tables = Tables()
    given = {
        name: {
            "columns": [column._asdict() for column in table.columns],
            "rows": tables.add(name, masked_texts(table.rows), FURTHER_ROWS),
        }
        for name, table in result.tables.items()
    }
    return tables.fit(
        {
            "model": result.model,
            "params": params,
            "columns": [column._asdict() for column in result.columns],
            "rows": tables.add("rows", masked_texts(result.rows), rows),
            "tables": given,
            "caveats": [{"code": one.code, "zh": one.zh, "en": one.en} for one in result.caveats],
            "facts_version": result.facts_version,
            "seconds": result.seconds,
            "units": UNITS,
            "simulated": call.brand.row.label == "simulated",
            "page": link,
        }
    )
