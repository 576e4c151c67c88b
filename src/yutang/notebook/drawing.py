"""A small picture of a result as SVG text: bars, lines, a heat table. Colours as on the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from yutang.analysis import Result

WIDTH, HEIGHT = 560, 170
_COLOURS = ("#0f766e", "#d97706", "#4f86c6", "#8b6fb3", "#6b8e23")
_LINES = ("line", "area", "curve")
_BARS = ("bar", "stacked", "histogram", "funnel", "sequences")
_MOST_BARS = 40
_FOOT = 18
_LETTERS = 14


def drawing(result: Result) -> str:
    """SVG of the result's chart; "" where there is nothing to draw, or no way to."""
    chart = result.chart
    kind = chart.get("kind")
    if kind in _LINES:
        return _lines(chart)
    if kind in _BARS:
        return _bars(chart)
    return _heat(chart) if kind in ("matrix", "cross") else ""


def _frame(inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11" role="img" '
        f'fill="currentColor">{inside}</svg>'
    )


def _values(chart: Mapping[str, Any]) -> list[list[float | None]]:
    return [list(one["values"]) for one in chart["series"][: len(_COLOURS)]]


def _top(series: Sequence[Sequence[float | None]]) -> float:
    return max((v for line in series for v in line if v is not None), default=0) or 1


def _word(label: Any) -> str:
    text = " · ".join(map(str, label)) if isinstance(label, (list, tuple)) else str(label)
    return escape(text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…")


def _lines(chart: Mapping[str, Any]) -> str:
    series, labels = _values(chart), chart["categories"]
    if len(labels) < 2 or not series:
        return ""
    top, room = _top(series), HEIGHT - _FOOT - 14
    step = (WIDTH - 8) / (len(labels) - 1)
    drawn = []
    for colour, line in zip(_COLOURS, series, strict=False):
        points = " ".join(
            f"{4 + i * step:.1f},{10 + room - v / top * room:.1f}"
            for i, v in enumerate(line)
            if v is not None
        )
        drawn.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
    ends = (
        f'<text x="4" y="{HEIGHT - 4}">{_word(labels[0])}</text>'
        f'<text x="{WIDTH - 4}" y="{HEIGHT - 4}" text-anchor="end">{_word(labels[-1])}</text>'
        f'<text x="4" y="9">{top:,.4g}</text>'
    )
    return _frame("".join(drawn) + ends)


def _bars(chart: Mapping[str, Any]) -> str:
    series, labels = _values(chart), chart["categories"][:_MOST_BARS]
    if not labels or not series:
        return ""
    top, room = _top(series), HEIGHT - _FOOT - 14
    slot = WIDTH / len(labels)
    width = max(1.0, (slot - 4) / len(series))
    drawn = []
    for s, (colour, line) in enumerate(zip(_COLOURS, series, strict=False)):
        for i, value in enumerate(line[:_MOST_BARS]):
            high = max(value or 0, 0) / top * room
            x, y = i * slot + 2 + s * width, 12 + room - high
            drawn.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 1:.1f}" height="{high:.1f}" '
                f'fill="{colour}"/>'
            )
            if len(labels) * len(series) <= 12 and value is not None:
                drawn.append(f'<text x="{x:.1f}" y="{y - 2:.1f}">{value:,.4g}</text>')
    if len(labels) <= 12:
        drawn += [
            f'<text x="{i * slot + 2:.1f}" y="{HEIGHT - 4}">{_word(label)}</text>'
            for i, label in enumerate(labels)
        ]
    return _frame("".join(drawn))


def _heat(chart: Mapping[str, Any]) -> str:
    values = [line[:_MOST_BARS] for line in chart["values"][:_MOST_BARS]]
    if not values or not values[0]:
        return ""
    top = _top(values)
    wide, high = WIDTH / len(values[0]), HEIGHT / len(values)
    drawn = [
        f'<rect x="{c * wide:.1f}" y="{r * high:.1f}" width="{wide - 1:.1f}" '
        f'height="{max(high - 1, 0.5):.1f}" fill="{_COLOURS[0]}" '
        f'fill-opacity="{max(v, 0) / top:.2f}"/>'
        for r, line in enumerate(values)
        for c, v in enumerate(line)
        if v is not None
    ]
    return _frame("".join(drawn))
