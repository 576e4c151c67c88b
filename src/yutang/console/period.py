"""The period of a page: read from its address, shown in its menu, kept in its links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from urllib.parse import urlencode

from yutang.console.guard import Session
from yutang.errors import BadInput
from yutang.measure import COMPARES, PRESETS, Compare, Period

DEFAULT = "last_30"


@dataclass(frozen=True)
class PeriodChoice:
    """A chosen period; `query` gives it again in an address."""

    period: Period
    compare: Compare

    def parts(self) -> dict[str, str]:
        found: dict[str, str] = {"period": self.period.preset}
        if self.period.preset == "custom":
            found.update(
                {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
            )
        if self.compare != "previous":
            found["compare"] = self.compare
        return found

    def query(self, **changes: str) -> str:
        kept = {key: value for key, value in {**self.parts(), **changes}.items() if value}
        return urlencode(kept)


def read_period(session: Session, values: Mapping[str, str]) -> PeriodChoice:
    """What the address asks for; what cannot be read falls back to the last 30 days."""
    first, last = _day(values.get("from")), _day(values.get("to"))
    compare = values.get("compare", "previous")
    if compare not in COMPARES:
        compare = "previous"
    return PeriodChoice(
        period_of(session, values.get("period", ""), first, last), cast(Compare, compare)
    )


def period_of(
    session: Session, preset: str, first: date | None = None, last: date | None = None
) -> Period:
    measure: Any = session.brand.measure
    if first and last and preset in ("custom", ""):
        preset = "custom"
    elif preset not in PRESETS:
        preset = DEFAULT
    try:
        found: Period = measure.period(preset, first=first, last=last)
    except BadInput:
        found = measure.period(DEFAULT)
    return found


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
