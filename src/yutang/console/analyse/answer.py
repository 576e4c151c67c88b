"""What a page shows of a result: sentence, picture, tables whose numbers lead to people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from yutang.analysis import Column, Result, Table
from yutang.analysis.activity_table import STATES
from yutang.catalog.events import BY_NAME
from yutang.console.analyse.cells import KEYS, MAIN, cell_of, is_key
from yutang.console.analyse.form import flatten
from yutang.console.analyse.words import SPECIAL, WAYS, Vocabulary
from yutang.console.charts import Chart, Flows, Heat
from yutang.console.formats import count, rate, signed
from yutang.console.guard import Session
from yutang.console.people import reference

COMPARED = "_compared"
ACT = "act"  # a column of things to do, not of values
# Units in which a change is said in points, not in parts of what was there before.
_POINTS = 100


@dataclass(frozen=True)
class Head:
    """A column: its title (final text) and how its cells are shown (see parts.html, cell)."""

    title: str
    kind: str
    compared: bool = False
    key: str = ""  # what the address calls it when the table is sorted by it; "": it is not

    @property
    def numeric(self) -> bool:
        return self.kind not in ("text", "period", ACT)


@dataclass(frozen=True)
class Cell:
    """`link` leads to the people behind the value, "" where there are none to show (it is made when
    it is drawn: of a long table most rows never are); `before` is the value of the range it is
    compared with; `sort`: what the cell is sorted by where that is not its value."""

    value: Any
    link: str | Callable[[], str] = ""
    before: Any = None
    sort: Any = None

    @property
    def href(self) -> str:
        return self.link if isinstance(self.link, str) else self.link()

    def place(self) -> tuple[bool, Any]:
        """For sorting: what is not known comes last, numbers before words."""
        value = self.value if self.sort is None else self.sort
        return (isinstance(value, str), value)


@dataclass(frozen=True)
class Grid:
    """A table; `title` is final text."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    whole: int = 0  # how many rows there are, where not all are shown

    def sorted(self, sort: str) -> Grid:
        """By a column's key, `-key` from the largest down; as it stands where there is no such
        column. What is not known stands last either way."""
        at = next((i for i, h in enumerate(self.heads) if h.key and h.key == sort.lstrip("-")), -1)
        if at < 0:
            return self
        known = [row for row in self.rows if row[at].value is not None]
        known.sort(key=lambda row: row[at].place(), reverse=sort.startswith("-"))
        return replace(self, rows=(*known, *(r for r in self.rows if r[at].value is None)))

    def flat_heads(self, compared: str) -> list[str]:
        """The columns of a file: what is compared stands in a column of its own."""
        found = []
        for head in self.heads:
            if head.kind == ACT:
                continue
            found += [head.title, head.title + compared] if head.compared else [head.title]
        return found

    def flat_row(self, row: tuple[Cell, ...]) -> list[Any]:
        found: list[Any] = []
        for head, cell in zip(self.heads, row, strict=True):
            if head.kind == ACT:
                continue
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
    """What was asked, and what is needed to speak about it. `titles`: better ones for columns;
    `question`: the parameters as the page asks them, for links to questions beside it."""

    session: Session
    words: Vocabulary
    model: str
    params: Mapping[str, Any]
    result: Result
    titles: Mapping[str, str] = field(default_factory=dict)
    question: Mapping[str, Any] = field(default_factory=dict)

    def follow(self, layer: int | None, node: str) -> str:
        """The address of the same path through one node only; "" where that cannot be asked."""
        if self.model != "path" or layer is None or node in SPECIAL:
            return ""
        others = [one for one in self.question.get("follow", []) if one["layer"] != layer]
        if len(others) < len(self.question.get("follow", [])):
            return ""  # every path shown goes through it already
        asked = {**self.question, "follow": [*others, {"layer": layer, "node": node}]}
        return "?" + urlencode(flatten(asked))

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

    @property
    def states(self) -> Mapping[str, str]:
        """What the ends of a flow between states of activity are called."""
        if self.model != "activity":
            return {}
        return {c.name: self.session.pick((c.zh, c.en)) for c in STATES}

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
    if column.name.endswith("_fen"):
        return "money"
    found = {"group": "text", "period": "period", "seconds": "duration"}.get(
        column.kind, column.kind
    )
    return "text" if column.name in KEYS and found in ("count", "number") else str(found)


