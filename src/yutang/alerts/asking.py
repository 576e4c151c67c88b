"""From a saved report to the numbers of one of its cells, period by period.

Rows with periods are asked once for all the days that are needed, whatever days the report itself
shows. Rows without are asked as they stood at the end of a day: "the last 30 days" of yesterday,
of the day before … so only where the report's days move with the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from yutang.alerts.periods import (
    Period,
    complete_days,
    complete_periods,
    day_period,
    unit_of,
)
from yutang.alerts.rule import Watch
from yutang.analysis import Column, Result, Table
from yutang.errors import BadInput, NotFound
from yutang.reports import RANGE, Report, resolved
from yutang.sequence.calendar import day_of

Ask = Callable[[str, Mapping[str, Any], date], Result]
# The previous period of a range that moves day by day lies so many days back.
_BACK = {"today": 1, "yesterday": 1, "last_7": 7, "last_30": 30, "last_90": 90, "last_365": 365,
         "this_week": 7, "last_week": 7, "all": 1}  # fmt: skip
_UNIT_DAYS = {"minute": 0, "hour": 0, "day": 1, "week": 7, "month": 31}
# Columns that say which row it is though they hold numbers (as the pages know them).
NUMBER_KEYS = ("step", "n", "day", "layer", "cohort", "bucket", "rank", "active")
VALUE_KINDS = ("count", "number", "rate", "seconds")


@dataclass(frozen=True)
class Series:
    """Numbers of complete periods, oldest first; None where the answer has none. kind: of the
    column. back: how many of them lie between a number and its previous period."""

    periods: tuple[Period, ...]
    values: tuple[float | None, ...]
    kind: str
    back: int = 1
    is_gone: bool = False  # no row of the answer has this cell


def tables_of(result: Result) -> dict[str, Table]:
    """The tables an alert can watch: "" is the answer's own."""
    return {"": result.table, **result.tables}


def period_column(table: Table) -> Column | None:
    """The column that says of which period a row is."""
    return next((c for c in table.columns if c.kind == "period"), None)


def key_columns(table: Table) -> list[Column]:
    """The columns that say which row it is, but for its period."""
    return [
        c
        for c in table.columns
        if c.kind in ("text", "group") or (c.name in NUMBER_KEYS and c.kind != "period")
        if c.name != "open"
    ]


def value_columns(table: Table) -> list[Column]:
    keys = {c.name for c in key_columns(table)}
    return [
        c
        for c in table.columns
        if c.kind in VALUE_KINDS and c.name not in keys and not c.name.endswith("_compared")
    ]


