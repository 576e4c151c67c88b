"""Events' answer: each measure by its name, and when it was highest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yutang.console.analyse.answer import (
    COMPARED,
    Answer,
    Asked,
    Cell,
    Grid,
    Head,
    kind_of,
    plain,
    safe,
    title_of,
)
from yutang.console.analyse.choices import word_of
from yutang.console.analyse.picture import MOST_SERIES
from yutang.console.charts import Chart, Series
from yutang.console.formats import count


def event(asked: Asked) -> Answer:
    titles = asked.titles
    columns = [c for c in asked.result.columns if not c.name.endswith(COMPARED)]
    names = {c.name for c in asked.result.columns}
    heads = [
        Head(title_of(asked, c), kind_of(c), c.name + COMPARED in names, c.name) for c in columns
    ]
    rows = [tuple(_event_cell(asked, row, c) for c in columns) for row in asked.result.rows]
    total = asked.result.tables["total"].rows[0]
    return Answer(
        _event_sentence(asked, titles, total),
        (_event_chart(asked, titles),),
        Grid(tuple(heads), tuple(rows)),
    )


def measure_titles(asked: Asked) -> dict[str, str]:
    """Letter or formula key → title."""
    found = {}
    for index, one in enumerate(asked.params["measures"]):
        names = one["event"] if isinstance(one["event"], list) else [one["event"]]
        what = " / ".join(asked.words.event(name) for name in names)
        stat = asked.session.pick(word_of("measure", one.get("measure", "times")))
        if one.get("property"):
            name = asked.words.property(one["property"])
            stat = asked.session.pick((f"{name}{stat}", f"{stat} {name}"))
        found[chr(ord("A") + index)] = one.get("name") or f"{what} · {stat}"
    for index, one in enumerate(asked.params.get("formulas", []), start=1):
        found[f"F{index}"] = one.get("name") or one["formula"]
    return found


def _event_cell(asked: Asked, row: Mapping[str, Any], column: Any) -> Cell:
    value = row[column.name]
    if column.kind == "group":
        return Cell(asked.words.value(column.zh, value))
    if len(column.name) == 1 and column.name.isupper() and value:
        group = [row[f"group_{i}"] for i in range(1, len(asked.group_names()) + 1)]
        link = asked.people(measure=column.name, bucket=row.get("bucket"), group=group)
        return Cell(value, link, row.get(column.name + COMPARED))
    return Cell(value, "", row.get(column.name + COMPARED))


def _event_sentence(asked: Asked, titles: Mapping[str, str], total: Mapping[str, Any]) -> str:
    parts = [f"{safe(title)} <b>{plain(total[key])}</b>" for key, title in titles.items()]
    text = asked.session.text(
        "In these days: %(numbers)s.", numbers=asked.session.text("; ").join(parts)
    )
    rows = asked.result.tables["periods"].rows if "periods" in asked.result.tables else None
    rows = rows or (asked.result.rows if not asked.group_names() else [])
    values = [(row["A"], row["bucket"]) for row in rows if "bucket" in row and row["A"] is not None]
    if len(values) > 2:
        high, when = max(values)
        text += asked.session.language.gap + asked.session.text(
            "The highest was %(when)s with <b>%(high)s</b>.", when=when, high=count(high)
        )
    return text


def _event_chart(asked: Asked, titles: Mapping[str, str]) -> Chart:
    chart = asked.result.chart
    series = []
    for one in chart["series"][:MOST_SERIES]:
        key, label = one["name"][0], one["name"][1:]
        group = asked.group_label(label) if label else ""
        name = (
            group if group and len(titles) == 1 else " · ".join(filter(None, [titles[key], group]))
        )
        series.append(Series(name, one["values"]))
    say = asked.session.text("Events: %(names)s", names=", ".join(titles.values()))
    if chart["kind"] == "bar":
        labels = [
            asked.group_label(one) or asked.session.text("all") for one in chart["categories"]
        ]
        kind = "rows" if len(labels) > 6 else "bar"
        return Chart(kind, labels, series, say, height=max(240, 30 * len(labels)))  # type: ignore[arg-type]
    return Chart(
        "area" if len(series) == 1 else "line", chart["categories"], series, say, height=300
    )
