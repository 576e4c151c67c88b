"""What states, rules and looks are called, and the picture of an alert."""

from __future__ import annotations

from yutang.alerts import Alert, Preview, Rule, number
from yutang.console.charts import Chart, Series, Unit
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.notices import filled

STATES = {
    "": (mark("not looked at yet"), "g"),
    "calm": (mark("calm"), ""),
    "firing": (mark("alert"), "b"),
    "late": (mark("data late"), "w"),
    "empty": (mark("nothing to judge yet"), "g"),
    "broken": (mark("cannot be answered"), "b"),
}
KINDS = {
    "anomaly": (
        mark("Unusual for this weekday"),
        mark("Learns from the same weekdays before; you set nothing. A good start."),
    ),
    "change": (
        mark("Changes fast"),
        mark("Against the period before or the same weekday last week."),
    ),
    "threshold": (mark("Passes a limit"), mark("Above, below, inside or outside of numbers.")),
}
SIDES = {
    "above": mark("above"),
    "below": mark("below"),
    "between": mark("between"),
    "outside": mark("outside of"),
}
WAYS = {"both": mark("up or down"), "up": mark("up"), "down": mark("down")}
AGAINST = {
    "previous": mark("the period before"),
    "last_week": mark("the same weekday last week"),
}
_UNITS: dict[str, Unit] = {"rate": "rate", "seconds": "duration", "number": "number"}


def rule_words(session: Session, rule: Rule, kind: str) -> str:
    """The rule in one sentence."""
    text = session.text
    low, high = number(rule.low, kind), number(rule.high, kind)
    if rule.kind == "threshold":
        if rule.side in ("between", "outside"):
            return text("%(side)s %(low)s to %(high)s", side=text(SIDES[rule.side]), low=low,
                        high=high)  # fmt: skip
        return text("%(side)s %(limit)s", side=text(SIDES[rule.side]),
                    limit=high if rule.side == "above" else low)  # fmt: skip
    way = text(WAYS[rule.way])
    if rule.kind == "change":
        least = f"{rule.least:g}%" if rule.measure == "percent" else number(rule.least, kind)
        return text("%(way)s by at least %(least)s against %(what)s", way=way, least=least,
                    what=text(AGAINST[rule.against]))  # fmt: skip
    return text("unusual, %(way)s, against %(n)s earlier ones", way=way, n=rule.weeks)


def said(session: Session, alert: Alert) -> str:
    """What the last look said, in the page's language; "" before the first."""
    seen = alert.seen
    if not seen:
        return ""
    kind = str(seen.get("kind", "count"))
    params = {
        "name": alert.name,
        "period": seen.get("period") or "–",
        **{key: number(seen.get(key), kind) for key in ("value", "low", "high", "before")},
        "change": _change(alert.rule, seen.get("change"), kind),
        "newest": "–",
        **seen.get("params", {}),
    }
    return filled(str(seen.get("said", "")), params, session.text) if seen.get("said") else ""


def _change(rule: Rule, value: float | None, kind: str) -> str:
    if value is None:
        return "–"
    shown = f"{value:,.1f}%" if rule.measure == "percent" else number(value, kind)
    return ("+" if value > 0 else "") + shown.replace("-", "−")


def chart_of(session: Session, name: str, preview: Preview) -> Chart:
    """Value, bounds, and marks where the rule speaks."""
    days = preview.days
    series = [Series(name, [one.value for one in days])]
    for title, values in (
        (mark("upper bound"), [one.verdict.high for one in days]),
        (mark("lower bound"), [one.verdict.low for one in days]),
    ):
        if any(value is not None for value in values):
            series.append(Series(session.text(title), values, "compare"))
    marks = [one.value if one.verdict.state == "firing" else None for one in days]
    if any(value is not None for value in marks):
        series.append(Series(session.text("alert"), marks, "marks"))
    return Chart(
        "line",
        [one.period.label for one in days],
        series,
        session.text(
            "%(name)s over %(n)s periods; the rule speaks in %(k)s of them",
            name=name,
            n=len(days),
            k=len(preview.fired),
        ),
        unit=_UNITS.get(preview.kind, "count"),
        height=280,
    )