def cell_of(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's keys but for its period."""
    return {c.name: row.get(c.name) for c in key_columns(table)}


def check_report(report: Report) -> None:
    """Raises BadInput where no alert can watch it."""
    if report.model == "sql":
        raise BadInput(
            "An alert cannot watch a question in SQL.",
            hint="Save the number as a report of a model, such as events.",
        )


def watch_of(result: Result, table: str, cell: Mapping[str, Any], column: str) -> Watch:
    """What to watch, checked against an answer; its unit is read from the rows.

    Raises NotFound.
    """
    found = tables_of(result).get(table)
    if found is None or column not in {c.name for c in value_columns(found)}:
        raise NotFound("The report has no such number.", hint="Choose one of its table.")
    period = period_column(found)
    unit = unit_of(str(row[period.name]) for row in found.rows) if period else ""
    kept = {key: value for key, value in cell.items() if key in {c.name for c in found.columns}}
    return Watch.model_validate({"table": table, "cell": kept, "column": column, "unit": unit})


class Asker:
    """Asks one brand's analyses. `ask`: (model, parameters, today) → answer."""

    def __init__(self, ask: Ask, zone: str, now: Callable[[], int]) -> None:
        self.ask = ask
        self.zone = zone
        self.now = now

    def answer(self, report: Report) -> Result:
        """The report as it stands now. Raises BadInput, NotFound."""
        check_report(report)
        today = day_of(self.now(), self.zone)
        return self.ask(report.model, resolved(report.params, today), today)

    def periods(self, report: Report, watch: Watch, count: int) -> Series:
        """The last `count` complete periods of rows that have periods."""
        lag = _lag(report, watch)
        found = complete_periods(watch.unit, count + lag, self.now(), self.zone)
        found = found[: len(found) - lag]
        if not found:
            return Series((), (), "count")
        first = day_of(found[0].start, self.zone)
        last = day_of(found[-1].end - 1, self.zone)
        params = _bare(report.params) | {"from": first.isoformat(), "to": last.isoformat()}
        result = self.ask(report.model, params, last)
        table = _table(result, watch)
        period, column = period_column(table), _column(table, watch)
        rows = [row for row in table.rows if _is(row, watch.cell)]
        name = period.name if period else ""
        by_label = {str(row.get(name)): row.get(watch.column) for row in rows}
        none = 0.0 if column.kind == "count" and rows else None
        values = tuple(_number(by_label.get(one.label, none)) for one in found)
        return Series(tuple(found), values, column.kind, is_gone=not rows)

    def days(
        self,
        report: Report,
        watch: Watch,
        places: Sequence[int],
        go_on: Callable[[], bool] = lambda: True,
    ) -> Series:
        """Rows without periods: as they stood at the end of the days so many days before the last
        complete one (0), the newest first asked; the rest are None once `go_on` says no."""
        back = back_of(report)
        most = max(places, default=0)
        days = complete_days(most + 1, self.now(), self.zone)
        values: dict[int, float | None] = {}
        kind, is_gone = "count", True
        for place in sorted(set(places)):
            if values and not go_on():
                break
            day = days[most - place]
            result = self.ask(report.model, resolved(report.params, day) | _until(report, day), day)
            table = _table(result, watch)
            kind = _column(table, watch).kind
            row = next((row for row in table.rows if _is(row, watch.cell)), None)
            is_gone = is_gone and row is None
            values[place] = _number(row.get(watch.column)) if row else None
        kept = list(range(most, -1, -1))
        return Series(
            tuple(day_period(days[most - place], self.zone) for place in kept),
            tuple(values.get(place) for place in kept),
            kind,
            back,
            is_gone,
        )


def back_of(report: Report) -> int:
    """How many days back the previous period of the report's days lies; 0: not a fixed number.

    Raises BadInput where its days do not move.
    """
    name = str(report.params.get(RANGE, ""))
    if not name and not (report.params.get("from") or report.params.get("to")):
        name = "all"
    if not name:
        raise BadInput(
            "The report has fixed days: its number does not change.",
            hint="Save it with days that move, such as the last 7 days, or by day.",
        )
    return _BACK.get(name, 0)


def _until(report: Report, day: date) -> dict[str, str]:
    """A range without an end stops at the day."""
    return {"to": day.isoformat()} if report.params.get(RANGE, "all") == "all" else {}


def _bare(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in params.items() if k not in (RANGE, "from", "to", "compare")}


def _table(result: Result, watch: Watch) -> Table:
    found = tables_of(result).get(watch.table)
    if found is None:
        raise NotFound("The report has no such table any more.", hint="Choose the number again.")
    return found


def _column(table: Table, watch: Watch) -> Column:
    found = next((c for c in table.columns if c.name == watch.column), None)
    if found is None:
        raise NotFound("The report has no such number any more.", hint="Choose the number again.")
    return found


def _is(row: Mapping[str, Any], cell: Mapping[str, Any]) -> bool:
    return all(row.get(key) == value for key, value in cell.items())


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _lag(report: Report, watch: Watch) -> int:
    """Periods whose numbers can still grow though they have ended: people who entered in them have
    days left to go on."""
    per_unit = _UNIT_DAYS.get(watch.unit, 92)
    days = 0
    if report.model == "funnel":
        window = report.params.get("window") or {"value": 7, "unit": "day"}
        days = int(window.get("value", 7)) * _UNIT_DAYS.get(str(window.get("unit")), 0)
    if report.model == "retention":
        unit = _UNIT_DAYS.get(str(report.params.get("unit", "day")), 1)
        days = _ordinal(watch.cell.get("n_to") or watch.cell.get("n")) * unit
    if report.model == "ltv":
        days = _ordinal(watch.cell.get("day"))
    return -(-days // max(per_unit, 1))


def _ordinal(value: Any) -> int:
    return int(value) if str(value).isascii() and str(value).isdigit() else 0
