"""A funnel's answer: steps as rows (or groups), and where most people are lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from yutang.console.analyse.answer import COMPARED, Answer, Asked, Cell, Grid, Head, safe
from yutang.console.analyse.picture import MOST_SERIES
from yutang.console.charts import Chart, Series
from yutang.console.formats import count, rate


def funnel(asked: Asked) -> Answer:
    result, said = asked.result, asked.session.text
    titles = [_step_title(asked, step) for step in asked.params["steps"]]
    whole = result.tables["total"].rows if "total" in result.tables else result.rows
    grouped = bool(asked.group_names())
    compared = any(column.name == "people" + COMPARED for column in result.columns)
    grid = _by_group(asked, titles) if grouped else _by_step(asked, titles, compared)
    return Answer(
        _funnel_sentence(asked, titles, whole),
        (_funnel_chart(asked, titles, grouped, compared, said),),
        grid,
    )


def _step_title(asked: Asked, step: Mapping[str, Any]) -> str:
    names = step["event"] if isinstance(step["event"], list) else [step["event"]]
    return str(step.get("name") or " / ".join(asked.words.event(name) for name in names))


def _by_step(asked: Asked, titles: Sequence[str], compared: bool) -> Grid:
    said = asked.session.text
    heads = [
        Head(said("Step"), "text"),
        Head(said("People"), "count", compared, "people"),
        Head(said("of the step before"), "rate", compared),
        Head(said("of all"), "rate", compared),
        Head(said("stopped here"), "count"),
        Head(said("time to here, median"), "duration", compared),
        Head(said("P90"), "duration", compared),
    ]
    rows = []
    for row, title in zip(asked.result.rows, titles, strict=True):
        step, last = row["step"], row["step"] == len(titles)
        following = 0 if last else asked.result.rows[step]["people"]
        stopped = None if last else row["people"] - following
        lost = asked.people(step=step, state="stopped") if stopped else ""
        rows.append(
            (
                Cell(f"{step}  {title}"),
                _cell(row, "people", asked.people(step=step)),
                _cell(row, "rate_previous") if step > 1 else Cell(None),
                _cell(row, "rate_first") if step > 1 else Cell(None),
                Cell(stopped, lost),
                _cell(row, "median_seconds"),
                _cell(row, "p90_seconds"),
            )
        )
    return Grid(tuple(heads), tuple(rows))


def _cell(row: Mapping[str, Any], name: str, link: str = "") -> Cell:
    return Cell(row[name], link, row.get(name + COMPARED))


def _by_group(asked: Asked, titles: Sequence[str]) -> Grid:
    """One row a group, its people step by step."""
    said, names = asked.session.text, asked.group_names()
    compared = any(column.name == "people" + COMPARED for column in asked.result.columns)
    heads = [
        Head(asked.words.property(name), "text", key=f"group_{i}")
        for i, name in enumerate(names, 1)
    ]
    heads += [
        Head(title, "count", compared, f"people_{step}") for step, title in enumerate(titles, 1)
    ]
    heads += [
        Head(said("whole conversion"), "rate", compared, "rate"),
        Head(said("time taken, median"), "duration", compared, "median"),
    ]
    rows = []
    steps = len(titles)
    for first in range(0, len(asked.result.rows), steps):
        part = asked.result.rows[first : first + steps]
        label = [part[0][f"group_{i}"] for i in range(1, len(names) + 1)]
        cells = [
            Cell(asked.words.value(name, value)) for name, value in zip(names, label, strict=True)
        ]
        for row in part:
            link = asked.people(step=row["step"], group=label) if row["people"] else ""
            cells.append(_cell(row, "people", link))
        cells += [_cell(part[-1], "rate_first"), _cell(part[-1], "first_median_seconds")]
        rows.append(tuple(cells))
    return Grid(tuple(heads), tuple(rows))


def _funnel_sentence(
    asked: Asked, titles: Sequence[str], whole: Sequence[Mapping[str, Any]]
) -> str:
    said = asked.session.text
    entered, done = whole[0]["people"], whole[-1]["people"]
    if not entered:
        return said("Nobody did “%(event)s” in these days.", event=safe(titles[0]))
    text = said(
        "Of <b>%(entered)s</b> people who did “%(first)s”, <b>%(share)s</b> reached “%(last)s”.",
        entered=count(entered),
        first=safe(titles[0]),
        share=rate(done / entered),
        last=safe(titles[-1]),
    )
    losses = [(before["people"] - after["people"], i) for i, (before, after) in _pairs(whole)]
    lost, place = max(losses)
    if lost:
        text += asked.session.language.gap + said(
            "Most are lost between “%(here)s” and “%(next)s”: <b>%(n)s</b> stop there.",
            here=safe(titles[place]),
            next=safe(titles[place + 1]),
            n=count(lost),
        )
    return text


def _pairs(
    rows: Sequence[Mapping[str, Any]],
) -> list[tuple[int, tuple[Mapping[str, Any], Mapping[str, Any]]]]:
    return list(enumerate(pairwise(rows)))


def _funnel_chart(
    asked: Asked,
    titles: Sequence[str],
    grouped: bool,
    compared: bool,
    said: Callable[..., str],
) -> Chart:
    if not grouped:
        series = [Series(asked.sides[0], [row["people"] for row in asked.result.rows])]
        if compared:
            before = [row.get("people" + COMPARED) for row in asked.result.rows]
            series.append(Series(asked.sides[1], before, "compare"))
        links = [asked.people(step=row["step"]) for row in asked.result.rows]
    else:
        series = [
            Series(asked.group_label(one["name"]), one["values"])
            for one in asked.result.chart["series"][:MOST_SERIES]
        ]
        links = []
    say = said("Funnel: %(steps)s", steps=" → ".join(titles))
    return Chart("funnel", titles, series, say, height=300, links=links)
