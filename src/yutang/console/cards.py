"""A number on a page, with everything a reader needs to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yutang.catalog.metrics import Metric
from yutang.console import formats
from yutang.console.charts import spark
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.measure import Number

# Values of trade wisdom that a bar can be drawn against (metrics.md, column "reference").
REFERENCES = {"private_share": 0.15, "repurchase_ratio": 1.2, "items_ratio": 1.0}
# Smaller changes are noise to the eye: shown as "no change".
STILL = 0.0005


@dataclass(frozen=True)
class Card:
    """One number; all texts are final. fill and mark (0 to 1): bar and reference line."""

    id: str
    name: str
    value: str
    unit: str
    change: str
    tone: str
    normal: str
    before: str
    formula: str
    notes: tuple[str, ...]
    provisional: bool
    trend: Sequence[float | None]
    people: int
    link: str
    fill: float | None
    mark: float | None

    @property
    def points(self) -> str:
        return spark(self.trend)

    @property
    def long(self) -> bool:
        return len(self.value) > 11


def card_of(session: Session, number: Number, link: str) -> Card:
    """The card of a measured number; `link` leads to the people behind it."""
    metric = number.metric
    value, unit = _value(session, metric, number.value)
    change, tone = _change(session, metric, number.change)
    fill = mark_at = None
    reference = REFERENCES.get(metric.id)
    if reference and number.value is not None:
        # Twice the reference is the whole bar, so the mark always stands in the middle.
        fill, mark_at = min(1.0, max(0.0, number.value / (2 * reference))), 0.5
    compared = _value(session, metric, number.compare)
    return Card(
        id=metric.id,
        name=session.pick(metric),
        value=value,
        unit=unit,
        change=change,
        tone=tone,
        normal=session.pick((metric.normal_zh, metric.normal_en)),
        before="".join(compared) if number.compare is not None else "",
        formula=session.pick((metric.formula_zh, metric.formula_en)),
        notes=tuple(session.pick(one) for one in number.caveats),
        provisional=number.provisional and number.value is not None,
        trend=number.trend,
        people=number.people,
        link=link if number.people else "",
        fill=fill,
        mark=mark_at,
    )


def _value(session: Session, metric: Metric, value: float | None) -> tuple[str, str]:
    if metric.unit == "fen":
        # Large sums read better without cents; small ones need them.
        return formats.money(value, 0 if value is not None and abs(value) >= 1_000_000 else 2), ""
    if metric.unit == "rate":
        return (formats.count(value * 100, 1), "%") if value is not None else (formats.NOTHING, "")
    if metric.unit == "ratio":
        return formats.count(value, 2), ""
    if metric.unit == "days":
        return formats.count(value, 0), session.text("days")
    return formats.count(value), ""


def _change(session: Session, metric: Metric, change: float | None) -> tuple[str, str]:
    if change is None:
        return "", ""
    if abs(change) < STILL:
        return session.text("no change"), ""
    arrow = "↑" if change > 0 else "↓"
    size = abs(change)
    if metric.unit == "rate":
        shown = session.text(mark("%(n)s pt"), n=f"{size * 100:.1f}")
    elif metric.unit in ("fen", "count"):
        shown = f"{size * 100:,.1f}%"
    else:
        shown = f"{size:.2f}"
    tone = ""
    if metric.better != "none":
        tone = "up" if (change > 0) == (metric.better == "up") else "down"
    return f"{arrow} {shown}", tone
