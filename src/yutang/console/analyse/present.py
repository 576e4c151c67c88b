"""From a model's result to what the page shows: sentence, picture, table with people behind cells.

A model without a presenter of its own is shown as its plain table and chart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from yutang.analysis import Result
from yutang.console.analyse.words import Vocabulary
from yutang.console.charts import Chart, Series
from yutang.console.formats import count, rate
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.console.people import reference

MOST_SERIES = 7  # colours that stay apart
COMPARED = "_compared"


@dataclass(frozen=True)
class Head:
    """A column: its title (final text) and how its cells are shown (see parts.html, cell)."""

    title: str
    kind: str

    @property
    def numeric(self) -> bool:
        return self.kind not in ("text", "period")


@dataclass(frozen=True)
class Cell:
    """`link` leads to the people behind the value; "" where there are none to show."""

    value: Any
    link: str = ""


@dataclass(frozen=True)
class Answer:
    """`say` is the answer in words; it may hold <b> around numbers we made ourselves."""

    say: str
    chart: Chart | None
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Asked:
    """What was asked, and what is needed to speak about it."""

    session: Session
    words: Vocabulary
    model: str
    params: Mapping[str, Any]
    result: Result

    def people(self, **cell: Any) -> str:
        kept = {key: value for key, value in cell.items() if value not in (None, [])}
        ref = reference("analysis", model=self.model, params=dict(self.params), cell=kept)
        return f"{self.session.base}/customers?people={ref}"

    def group_names(self) -> list[str]:
        return [column.zh for column in self.result.columns if column.kind == "group"]


def present(asked: Asked) -> Answer:
    return PRESENTERS.get(asked.model, plain)(asked)


# --- funnel ---
def funnel(asked: Asked) -> Answer:
    result, said = asked.result, asked.session.text
    titles = [_step_title(asked, step) for step in asked.params["steps"]]
    whole = result.tables["total"].rows if "total" in result.tables else result.rows
    grouped = bool(asked.group_names())
    compared = any(column.name == "people" + COMPARED for column in result.columns)
    heads, rows = _by_group(asked, titles) if grouped else _by_step(asked, titles, compared)
    return Answer(
        _funnel_sentence(asked, titles, whole),
        _funnel_chart(asked, titles, grouped, compared, said),
        heads,
        rows,
    )


def _step_title(asked: Asked, step: Mapping[str, Any]) -> str:
    names = step["event"] if isinstance(step["event"], list) else [step["event"]]
    return str(step.get("name") or " / ".join(asked.words.event(name) for name in names))


def _by_step(
    asked: Asked, titles: Sequence[str], compared: bool
) -> tuple[tuple[Head, ...], tuple[tuple[Cell, ...], ...]]:
    said = asked.session.text
    heads = [
        Head(said("Step"), "text"),
        Head(said("People"), "count"),
        Head(said("of the step before"), "rate"),
        Head(said("of all"), "rate"),
        Head(said("stopped here"), "count"),
        Head(said("time to here, median"), "duration"),
        Head(said("P90"), "duration"),
    ]
    if compared:
        heads.insert(2, Head(said("compared"), "count"))
    rows = []
    for row, title in zip(asked.result.rows, titles, strict=True):
        step, last = row["step"], row["step"] == len(titles)
        following = 0 if last else asked.result.rows[step]["people"]
        stopped = None if last else row["people"] - following
        cells = [
            Cell(f"{step}  {title}"),
            Cell(row["people"], asked.people(step=step)),
            Cell(row["rate_previous"] if step > 1 else None),
            Cell(row["rate_first"] if step > 1 else None),
            Cell(stopped, asked.people(step=step, state="stopped") if stopped else ""),
            Cell(row["median_seconds"]),
            Cell(row["p90_seconds"]),
        ]
        if compared:
            cells.insert(2, Cell(row.get("people" + COMPARED)))
        rows.append(tuple(cells))
    return tuple(heads), tuple(rows)


def _by_group(
    asked: Asked, titles: Sequence[str]
) -> tuple[tuple[Head, ...], tuple[tuple[Cell, ...], ...]]:
    """One row a group, its people step by step."""
    said, names = asked.session.text, asked.group_names()
    heads = [Head(asked.words.property(name), "text") for name in names]
    heads += [Head(title, "count") for title in titles]
    heads += [
        Head(said("whole conversion"), "rate"),
        Head(said("time taken, median"), "duration"),
    ]
    rows = []
    steps = len(titles)
    for first in range(0, len(asked.result.rows), steps):
        part = asked.result.rows[first : first + steps]
        label = [part[0][f"group_{i}"] for i in range(1, len(names) + 1)]
        cells = [
            Cell(asked.words.value(name, value)) for name, value in zip(names, label, strict=True)
        ]
        cells += [
            Cell(
                row["people"], asked.people(step=row["step"], group=label) if row["people"] else ""
            )
            for row in part
        ]
        cells += [Cell(part[-1]["rate_first"]), Cell(part[-1]["first_median_seconds"])]
        rows.append(tuple(cells))
    return tuple(heads), tuple(rows)


def _funnel_sentence(
    asked: Asked, titles: Sequence[str], whole: Sequence[Mapping[str, Any]]
) -> str:
    said = asked.session.text
    entered, done = whole[0]["people"], whole[-1]["people"]
    if not entered:
        return said("Nobody did “%(event)s” in these days.", event=_safe(titles[0]))
    text = said(
        "Of <b>%(entered)s</b> people who did “%(first)s”, <b>%(share)s</b> reached “%(last)s”.",
        entered=count(entered),
        first=_safe(titles[0]),
        share=rate(done / entered),
        last=_safe(titles[-1]),
    )
    losses = [(before["people"] - after["people"], i) for i, (before, after) in _pairs(whole)]
    lost, place = max(losses)
    if lost:
        text += asked.session.language.gap + said(
            "Most are lost between “%(here)s” and “%(next)s”: <b>%(n)s</b> stop there.",
            here=_safe(titles[place]),
            next=_safe(titles[place + 1]),
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
        series = [Series(said("this range"), [row["people"] for row in asked.result.rows])]
        if compared:
            before = [row.get("people" + COMPARED) for row in asked.result.rows]
            series.append(Series(said("compared"), before, "compare"))
        links = [asked.people(step=row["step"]) for row in asked.result.rows]
    else:
        series = [
            Series(_group_label(asked, one["name"]), one["values"])
            for one in asked.result.chart["series"][:MOST_SERIES]
        ]
        links = []
    say = said("Funnel: %(steps)s", steps=" → ".join(titles))
    return Chart("funnel", titles, series, say, height=300, links=links)


def _group_label(asked: Asked, values: Sequence[Any]) -> str:
    names = asked.group_names()
    return " · ".join(
        asked.words.value(name, value) for name, value in zip(names, values, strict=True)
    )


# --- event ---
STATS = {
    "times": mark("times"),
    "people": mark("people"),
    "times_per_person": mark("times per person"),
    "sum": mark("sum of"),
    "average": mark("average of"),
    "min": mark("smallest"),
    "max": mark("largest"),
    "median": mark("median of"),
    "percentile": mark("percentile of"),
    "distinct": mark("different values of"),
}


def event(asked: Asked) -> Answer:
    titles = _measure_titles(asked)
    heads = [
        Head(_event_head(asked, titles, column), _kind(column)) for column in asked.result.columns
    ]
    rows = [
        tuple(_event_cell(asked, row, column) for column in asked.result.columns)
        for row in asked.result.rows
    ]
    total = asked.result.tables["total"].rows[0]
    return Answer(
        _event_sentence(asked, titles, total),
        _event_chart(asked, titles),
        tuple(heads),
        tuple(rows),
    )


def _measure_titles(asked: Asked) -> dict[str, str]:
    """Letter or formula key → title."""
    found = {}
    for index, one in enumerate(asked.params["measures"]):
        names = one["event"] if isinstance(one["event"], list) else [one["event"]]
        what = " / ".join(asked.words.event(name) for name in names)
        stat = asked.session.text(STATS[one.get("measure", "times")])
        if one.get("property"):
            between = asked.session.language.gap if stat.endswith("：") else " "
            stat = f"{stat}{between}{asked.words.property(one['property'])}"
        found[chr(ord("A") + index)] = one.get("name") or f"{what} · {stat}"
    for index, one in enumerate(asked.params.get("formulas", []), start=1):
        found[f"F{index}"] = one.get("name") or one["formula"]
    return found


def _event_head(asked: Asked, titles: Mapping[str, str], column: Any) -> str:
    base = column.name.removesuffix(COMPARED)
    if column.kind == "group":
        return asked.words.property(column.zh)
    if base in titles:
        plus = asked.session.text(" (compared)") if base != column.name else ""
        return f"{titles[base]}{plus}"
    return asked.session.pick((column.zh, column.en))


def _kind(column: Any) -> str:
    return str(
        {"group": "text", "period": "text", "seconds": "duration"}.get(column.kind, column.kind)
    )


def _event_cell(asked: Asked, row: Mapping[str, Any], column: Any) -> Cell:
    value = row[column.name]
    if column.kind == "group":
        return Cell(asked.words.value(column.zh, value))
    if len(column.name) == 1 and column.name.isupper() and value:
        group = [row[f"group_{i}"] for i in range(1, len(asked.group_names()) + 1)]
        link = asked.people(measure=column.name, period=row.get("period"), group=group)
        return Cell(value, link)
    return Cell(value)


def _event_sentence(asked: Asked, titles: Mapping[str, str], total: Mapping[str, Any]) -> str:
    parts = [f"{_safe(title)} <b>{_plain(total[key])}</b>" for key, title in titles.items()]
    text = asked.session.text(
        "In these days: %(numbers)s.", numbers=asked.session.text("; ").join(parts)
    )
    rows = asked.result.tables["periods"].rows if "periods" in asked.result.tables else None
    rows = rows or (asked.result.rows if not asked.group_names() else [])
    values = [(row["A"], row["period"]) for row in rows if "period" in row and row["A"] is not None]
    if len(values) > 2:
        high, when = max(values)
        text += asked.session.language.gap + asked.session.text(
            "The highest was %(when)s with <b>%(high)s</b>.", when=when, high=count(high)
        )
    return text


def _plain(value: float | None) -> str:
    whole = value is None or float(value).is_integer()
    return count(value, 0 if whole else 2)


def _event_chart(asked: Asked, titles: Mapping[str, str]) -> Chart:
    chart = asked.result.chart
    series = []
    for one in chart["series"][:MOST_SERIES]:
        key, label = one["name"][0], one["name"][1:]
        group = _group_label(asked, label) if label else ""
        name = (
            group if group and len(titles) == 1 else " · ".join(filter(None, [titles[key], group]))
        )
        series.append(Series(name, one["values"]))
    say = asked.session.text("Events: %(names)s", names=", ".join(titles.values()))
    if chart["kind"] == "bar":
        labels = [
            _group_label(asked, one) or asked.session.text("all") for one in chart["categories"]
        ]
        kind = "rows" if len(labels) > 6 else "bar"
        return Chart(kind, labels, series, say, height=max(240, 30 * len(labels)))  # type: ignore[arg-type]
    return Chart(
        "area" if len(series) == 1 else "line", chart["categories"], series, say, height=300
    )


# --- any other model ---
def plain(asked: Asked) -> Answer:
    pick = asked.session.pick
    heads = tuple(Head(pick((c.zh, c.en)), _kind(c)) for c in asked.result.columns)
    rows = tuple(
        tuple(Cell(row[column.name]) for column in asked.result.columns)
        for row in asked.result.rows
    )
    return Answer(asked.session.text("%(n)s rows.", n=count(len(rows))), None, heads, rows)


def _safe(text: str) -> str:
    """Names that people or senders gave, inside a sentence that holds our own <b>."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


PRESENTERS: dict[str, Callable[[Asked], Answer]] = {"funnel": funnel, "event": event}
