"""What a page shows of a result: sentence, picture, tables whose numbers lead to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yutang.analysis import Column, Result, Table
from yutang.console.analyse.words import Vocabulary
from yutang.console.charts import Chart, Flows, Heat
from yutang.console.formats import count, rate, signed
from yutang.console.guard import Session
from yutang.console.people import reference

COMPARED = "_compared"
# Columns that say which row it is though they hold numbers.
KEYS = (
    "step", "n", "layer", "cohort", "bucket", "segment", "channel", "state", "source", "target",
    "touch", "day", "rank", "page", "before",
)  # fmt: skip
# Units in which a change is said in points, not in parts of what was there before.
_POINTS = 100


@dataclass(frozen=True)
class Head:
    """A column: its title (final text) and how its cells are shown (see parts.html, cell)."""

    title: str
    kind: str
    compared: bool = False

    @property
    def numeric(self) -> bool:
        return self.kind not in ("text", "period")


@dataclass(frozen=True)
class Cell:
    """`link` leads to the people behind the value, "" where there are none to show; `before` is the
    value of the range it is compared with."""

    value: Any
    link: str = ""
    before: Any = None


@dataclass(frozen=True)
class Grid:
    """A table; `title` is final text."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""

    def flat_heads(self, compared: str) -> list[str]:
        """The columns of a file: what is compared stands in a column of its own."""
        found = []
        for head in self.heads:
            found += [head.title, head.title + compared] if head.compared else [head.title]
        return found

    def flat_row(self, row: tuple[Cell, ...]) -> list[Any]:
        found: list[Any] = []
        for head, cell in zip(self.heads, row, strict=True):
            found += [cell.value, cell.before] if head.compared else [cell.value]
        return found


@dataclass(frozen=True)
class Answer:
    """`say` is the answer in words; it may hold <b> around numbers we made ourselves. `names` say
    of two sides whose each picture is (sides.py). `more` are further tables; `nothing`: there is
    not enough to see anything."""

    say: str
    pictures: tuple[Chart | Flows | Heat, ...]
    grid: Grid
    more: tuple[Grid, ...] = ()
    nothing: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What was asked, and what is needed to speak about it. `titles`: better ones for columns."""

    session: Session
    words: Vocabulary
    model: str
    params: Mapping[str, Any]
    result: Result
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def compares_segments(self) -> bool:
        compare = self.params.get("compare")
        return isinstance(compare, Mapping) and "segment" in compare

    @property
    def sides(self) -> tuple[str, str]:
        """What stands beside what."""
        said = self.session.text
        if not self.compares_segments:
            return said("this range"), said("compared")
        pair, names = self.params["compare"], self.words.segments
        one, other = (str(pair.get(end) or "") for end in ("segment", "against"))
        return names.get(one, one), names.get(other, other) or said("everybody else")

    def people(self, **cell: Any) -> str:
        kept = {key: value for key, value in cell.items() if value not in (None, [])}
        ref = reference("analysis", model=self.model, params=dict(self.params), cell=kept)
        return f"{self.session.base}/customers?people={ref}"

    def group_names(self) -> list[str]:
        return [column.zh for column in self.result.columns if column.kind == "group"]

    def group_label(self, values: Any) -> str:
        names = self.group_names()
        several = values if isinstance(values, (list, tuple)) else [values]
        return " · ".join(
            self.words.value(names[i] if i < len(names) else "", value)
            for i, value in enumerate(several)
        )


def kind_of(column: Column) -> str:
    found = {"group": "text", "period": "period", "seconds": "duration"}.get(
        column.kind, column.kind
    )
    return "text" if column.name in KEYS and found in ("count", "number") else str(found)


def is_key(column: Column) -> bool:
    return column.kind in ("text", "group", "period") or column.name in KEYS


def grid_of(asked: Asked, table: Table, title: str = "", *, whole: bool = False) -> Grid:
    """A result's table as it stands. whole: its rows are cells that have people behind them."""
    shown = [c for c in table.columns if not c.name.endswith(COMPARED)]
    names = {c.name for c in table.columns}
    heads = tuple(Head(title_of(asked, c), kind_of(c), c.name + COMPARED in names) for c in shown)
    counts = [c.name for c in shown if c.kind == "count" and not is_key(c)]
    rows = tuple(
        tuple(_cell(asked, c, row, shown, counts if whole else []) for c in shown)
        for row in table.rows
    )
    return Grid(heads, rows, title)


def title_of(asked: Asked, column: Column) -> str:
    if column.kind == "group":
        return asked.words.property(column.zh)
    if column.name in asked.titles:
        return asked.titles[column.name]
    title = asked.session.pick((column.zh, column.en))
    return asked.words.event(title) if title in asked.words.event_names else title


def _cell(
    asked: Asked, column: Column, row: Mapping[str, Any], columns: list[Column], counts: list[str]
) -> Cell:
    value = row.get(column.name)
    if is_key(column):
        return Cell(key_label(asked, column, value))
    link = ""
    if value and column.name in counts:
        link = asked.people(**cell_of(row, columns, column.name if len(counts) > 1 else None))
    return Cell(value, link, row.get(column.name + COMPARED))


def key_label(asked: Asked, column: Column, value: Any) -> Any:
    """What a person reads for what a row is about."""
    if value is None or column.kind == "period":
        return value
    name = column.zh if column.kind == "group" else column.name
    if isinstance(value, str) and value in asked.words.event_names:
        return asked.words.event(value)
    return asked.words.value(name, value)


def cell_of(row: Mapping[str, Any], columns: Any, measure: str | None) -> dict[str, Any]:
    """What a model's `people` is asked for the people behind a row (analysis.contract.Result)."""
    groups = [row[c.name] for c in columns if c.kind == "group"]
    keys = {c.name: row[c.name] for c in columns if is_key(c) and c.kind != "group"}
    return {**keys, "group": groups, "measure": measure}


def change(value: Any, before: Any, kind: str) -> str:
    """How a value stands against the one it is compared with; "" where that says nothing.

    >>> change(12, 10, "count"), change(0.25, 0.2, "rate"), change(5, 0, "count")
    ('+20.0%', '+5.0', '')
    """
    if not _is_number(value) or not _is_number(before):
        return ""
    if kind == "rate":
        return signed((value - before) * _POINTS, 1)
    return signed((value - before) / abs(before) * 100, 1) + "%" if before else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def plain(value: float | None, kind: str = "number") -> str:
    """A number inside a sentence."""
    if kind == "rate":
        return rate(value)
    whole = value is None or float(value).is_integer()
    return count(value, 0 if whole else 2)


def safe(text: str) -> str:
    """Names that people or senders gave, inside a sentence that holds our own <b>."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )
