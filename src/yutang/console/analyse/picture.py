"""From a result's neutral chart (analysis.contract.Result) to one that a page draws."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any

from yutang.analysis.nodes import JOINT
from yutang.analysis.smart_path_table import ARROW
from yutang.console.analyse.answer import Asked, title_of
from yutang.console.analyse.cells import cell_of, is_key
from yutang.console.analyse.choices import word_of
from yutang.console.charts import Chart, Flow, Flows, Heat, Series, Unit
from yutang.console.formats import count, duration_of
from yutang.console.language import mark

MOST_SERIES = 50  # more of them nobody could choose from; the table has them all
_LONG = 6  # more bars than this lie flat, so that their names can be read
_UNITS: Mapping[str, Unit] = {
    "rate": "rate", "seconds": "duration", "money": "money", "number": "number",
}  # fmt: skip
SAY = {
    "line": mark("Over time: %(names)s"),
    "area": mark("Over time: %(names)s"),
    "stacked": mark("Shares: %(names)s"),
    "histogram": mark("How they are spread: %(names)s"),
    "curve": mark("Curve: %(names)s"),
    "bar": mark("Compared: %(names)s"),
    "sequences": mark("Compared: %(names)s"),
    "funnel": mark("Funnel: %(names)s"),
}


_BETWEEN = re.compile(f"{ARROW}|{JOINT}")
Picture = Chart | Flows | Heat


def pictures_of(asked: Asked) -> tuple[Picture, ...]:
    """The pictures of any model's result; none where the page does not know the kind, or its data
    are not in the shape that the kind asks for: the table is there. `flows` may stand beside."""
    charts = [asked.result.chart, asked.result.chart.get("flows")]
    made = [_picture(asked, chart) for chart in charts if isinstance(chart, Mapping)]
    return tuple(one for one in made if one is not None)


def _picture(asked: Asked, chart: Mapping[str, Any]) -> Picture | None:
    make = _MAKERS.get(str(chart.get("kind", "")))
    try:
        return make(asked, chart) if make else None
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _series(asked: Asked, chart: Mapping[str, Any]) -> Chart:
    kind = chart["kind"]
    labels = [_bucket(asked, one) or label_of(asked, one) for one in chart["categories"]]
    shown = [one for one in chart["series"] if _of_one_unit(asked, one)][:MOST_SERIES]
    series = [Series(_name(asked, one["name"], len(shown)), one["values"]) for one in shown]
    if kind == "sequences" or (kind == "bar" and len(labels) > _LONG):
        kind = "rows"
    if kind == "line" and len(series) == 1:
        kind = "area"
    say = asked.session.text(SAY[chart["kind"]], names=", ".join(one.name for one in series))
    height = max(240, (14 + 16 * len(series)) * len(labels)) if kind == "rows" else 300
    return Chart(kind, labels, series, say, unit=_unit(chart), height=height)


def _of_one_unit(asked: Asked, series: Mapping[str, Any]) -> bool:
    """Money has no place on a scale of people: it stands in the table."""
    return not str(next(iter(series["name"]), "")).endswith("_fen")


def _bucket(asked: Asked, category: Any) -> str:
    """A bucket given by its two ends; "" for any other category."""
    if not isinstance(category, (list, tuple)) or len(category) != 2:
        return ""
    first, last = category
    if not isinstance(first, (int, float)) or not isinstance(last, (int, float, NoneType)):
        return ""
    of_time = any(column.kind == "seconds" for column in asked.result.columns)
    text = asked.session.text
    ends = [duration_of(one, text) if of_time else count(one) for one in category]
    return f"≥ {ends[0]}" if last is None else f"{ends[0]} – {ends[1]}"


def _unit(chart: Mapping[str, Any]) -> Unit:
    return _UNITS.get(str(chart.get("unit", "")), "count")


def label_of(asked: Asked, value: Any) -> str:
    """A label of a chart: a column, an event, a value, the values of several groups."""
    if isinstance(value, str):
        for column in asked.result.columns:
            if column.name == value:
                return title_of(asked, column)
    if isinstance(value, str) and value in (states := asked.states):
        return states[value]
    if isinstance(value, (list, tuple)) and not asked.group_names():
        parts = [asked.words.way(one) if isinstance(one, str) else str(one) for one in value]
        return " · ".join(parts) or asked.session.text("all")
    if isinstance(value, (list, tuple)):
        return asked.group_label(value) or asked.session.text("all")
    if isinstance(value, str) and (value in asked.words.event_names or _BETWEEN.search(value)):
        return asked.words.way(value)
    names = asked.group_names()
    return asked.words.value(names[0] if names else "", value)


def _name(asked: Asked, name: Any, series: int) -> str:
    """The first word may be a column; then the labels of the group follow."""
    if not isinstance(name, (list, tuple)):
        name = [name]
    columns = {column.name: column for column in asked.result.columns}
    if asked.model == "attribution" and name:
        return asked.session.pick(word_of("model", str(name[0])))
    if name and name[0] in columns:
        group = asked.group_label(name[1:])
        title = title_of(asked, columns[name[0]])
        return group if group and series > 1 else " · ".join(filter(None, [title, group]))
    return label_of(asked, list(name)) if len(name) != 1 else label_of(asked, name[0])


def _flows(asked: Asked, chart: Mapping[str, Any]) -> Flows:
    nodes = [(node["layer"], node["name"]) for node in chart.get("nodes", ())]
    place = {node["id"]: i for i, node in enumerate(chart.get("nodes", ()))}
    streams = chart.get("links") or chart["series"]
    nodes = nodes or [(layer, label) for layer, label in chart["categories"]]
    rows = asked.result.rows
    links = []
    if len(rows) == len(streams):
        links = [_link(asked, row, asked.result.columns) for row in rows]
    layers = [layer for layer, _ in nodes]
    busiest = max((layers.count(layer) for layer in set(layers)), default=1)
    return Flows(
        nodes=[label_of(asked, label) for _, label in nodes],
        flows=[
            Flow(
                place.get(one["source"], one["source"]),
                place.get(one["target"], one["target"]),
                one["value"],
            )
            for one in streams
        ],
        say=asked.session.text("Flows between %(n)s nodes", n=len(nodes)),
        layers=layers,
        height=max(320, 44 * busiest),
        links=links,
        node_links=[asked.follow(layer, label) for layer, label in nodes],
    )


def _link(asked: Asked, row: Mapping[str, Any], columns: Sequence[Any]) -> str:
    asks = cell_of(asked.model, columns, row)
    return asked.people(**asks) if asks is not None else ""


def _heat(asked: Asked, chart: Mapping[str, Any]) -> Heat:
    keys = [column for column in asked.result.columns if is_key(column)]
    by_key = {tuple(str(row[c.name]) for c in keys[:2]): row for row in asked.result.rows}

    def link(row: Any, column: Any) -> str:
        found = by_key.get((str(row), str(column)))
        return _link(asked, found, keys) if found else ""

    rows, columns = chart.get("rows") or chart["categories"], chart["columns"]
    return Heat(
        corner=title_of(asked, keys[0]) if keys else "",
        rows=[label_of(asked, one) for one in rows],
        columns=[label_of(asked, one) for one in columns],
        values=chart["values"],
        say=asked.session.text("A table of %(n)s rows, darker is more", n=len(rows)),
        unit=_UNITS.get(str(chart.get("unit", "")), "rate" if _shares(chart) else "count"),
        sizes=chart.get("sizes") or (),
        open=chart.get("open") or (),
        links=[[link(row, column) for column in columns] for row in rows],
    )


def _shares(chart: Mapping[str, Any]) -> bool:
    """A matrix that does not say what it holds holds shares, if it can."""
    values = [v for line in chart["values"] for v in line if v is not None]
    return chart["kind"] == "matrix" and all(0 <= v <= 1 for v in values)


_MAKERS: Mapping[str, Callable[[Asked, Mapping[str, Any]], Picture]] = {
    **dict.fromkeys(SAY, _series),
    "sankey": _flows,
    "matrix": _heat,
    "cross": _heat,
}


def first_number(rows: Sequence[Mapping[str, Any]], columns: Any) -> Any | None:
    """The first column that holds numbers to speak of."""
    for column in columns:
        if not is_key(column) and any(row.get(column.name) for row in rows):
            return column
    return None
