"""From any model's result to what the page shows; funnel and event have tables of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from urllib.parse import urlencode

from yutang.analysis import Caveat
from yutang.console.analyse import present_event, present_funnel
from yutang.console.analyse.answer import (
    ACT,
    Answer,
    Asked,
    Cell,
    Grid,
    Head,
    grid_of,
    key_label,
    kind_of,
    plain,
    safe,
    title_of,
)
from yutang.console.analyse.cells import is_key
from yutang.console.analyse.form import flatten
from yutang.console.analyse.picture import first_number, pictures_of
from yutang.console.analyse.say import SENTENCES
from yutang.console.analyse.sides import both_sides
from yutang.console.analyse.why_empty import has_numbers
from yutang.console.analyse.words import Vocabulary
from yutang.console.formats import count
from yutang.console.guard import Session
from yutang.console.language import mark

_NAME = re.compile(r"\b[a-z]+(_[a-z]+)+\b")
# What further tables are called; a table of another name is shown under its name.
TABLES = {
    "total": mark("In total"),
    "totals": mark("In total"),
    "trend": mark("Day by day"),
    "groups": mark("By group"),
    "periods": mark("By period"),
    "summary": mark("Summary"),
    "cohorts": mark("By cohort"),
    "buckets": mark("By bucket"),
    "nodes": mark("Nodes"),
    "layers": mark("Layers"),
    "people": mark("People"),
    "channels": mark("By channel"),
    "curve": mark("Curve"),
    "flows": mark("Flows"),
    "entry_by_group": mark("Entry pages by group"),
    "exit_by_group": mark("Exit pages by group"),
    "all": mark("All groups together"),
    "starts": mark("How many had an end"),
    "histogram": mark("How they are spread"),
    "models": mark("All rules side by side"),
    "removal_effects": mark("Without this channel"),
    "entry": mark("Where visits begin"),
    "exit": mark("Where visits end"),
    "depth": mark("By depth"),
    "length": mark("By length"),
    "units": mark("Day by day"),
    "fields": mark("Field by field"),
    "edges": mark("Where the layers part"),
    "movement": mark("Moved between layers"),
    "next": mark("Next pages"),
    "payback": mark("When the cost is back"),
}


def present(asked: Asked) -> Answer:
    make = PRESENTERS.get(asked.model, anything)
    answer = make(asked)
    return both_sides(asked, answer, make) if asked.compares_segments else answer


def anything(asked: Asked) -> Answer:
    """A model that the page knows nothing of."""
    grid = _with_funnels(asked, grid_of(asked, asked.result.table))
    return Answer(_sentence(asked), pictures_of(asked), grid, more_tables(asked), _nothing(asked))


def _with_funnels(asked: Asked, grid: Grid) -> Grid:
    """A way to a target can be asked as a funnel, step by step."""
    chart = asked.result.chart
    if "funnels" not in chart:
        return grid
    ways = dict(zip(chart["categories"], chart["funnels"], strict=False))
    text, rows = asked.session.text("Turn into a funnel"), []
    for row, cells in zip(asked.result.rows, grid.rows, strict=True):
        funnel = ways.get(row["sequence"])
        link = f"{asked.session.base}/analyse/funnel?{urlencode(flatten(funnel))}" if funnel else ""
        rows.append((*cells, Cell(text if funnel else "", link)))
    return replace(grid, heads=(*grid.heads, Head("", ACT)), rows=tuple(rows))


def said(session: Session, words: Vocabulary, caveat: Caveat) -> str:
    """A caveat in the reader's language; the events it names, by their labels."""
    text = session.pick(caveat)
    if caveat.code != "unknown_event":
        return text
    return _NAME.sub(lambda name: words.event(name[0]), text)


def more_tables(asked: Asked) -> tuple[Grid, ...]:
    return tuple(
        grid_of(asked, table, _table_title(asked, name), name=name)
        for name, table in asked.result.tables.items()
        if table.rows
    )


def _table_title(asked: Asked, name: str) -> str:
    if name.startswith("by_") and name[3:].isdigit():
        return asked.words.property(asked.group_names()[int(name[3:]) - 1])
    return asked.session.text(TABLES.get(name, name))


def _sentence(asked: Asked) -> str:
    """The model's own words, or how many rows, and which is the largest by the first number."""
    if asked.model in SENTENCES:
        own = SENTENCES[asked.model](asked)
        if own:
            return asked.session.language.gap.join(own)
    rows, columns = asked.result.rows, asked.result.columns
    text = asked.session.text("%(n)s rows.", n=count(len(rows)))
    column = first_number(rows, columns)
    if column is None or len(rows) < 2:
        return text
    top = max(rows, key=lambda row: row[column.name] or 0)
    keys = (c for c in columns if is_key(c) and top.get(c.name) not in (None, "", True, False))
    where = " · ".join(str(key_label(asked, c, top[c.name])) for c in islice(keys, 3))
    if not where:
        return text
    return text + asked.session.language.gap + asked.session.text(
        "%(what)s is highest for %(where)s: <b>%(value)s</b>.",
        what=safe(title_of(asked, column)),
        where=safe(where),
        value=plain(top[column.name], kind_of(column)),
    )  # fmt: skip


def _nothing(asked: Asked) -> bool:
    return not has_numbers(asked.result)


def _funnel(asked: Asked) -> Answer:
    return replace(present_funnel.funnel(asked), more=more_tables(asked), nothing=_nothing(asked))


def titled(asked: Asked) -> Asked:
    """The same, with better titles for its columns where the model has some."""
    if asked.model == "event" and not asked.titles:
        return replace(asked, titles=present_event.measure_titles(asked))
    return asked


def _event(asked: Asked) -> Answer:
    asked = titled(asked)
    return replace(present_event.event(asked), more=more_tables(asked), nothing=_nothing(asked))


PRESENTERS: dict[str, Callable[[Asked], Answer]] = {"funnel": _funnel, "event": _event}
