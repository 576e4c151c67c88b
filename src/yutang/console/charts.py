"""What a page says about a picture; static/chart.js turns it into ECharts with our one theme.

A chart is data, a unit and a kind. Colours, fonts, axes and number formats are not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["line", "area", "bar", "stacked", "rows", "funnel", "waterfall"]
Unit = Literal["count", "money", "rate"]
Role = Literal["main", "compare"]


@dataclass(frozen=True)
class Series:
    """One line or set of bars; `role` compare is drawn lighter."""

    name: str
    values: Sequence[float | None]
    role: Role = "main"


@dataclass(frozen=True)
class Chart:
    """`labels` are the categories; money is in fen. `say` is the sentence for screen readers."""

    kind: Kind
    labels: Sequence[str]
    series: Sequence[Series]
    say: str
    unit: Unit = "count"
    height: int = 260
    links: Sequence[str] = field(default_factory=tuple)

    def spec(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def empty(self) -> bool:
        return not any(v for s in self.series for v in s.values)


def spark(values: Sequence[float | None], width: int = 96, height: int = 26) -> str:
    """The `points` of an SVG polyline through the values, scaled into the box; "" below two."""
    known = [(i, float(v)) for i, v in enumerate(values) if v is not None]
    if len(known) < 2:
        return ""
    low, high = min(v for _, v in known), max(v for _, v in known)
    room = (high - low) or 1.0
    step = (width - 4) / (len(values) - 1)
    return " ".join(
        f"{2 + i * step:.1f},{height - 3 - (v - low) / room * (height - 6):.1f}" for i, v in known
    )
