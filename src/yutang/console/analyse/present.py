"""From any model's result to what the page shows; funnel and event say it in words of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from yutang.console.analyse import present_event, present_funnel
from yutang.console.analyse.answer import (
    Answer,
    Asked,
    Grid,
    grid_of,
    is_key,
    key_label,
    kind_of,
    plain,
    safe,
    title_of,
)
from yutang.console.analyse.picture import first_number, pictures_of
from yutang.console.analyse.sides import both_sides
from yutang.console.formats import count
from yutang.console.language import mark

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
    "edges": mark("Edges"),
    "movement": mark("Movement since the last run"),
    "entry": mark("Entry pages"),
    "exit": mark("Exit pages"),
    "entry_by_group": mark("Entry pages by group"),
    "exit_by_group": mark("Exit pages by group"),
    "models": mark("The rules beside each other"),
    "removal_effects": mark("Removal effects"),
}


def present(asked: Asked) -> Answer:
    make = PRESENTERS.get(asked.model, anything)
    answer = make(asked)
    return both_sides(asked, answer, make) if asked.compares_segments else answer


def anything(asked: Asked) -> Answer:
    """A model that the page knows nothing of."""
    grid = grid_of(asked, asked.result.table, whole=True)
    return Answer(_sentence(asked), pictures_of(asked), grid, more_tables(asked), _nothing(asked))


def more_tables(asked: Asked) -> tuple[Grid, ...]:
    return tuple(
        grid_of(asked, table, asked.session.text(TABLES.get(name, name)))
        for name, table in asked.result.tables.items()
        if table.rows
    )


def _sentence(asked: Asked) -> str:
    """How many rows, and which is the largest by the first number."""
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
    return first_number(asked.result.rows, asked.result.columns) is None


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
