"""Two segments beside each other: every number twice, with its own people, and both pictures.

A model answers for the first segment and carries what it says of the second one along
(`NAME_compared` columns, `chart["beside"]`); what any presenter made of it is cut in two here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from yutang.console.analyse.answer import Answer, Asked, Cell, Grid, Head, safe
from yutang.console.charts import Chart, Flows, Heat, Role, Series
from yutang.console.people import origin_of, reference

Picture = Chart | Flows | Heat
ROLES: tuple[Role, Role] = ("main", "compare")


def both_sides(asked: Asked, answer: Answer, present: Callable[[Asked], Answer]) -> Answer:
    """The answer with the second segment beside the first."""
    others: tuple[Picture, ...] = ()
    if "beside" in asked.result.chart:
        chart = asked.result.chart["beside"]
        others = present(replace(asked, result=replace(asked.result, chart=chart))).pictures
    pictures, names = _pictures(answer.pictures, others, asked.sides)
    return replace(
        answer,
        say=asked.session.text(
            "%(segment)s: %(answer)s", segment=safe(asked.sides[0]), answer=answer.say
        ),
        grid=_grid(answer.grid, asked.sides),
        more=tuple(_grid(one, asked.sides) for one in answer.more),
        pictures=pictures,
        names=names,
    )


def _grid(grid: Grid, sides: tuple[str, str]) -> Grid:
    heads: list[Head] = []
    for head in grid.heads:
        if head.compared:
            heads += [Head(f"{head.title} · {side}", head.kind) for side in sides]
        else:
            heads.append(head)
    rows = tuple(
        tuple(
            part
            for head, cell in zip(grid.heads, row, strict=True)
            for part in (_both(cell) if head.compared else (cell,))
        )
        for row in grid.rows
    )
    return replace(grid, heads=tuple(heads), rows=rows)


def _both(cell: Cell) -> tuple[Cell, Cell]:
    return Cell(cell.value, cell.link), Cell(cell.before, lambda: _other(cell.href))


def _other(link: str) -> str:
    """The link to the people of the other side's cell."""
    path, sign, ref = link.partition("?people=")
    if not sign:
        return ""
    origin = origin_of(ref)
    return path + sign + reference(**{**origin, "cell": {**origin["cell"], "compared": True}})


def _pictures(
    mine: tuple[Picture, ...], others: tuple[Picture, ...], sides: tuple[str, str]
) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
    """One picture of both where they share their labels, else the two one after the other; and
    whose each is ("" of both)."""
    if len(mine) != len(others):
        return mine, tuple("" for _ in mine)
    pictures: list[Picture] = []
    names: list[str] = []
    for one, other in zip(mine, others, strict=True):
        if isinstance(one, Chart) and isinstance(other, Chart) and one.labels == other.labels:
            pictures.append(_merged(one, other, sides))
            names.append("")
        else:
            pictures += [one, _relinked(other)]
            names += sides
    return tuple(pictures), tuple(names)


def _merged(one: Chart, other: Chart, sides: tuple[str, str]) -> Chart:
    if any(series.role == "compare" for series in one.series):
        return one  # it shows both already
    alone = len(one.series) == 1 == len(other.series)
    series = [
        Series(sides[i] if alone else f"{sides[i]} · {part.name}", part.values, ROLES[i])
        for i, chart in enumerate((one, other))
        for part in chart.series
    ]
    kind = {"area": "line", "stacked": "bar"}.get(one.kind, one.kind)
    return replace(one, series=series, kind=kind)  # type: ignore[arg-type]


def _relinked(picture: Picture) -> Picture:
    if isinstance(picture, Heat):
        return replace(picture, links=[[_other(one) for one in row] for row in picture.links])
    return replace(picture, links=[_other(one) for one in picture.links])
