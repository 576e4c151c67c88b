"""The rule of stages and views: intervals by category, what a change would do, its versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from yutang.console.charts import Chart, Series
from yutang.console.exports import download
from yutang.console.guard import Session, needs, posted
from yutang.console.lifecycle.words import section, state
from yutang.console.render import render, see_other
from yutang.customers import SOURCES, LifecycleRule, changed, views
from yutang.errors import BadInput, NotFound, YutangError
from yutang.lifecycle import IntervalRow, Preview

ROUTES = APIRouter()
PATH = "/b/{brand}/customers/lifecycle/rules"
SHOWN = 60  # categories on the page; the export has all
CURVES = 4
_WHOLE = (
    "dormant_days", "lost_days", "shortest_days", "longest_days", "least_gaps", "interest_days",
    "buyer_days", "loyal_days", "fatigue_light", "fatigue_medium", "fatigue_heavy",
)  # fmt: skip
_PERCENT = ("quantile", "value_high", "value_middle")


@ROUTES.get(PATH)
def rules(request: Request, session: Session = needs("analyse")) -> Response:
    if kind := request.query_params.get("as"):
        return _export(session, kind)
    return _page(request, session)


@ROUTES.post(PATH)
def change(
    request: Request, session: Session = needs("settings"), form: FormData = Depends(posted)
) -> Response:
    """Preview a rule, put it in force, or go back to a version."""
    life, act = session.brand.lifecycle, str(form.get("act", ""))
    try:
        if act == "back":
            number = str(form.get("version", ""))
            if not number.isdigit():
                raise NotFound("There is no version %(n)s of this rule.", n=number[:20])
            made = life.go_back(int(number), by=session.account.login)
        else:
            rule = rule_of(form)
            if act == "preview":
                return _page(request, session, typed=form, preview=life.preview(rule))
            note = str(form.get("note", ""))
            made = life.set_rule(rule, by=session.account.login, note=note)
    except YutangError as error:
        return _page(request, session, typed=form, error=error)
    session.brand.audit.record(
        session.account.login, "lifecycle_rule_set", f"#{made.version}", made.rule.to_json(),
        session.ip,
    )  # fmt: skip
    request.app.state.nudge(session.brand.row.slug)
    note = session.text("Saved. Stages are being counted anew; pages show the old ones until then.")
    return see_other(request, f"{session.base}/customers/lifecycle/rules", note)


def rule_of(form: FormData) -> LifecycleRule:
    """The rule that was typed. Raises BadInput."""
    values: dict[str, Any] = {name: _whole(str(form.get(name, ""))) for name in _WHOLE}
    values |= {name: _number(str(form.get(name, "")).rstrip("%")) / 100 for name in _PERCENT}
    values["lost_times"] = _number(str(form.get("lost_times", "")))
    values["mode"], values["own"] = str(form.get("mode", "")), form.get("own") == "1"
    values["value_until"] = str(form.get("value_until", ""))
    names, days = form.getlist("category"), form.getlist("category_days")
    values["categories"] = {
        str(name): _whole(str(text))
        for name, text in zip(names, days, strict=False)
        if str(text).strip()
    }
    return changed(LifecycleRule(), values)


def _whole(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text) < 10):
        raise BadInput("“%(text)s” is no whole number of days or messages.", text=text[:40])
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput("“%(text)s” is no number.", text=text[:40]) from None


def typed_of(rule: LifecycleRule) -> dict[str, str]:
    """A rule as the form shows it."""
    found = {name: str(getattr(rule, name)) for name in _WHOLE}
    found |= {name: f"{getattr(rule, name) * 100:.10g}" for name in _PERCENT}
    found |= {"lost_times": f"{rule.lost_times:.10g}", "mode": rule.mode}
    return found | {"own": "1" if rule.own else "", "value_until": rule.value_until}


def _page(
    request: Request,
    session: Session,
    *,
    typed: FormData | None = None,
    preview: Preview | None = None,
    error: YutangError | None = None,
) -> Response:
    life = session.brand.lifecycle
    force = life.rule()
    rows = life.intervals()
    by_hand: Mapping[str, Any] = force.rule.categories
    values = typed_of(force.rule)
    if typed is not None and "mode" in typed:
        values = {name: str(typed.get(name, "")) for name in values}
        by_hand = {
            str(a): str(b)
            for a, b in zip(typed.getlist("category"), typed.getlist("category_days"), strict=False)
            if str(b).strip()
        }
    # Categories with days of their own stay in the form, however few bought of them.
    listed = [row for i, row in enumerate(rows) if i <= SHOWN or row.category in by_hand]
    return render(
        request,
        "lifecycle/rules.html",
        status=422 if error else 200,
        force=force,
        typed=values,
        note=str(typed.get("note", "")) if typed is not None else "",
        by_hand=by_hand,
        rows=listed,
        left_out=len(rows) - len(listed),
        lost_categories=sorted(set(by_hand) - {row.category for row in rows}),
        curve=_curves(session, rows),
        sources={code: words[1:] for code, words in SOURCES.items()},
        versions=life.versions(),
        late=life.is_waiting(),
        preview=preview,
        steps=lambda axis, code: _step(session, axis, code),
        error=error,
        may_export=session.may("export"),
        **section(session, "/lifecycle"),
    )


def _step(session: Session, axis: str, code: str) -> str:
    named = {"value_tier": views.TIERS, "fatigue": views.FATIGUES}
    return session.pick(named[axis][code]) if axis in named else state(session, axis, code)


def _curves(session: Session, rows: list[IntervalRow]) -> Chart | None:
    """Share that came back by days, of the brand and its largest categories."""
    told = [row for row in rows if row.gaps and row.slow is not None][: CURVES + 1]
    if not told:
        return None
    curves = [session.brand.lifecycle.curve(row.category) for row in told]
    # Beyond the last returns the curves are flat: nothing is to be seen there.
    end = round(max(1.2 * curve.quantile(0.97) for curve in curves)) + 1
    step = max(1, end // 60)
    days = list(range(0, end + step, step))
    series = []
    for row, curve in zip(told, curves, strict=True):
        at = curve.days.searchsorted(days, side="right")
        shares = [
            None if day > curve.watched else float(curve.returned[i - 1]) if i else 0.0
            for day, i in zip(days, at.tolist(), strict=True)
        ]
        series.append(Series(row.category or session.text("Whole brand"), shares))
    say = session.text("Share of purchase days followed by another one, by days.")
    return Chart("line", [str(day) for day in days], series, say, unit="rate", height=260)


def _export(session: Session, kind: str) -> Response:
    session.require("export")
    rows = session.brand.lifecycle.intervals()
    session.brand.audit.record(
        session.account.login, "lifecycle_exported", "intervals", {"rows": len(rows)}, session.ip
    )
    text = session.text
    header = [
        text("Category"), text("Buyers"), text("Returns seen"), text("Come back"),
        text("Half come back within"), text("Slow ones within"), text("Dormant after"),
        text("Lost after"), text("Resting on"),
    ]  # fmt: skip
    cells = (
        [
            row.category or text("Whole brand"), row.buyers, row.gaps, row.returning, row.median,
            row.slow, row.dormant, row.lost, session.pick(SOURCES[row.source][1:]),
        ]
        for row in rows
    )  # fmt: skip
    return download(kind, "intervals", header, cells)
