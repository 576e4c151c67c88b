"""How an answer is shown: as which picture, sorted by what, how many rows.

None of it is part of the question, so a model never sees it; it stands in the address all the same,
and the picture is kept with a saved report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from yutang.console.analyse.answer import Answer, Grid
from yutang.console.charts import Chart, Flows, Heat
from yutang.console.language import mark
from yutang.reports import CHART

SORT, ROWS = "sort", "rows"
ALL = "all"
# So many rows are shown at first, and so many at most; a file has all of them.
FEW, MOST = 100, 5_000
TABLE = "table"
# The pictures that show the same numbers, by the one a model chose.
_OVER_TIME = ("line", "area", "bar", "stacked")
_BY_NAME = ("bar", "rows", "stacked", "line")
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "line": _OVER_TIME,
    "area": _OVER_TIME,
    "stacked": _OVER_TIME,
    "bar": _BY_NAME,
    "rows": _BY_NAME,
    "curve": ("line", "area"),
    "histogram": ("histogram", "line"),
}
TITLES = {
    "line": mark("Lines"),
    "area": mark("Areas"),
    "bar": mark("Bars"),
    "rows": mark("Lying bars"),
    "stacked": mark("Stacked"),
    "histogram": mark("Histogram"),
    "funnel": mark("Funnel"),
    "sankey": mark("Flows"),
    "heat": mark("Heat table"),
    TABLE: mark("Table only"),
}
# Only what can be added is stacked.
_ADDS_UP = ("count", "number", "money", "duration")
Picture = Chart | Flows | Heat


@dataclass(frozen=True)
class Looks:
    """What of the address says how the answer is shown; "" is as it comes."""

    chart: str = ""
    sort: str = ""
    rows: str = ""

    def query(self, question: str, **changes: str) -> str:
        """The question's address with these looks, some of them changed."""
        own = {CHART: self.chart, SORT: self.sort, ROWS: self.rows, **changes}
        kept = urlencode({key: value for key, value in own.items() if value})
        return "&".join(filter(None, (question, kept)))

    def sort_by(self, key: str, numeric: bool) -> str:
        """What a click on the column's head sorts by: numbers from the largest down, then back."""
        first, second = (f"-{key}", key) if numeric else (key, f"-{key}")
        return second if self.sort == first else first


def looks_of(values: Mapping[str, Any]) -> Looks:
    """From an address or a saved report; what does not fit is left out: people edit addresses."""
    chart = str(values.get(CHART, ""))
    return Looks(
        chart if chart in TITLES else "",
        str(values.get(SORT, ""))[:60],
        ALL if values.get(ROWS) == ALL else "",
    )


def kinds_of(picture: Picture) -> tuple[str, ...]:
    """The pictures that can show what this one shows, and the table."""
    if not isinstance(picture, Chart):
        return ("sankey" if isinstance(picture, Flows) else "heat", TABLE)
    found = FAMILIES.get(picture.kind, (picture.kind,))
    stacks = len(picture.series) > 1 and picture.unit in _ADDS_UP
    return (*(kind for kind in found if kind != "stacked" or stacks), TABLE)


def shown(answer: Answer, looks: Looks) -> tuple[Answer, tuple[str, ...], str]:
    """The answer as it is to be shown, the pictures to choose from, and the chosen one."""
    grid = answer.grid.sorted(looks.sort)
    if not answer.pictures:
        return replace(answer, grid=grid), (), TABLE
    first, *rest = answer.pictures
    kinds = kinds_of(first)
    usual = first.kind if isinstance(first, Chart) else kinds[0]
    usual = "line" if usual == "curve" else usual
    chosen = looks.chart if looks.chart in kinds else usual
    if chosen == TABLE:
        return replace(answer, grid=grid, pictures=()), kinds, chosen
    if isinstance(first, Chart) and chosen != usual:
        lying = (14 + 16 * len(first.series)) * len(first.labels)
        height = max(240, lying) if chosen == "rows" else 300
        first = replace(first, kind=chosen, height=height)  # type: ignore[arg-type]
    return replace(answer, grid=grid, pictures=(first, *rest)), kinds, chosen


def cut(answer: Answer, looks: Looks) -> Answer:
    """The rows that are shown; the whole table goes into files."""
    more = tuple(_cut(grid, looks) for grid in answer.more)
    return replace(answer, grid=_cut(answer.grid, looks), more=more)


def _cut(grid: Grid, looks: Looks) -> Grid:
    most = MOST if looks.rows == ALL else FEW
    return replace(grid, rows=grid.rows[:most], whole=len(grid.rows))