def grid_of(asked: Asked, table: Table, title: str = "", *, name: str = MAIN) -> Grid:
    """A result's table as it stands, without what only repeats its neighbour in other words."""
    columns = tuple(c for c in table.columns if not c.name.endswith(COMPARED))
    names = {c.name for c in table.columns}
    shown = [c for c in columns if not _repeats(c, names)]
    heads = tuple(
        Head(title_of(asked, c), _shown_kind(c, table), c.name + COMPARED in names, c.name)
        for c in shown
    )
    rows = tuple(
        tuple(_cell(asked, c, row, columns, (name, place)) for c in shown)
        for place, row in enumerate(table.rows)
    )
    return Grid(heads, rows, title)


def _shown_kind(column: Column, table: Table) -> str:
    """Numbers that are all whole need no decimals."""
    kind = kind_of(column)
    if kind != "number":
        return kind
    values = (row.get(column.name) for row in table.rows)
    return "count" if all(v is None or float(v).is_integer() for v in values) else kind


def _repeats(column: Column, names: set[str]) -> bool:
    """The ends of a bucket stand in its name; a name in English stands beside the Chinese one."""
    if column.name.endswith("_en") and column.name[:-3] in names:
        return True
    return column.name in ("least", "below") and "bucket" in names


def title_of(asked: Asked, column: Column) -> str:
    if column.kind == "group":
        return asked.words.property(column.zh)
    if column.name in asked.titles:
        return asked.titles[column.name]
    title = asked.session.pick((column.zh, column.en))
    if column.name.endswith("_fen"):  # shown in yuan
        return title.removesuffix("（分）").removesuffix(" (fen)")
    first, space, rest = title.partition(" ")
    if first.rstrip(",") not in asked.words.event_names and first.rstrip(",") not in BY_NAME:
        return title
    comma = "," if first.endswith(",") else ""
    return asked.words.event(first.rstrip(",")) + comma + space + rest


def _cell(
    asked: Asked,
    column: Column,
    row: Mapping[str, Any],
    columns: tuple[Column, ...],
    at: tuple[str, int],
) -> Cell:
    value = row.get(column.name)
    if is_key(column):
        follow = _follow(asked, column, row)
        return Cell(key_label(asked, column, value), follow, sort=_sort_key(column, row))
    link: str | Callable[[], str] = ""
    if value and column.kind == "count":
        table, place = at
        asks = cell_of(asked.model, columns, row, column.name, table=table, place=place)
        link = partial(asked.people, **asks) if asks is not None else ""
    return Cell(value, link, row.get(column.name + COMPARED))


def _follow(asked: Asked, column: Column, row: Mapping[str, Any]) -> str:
    """A node of a path leads to the paths through it."""
    if asked.model != "path" or column.name not in ("source", "target", "node"):
        return ""
    later = "source" if asked.params.get("end") else "target"
    return asked.follow(row["layer"] + (column.name == later), row[column.name])


def _sort_key(column: Column, row: Mapping[str, Any]) -> Any:
    """Buckets by their beginning, not by their name."""
    return row.get("least") if column.name == "bucket" else None


def key_label(asked: Asked, column: Column, value: Any) -> Any:
    """What a person reads for what a row is about."""
    if value is None or column.kind == "period":
        return value
    if column.kind != "group" and isinstance(value, str):
        if column.name in ("source", "target") and value in (states := asked.states):
            return states[value]
        if column.name in WAYS:
            return asked.words.way(value)
    if isinstance(value, str) and value in asked.words.event_names:
        return asked.words.event(value)
    return asked.words.value(column.zh if column.kind == "group" else column.name, value)


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
