"""One brand, to be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from yutang import analysis
from yutang.analysis.contract import RangeParams
from yutang.app import Services
from yutang.brand import Brand
from yutang.errors import BadInput, NotFound
from yutang.notebook.answer import Answer
from yutang.reports import resolved
from yutang.segments import PROPERTY, Segment
from yutang.settings import Settings

# In Python `from` and `return` are words of the language: `from_` and `return_` stand for them.
_UNDERLINE = "_"


def open_pond(path: str | Path, brand: str = "") -> Pond:
    """See `yutang.open`."""
    return Pond(Services.open(Settings(home=Path(path))).brand(brand))


class Pond:
    """A brand's data. Every analysis model is a method: `pond.event(…)`, `pond.funnel(…)`.

    Keywords are the model's parameters (`pond.params("funnel")` lists them); events may be bare
    names, days dates or texts, `range` one of the page's ranges ("last_30"), `filter` and all
    else as in the HTTP API.
    """

    def __init__(self, brand: Brand) -> None:
        self._brand = brand

    @property
    def name(self) -> str:
        return str(self._brand.row.name)

    @property
    def events(self) -> list[str]:
        """Names of the events there are."""
        return sorted(self._brand.shards().event_names)

    @property
    def properties(self) -> dict[str, str]:
        """Event properties and, as `customer.NAME`, customer attributes → type."""
        shards = self._brand.shards()
        found = {name: str(column.type) for name, column in shards.columns.items()}
        found |= {f"customer.{name}": str(a.type) for name, a in shards.attributes.items()}
        return found

    @property
    def models(self) -> dict[str, str]:
        """Analysis model → the question it answers."""
        return {model.NAME: model.QUESTION[1] for model in analysis.MODELS}

    @property
    def today(self) -> date:
        """The business day that `range` is counted from: that of the newest fact."""
        return self._brand.measure.today()

    def params(self, model: str) -> dict[str, Any]:
        """What a model takes, as JSON Schema. Raises NotFound."""
        return analysis.get_model(model).Params.model_json_schema()

    def analyse(
        self, model: str, params: Mapping[str, Any] | None = None, /, **more: Any
    ) -> Answer:
        """The answer of a model. Raises NotFound, BadInput with the place."""
        asked = _plain(analysis.get_model(model).Params, {**(params or {}), **more})
        asked = resolved(asked, self.today)
        return Answer(analysis.run(model, self._brand.shards(), asked), asked, self._brand.shards)

    def report(self, name: str) -> Answer:
        """A saved report by its name, answered with the data of now. Raises NotFound."""
        for report in self._brand.reports.list_():
            if report.name == name:
                return self.analyse(report.model, report.params)
        raise NotFound("There is no report %(name)s.", name=repr(name))

    def stages(self, axis: str = "stage") -> dict[str, int]:
        """State → people, today; axis: stage, role, nes, aipl or five_a. Raises BadInput."""
        return self._brand.lifecycle.sizes(axis)

    def movements(
        self,
        axis: str = "stage",
        period: str = "",
        first: date | None = None,
        last: date | None = None,
    ) -> dict[str, Any]:
        """Who moved between the states of an axis: last_month where no days are given, else
        another preset or `first` to `last`. Raises BadInput."""
        life = self._brand.lifecycle
        return life.movements(axis, life.between(period, first, last)).to_json()

    def strategy(self) -> list[dict[str, Any]]:
        """The cells of the strategy matrix: people, value, what they get and why."""
        return [one.to_json() for one in self._brand.lifecycle.matrix().cells]

    def clv(self, model: str = "bgnbd", until: date | None = None) -> Answer:
        """What a model of repeat buying ("bgnbd" or "pnbd") expects of all customers in 30, 90 and
        365 days; `until`: as it was known on a day. Raises BadInput."""
        from yutang.notebook.worth import in_sum

        return in_sum(self._brand, model, until)

    def predictions(self, model: str = "bgnbd", limit: int | None = None) -> Answer:
        """What it expects of each customer, the most valuable first. Raises BadInput."""
        from yutang.notebook.worth import by_customer

        return by_customer(self._brand, model, limit)

    def segments(self) -> list[PondSegment]:
        """Segments in use, newest first."""
        return [PondSegment(self._brand, one) for one in self._brand.segments.list_()]

    def segment(self, name: str) -> PondSegment:
        """A segment by its name or number. Raises NotFound."""
        return PondSegment(self._brand, self._brand.segments.find(name))

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        if any(name == model.NAME for model in analysis.MODELS):
            return partial(self.analyse, name)
        raise AttributeError(f"a pond has no {name!r}; its models: {', '.join(self.models)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.models]

    def __repr__(self) -> str:
        return f"<Pond {self.name}: {len(self.events)} events, {len(self.models)} models>"


class PondSegment:
    """People kept under a name; `filter` is a condition that any analysis takes."""

    def __init__(self, brand: Brand, segment: Segment) -> None:
        self._brand, self._segment = brand, segment

    @property
    def name(self) -> str:
        return self._segment.name

    @property
    def filter(self) -> dict[str, Any]:
        return {"property": PROPERTY, "op": "in", "value": [str(self._segment.id)]}

    def people(self) -> np.ndarray:
        """Customer ids (uint32, ascending)."""
        return np.array(self._brand.segments.people(self._segment.id).to_array(), np.uint32)

    def __len__(self) -> int:
        return self._segment.people

    def __repr__(self) -> str:
        return f"<Segment {self.name}: {len(self):,} people>"


def _plain(kind: type[RangeParams], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What people write in Python as the models take it: `from_`, bare events, "7 days"."""
    done = {}
    for name, value in asked.items():
        done[name[:-1] if name.endswith(_UNDERLINE) else name] = value
    fields = {field.alias or name: field for name, field in kind.model_fields.items()}
    for name, value in done.items():
        if name in ("steps", "measures") and isinstance(value, (list, tuple)):
            done[name] = [{"event": one} if isinstance(one, str) else one for one in value]
        elif name in fields and isinstance(value, str) and _is_window(value):
            done[name] = _window(value)
        elif isinstance(value, date):
            done[name] = value.isoformat()
    return done


def _is_window(text: str) -> bool:
    return text.split(" ")[0].isdigit() and len(text.split(" ")) == 2


def _window(text: str) -> dict[str, Any]:
    """
    >>> _window("30 days")
    {'value': 30, 'unit': 'day'}
    """
    value, unit = text.split(" ")
    unit = unit.removesuffix("s")
    if unit not in ("minute", "hour", "day", "week"):
        raise BadInput("“%(text)s” is no length of time, such as 30 days.", text=text)
    return {"value": int(value), "unit": unit}
