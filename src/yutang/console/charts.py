"""What a page says about a picture; static/chart.js turns it into ECharts with our one theme.

A chart is data, a unit and a kind. Colours, fonts, axes and number formats are not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal[
    "line", "area", "bar", "stacked", "rows", "funnel", "waterfall", "histogram", "curve"
]
Unit = Literal["count", "number", "money", "rate", "duration"]
Role = Literal["main", "compare", "marks"]


@dataclass(frozen=True)
class Series:
    """One line or set of bars; `role` compare is drawn lighter, marks as points."""

    name: str
    values: Sequence[float | None]
    role: Role = "main"


@dataclass(frozen=True)
class Mark:
    """What happened at the categories `first` to `last` (their places), drawn behind the chart.
    kind: of a note (campaign …) or of the calendar (holiday, workday, festival, sale)."""

    first: int
    last: int
    text: str
    kind: str


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
    marks: Sequence[Mark] = ()

    def spec(self) -> dict[str, Any]:
        return asdict(self)

    def marked(self, place: int) -> str:
        """The marks of a category in words."""
        return "; ".join(one.text for one in self.marks if one.first <= place <= one.last)

    @property
    def empty(self) -> bool:
        return not any(v for s in self.series for v in s.values)


@dataclass(frozen=True)
class Flow:
    """A stream between two nodes, named by their places in the list of nodes."""

    source: int
    target: int
    value: float


@dataclass(frozen=True)
class Flows:
    """Streams between nodes in layers (Sankey); `links` lead from each stream to its people,
    `node_links` from a node to the streams through it ("" where there is no such view)."""

    nodes: Sequence[str]
    flows: Sequence[Flow]
    say: str
    layers: Sequence[int | None] = ()
    height: int = 420
    links: Sequence[str] = field(default_factory=tuple)
    node_links: Sequence[str] = field(default_factory=tuple)
    kind: str = "sankey"
    unit: Unit = "count"

    def spec(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def empty(self) -> bool:
        return not self.flows


@dataclass(frozen=True)
class Heat:
    """A table whose cells are coloured by size. values: by row and column, None where there is
    nothing to show; `open`: the cell may still grow; `links` lead to the people of a cell."""

    corner: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]
    say: str
    unit: Unit = "rate"
    sizes: Sequence[float | None] = ()
    open: Sequence[Sequence[bool]] = ()
    links: Sequence[Sequence[str]] = ()

    def is_open(self, row: int, column: int) -> bool:
        return bool(self.open and self.open[row][column])

    def link(self, row: int, column: int) -> str:
        return self.links[row][column] if self.links else ""

    def depth(self, row: int, column: int) -> int:
        """How strong the cell's colour is, 0 to 100: its share of the largest cell."""
        value = self.values[row][column]
        most = max((v for line in self.values for v in line if v is not None), default=0)
        return round(100 * max(value, 0) / most) if value is not None and most > 0 else 0


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
