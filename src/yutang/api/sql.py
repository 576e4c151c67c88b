"""Questions in SQL over the brand's tables, read only."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from yutang.api.errors import PROBLEMS
from yutang.api.keys import Caller, needs
from yutang.kit.plain import plain

ROUTES = APIRouter(tags=["analysis"], responses=PROBLEMS)  # type: ignore[arg-type]


class SqlIn(BaseModel):
    """One question."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(description="One SELECT (DuckDB's SQL) over the tables of `/sql/tables`.")
    rows: int = Field(1_000, ge=1, le=10_000, description="At most so many rows.")


class SqlColumn(BaseModel):
    """A column, with its type as DuckDB calls it."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    type: str


class SqlOut(BaseModel):
    """The answer; times are text in the brand's zone, money whole fen."""

    columns: list[SqlColumn]
    rows: list[list[Any]]
    cut: bool = Field(description="There are more rows than were asked for.")
    seconds: float
    facts_version: int


class SqlTable(BaseModel):
    """A table and its columns."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    columns: list[SqlColumn]


@ROUTES.get("/sql/tables")
def sql_tables(caller: Caller = needs("analyse")) -> list[SqlTable]:
    """What there is to ask about."""
    return [SqlTable.model_validate(one) for one in caller.brand.sql.tables()]


@ROUTES.post("/sql")
def ask_sql(asked: SqlIn, caller: Caller = needs("analyse")) -> SqlOut:
    """Ask one question; it may take and use as much as the settings allow."""
    answer = caller.brand.sql.ask(asked.sql, rows=asked.rows)
    return SqlOut(
        columns=[SqlColumn(name=name, type=type_) for name, type_ in answer.columns],
        rows=[[plain(value) for value in row] for row in answer.rows],
        cut=answer.cut,
        seconds=answer.seconds,
        facts_version=answer.facts_version,
    )
