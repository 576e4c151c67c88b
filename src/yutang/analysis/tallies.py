"""What every customer did in every period, for the models that look at people's habits.

`prepare` resolves whom and what to count; `Tallying.entries` gives, per range of customers, one
entry per customer, group and period in which something happened (kernels/tally.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from pydantic import model_validator

from yutang.analysis.contract import (
    EVER,
    SMALL_COHORT,
    Caveat,
    Context,
    RangeParams,
    sampled,
    unknown_events,
)
from yutang.analysis.funnel import Events
from yutang.analysis.grouped import (
    NO_GROUP_AT,
    NO_GROUP_OF,
    Key,
    by_row,
    find_groups,
    group_caveats,
    group_of,
)
from yutang.analysis.groups import Dimension, GroupBy, Values, dimensions, labels
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.filters import Filter, both, compile_filter, property_type, split_filter
from yutang.sequence.kernels.events import select_rows
from yutang.sequence.kernels.tally import EACH, FIRST_OF_PERIOD, tally, tally_plain, tally_units
from yutang.sequence.matching import Bits, Matcher, find_codes, kept_customers
from yutang.sequence.view import View

_NO_UNITS = frozen(np.empty(0, np.int64))
_NO_WORTH = frozen(np.empty(0, np.float64))
_NO_GROUP = np.empty(0, np.int32)
_FEW_PERIODS = 5


class Doing(Events):
    """One or several events, with a filter of their own; a bare name will do."""

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return {"event": value} if isinstance(value, (str, list)) else value


class Entries(NamedTuple):
    """One per customer, group and period with an event, by customer and period.

    who: int32 positions in the view; group, period: int32 places; times, units (empty unless asked
    for), valued: int32; total, least, most: float64 (the last four empty unless asked for);
    in_unit: int64, how many entries there are in each unit.
    """

    who: np.ndarray
    group: np.ndarray
    period: np.ndarray
    times: np.ndarray
    units: np.ndarray
    valued: np.ndarray
    total: np.ndarray
    least: np.ndarray
    most: np.ndarray
    in_unit: np.ndarray


@dataclass(frozen=True)
class Tallying:
    """Whose doings are counted, in which periods, units and groups.

    edges, units: int64 moments; units cut the periods further, or empty; worth: the number whose
    sum, least and greatest are wanted; member: in which groups an event's customer counts.
    """

    bits: Bits
    of_customer: Filter | None
    sample: int
    edges: np.ndarray
    units: np.ndarray
    worth: str | None
    dims: list[Dimension]
    groups: list[Key]
    folded: int
    values: Values
    member: int
    unknown: list[str]
    as_of: int
    facts_version: int

    @property
    def labels(self) -> list[tuple[Any, ...]]:
        """The groups' labels."""
        return [labels(self.dims, key) for key in self.groups]

    def keep(self, view: View) -> np.ndarray:
        """bool by customer of a view, empty where all are kept."""
        return kept_customers(view, self.of_customer, self.sample)

    def select(self, view: View) -> tuple[np.ndarray, np.ndarray]:
        """Rows that count, and the customer of each."""
        keys, table = self.bits.of(view)
        rows, who = select_rows(
            keys, table, 0, view.time, view.offsets, self.keep(view), int(self.edges[0]),
            int(self.edges[-1]),
        )  # fmt: skip
        return rows, who

    def entries(self, view: View, *, grouped: bool = False) -> Entries:
        """The entries of a view's customers, in one group or by group."""
        if self.worth is None and not grouped:
            return self._plain_entries(view)
        keys, table = self.bits.of(view)
        several, one, groups = NO_GROUP_AT, NO_GROUP_OF, 1
        if grouped:
            rows, who = self.select(view)
            at, found = group_of(view, self.dims, self.groups, rows, who)
            several, one = by_row(view.rows, rows[at], found)
            groups = max(len(self.groups), 1)
        worth = _NO_WORTH if self.worth is None else view.values(self.worth)
        member = self.member if grouped and self.values == "single" else EACH
        return Entries(
            *tally(
                keys, table, 0, view.time, view.offsets, self.keep(view), self.edges, self.units,
                worth, several, one, groups, member,
            )
        )  # fmt: skip

    def _plain_entries(self, view: View) -> Entries:
        keys, table = self.bits.of(view)
        asked = (keys, table, 0, view.time, view.offsets, self.keep(view), self.edges)
        none = _NO_WORTH
        if self.units.size or self.edges.size <= _FEW_PERIODS:
            who, period, times, units, in_unit = tally_units(*asked, self.units)
        else:
            (who, period, times), units, in_unit = tally_plain(*asked), _NO_GROUP, _NO_UNITS
        group = np.zeros(who.size, np.int32)
        return Entries(who, group, period, times, units, _NO_GROUP, none, none, none, in_unit)

    def is_open(self, period: int) -> bool:
        """Whether a period had not ended at the last fact."""
        return bool(self.edges[period + 1] > self.as_of)

    def caveats(self) -> list[Caveat]:
        """What the reader must know whatever the model."""
        caveats = [unknown_events(self.unknown)] if self.unknown else []
        caveats += group_caveats(self.dims, self.values, self.folded)
        return caveats + ([sampled(self.sample)] if self.sample > 1 else [])


def prepare(
    context: Context,
    params: RangeParams,
    event: Events,
    group: list[GroupBy],
    values: Values,
    top: int,
    edges: np.ndarray,
    *,
    units: np.ndarray = _NO_UNITS,
    worth: str | None = None,
    member: int = FIRST_OF_PERIOD,
) -> Tallying:
    """Resolve names and filters, and find the groups. Raises BadInput with the place."""
    shards = context.shards
    of_customer, of_rows = split_filter(params.filter, shards, today=context.today)
    own = compile_filter(event.filter, shards, place="event.filter", today=context.today)
    draft = Tallying(
        bits=Bits(shards, [Matcher(find_codes(shards, event.names), both(own, of_rows))]),
        of_customer=of_customer,
        sample=params.sample,
        edges=frozen(edges),
        units=frozen(np.union1d(units, edges)) if units.size else _NO_UNITS,
        worth=worth,
        dims=dimensions(context, group, values),
        groups=[],
        folded=0,
        values=values,
        member=member,
        unknown=sorted({n for n in event.names if n != "*" and n not in shards.event_codes}),
        as_of=shards.span[1] if shards.span else EVER[0],
        facts_version=shards.facts_version,
    )
    groups, folded = find_groups(context, draft.dims, draft.select, top)
    return replace(draft, groups=groups, folded=folded)


def check_number(context: Context, name: str, place: str) -> None:
    """Raises BadInput where `name` is not a number property of events."""
    kind = property_type(context.shards, name, place)
    if kind != "number" or name not in context.shards.columns:
        raise BadInput(
            "%(place)s: %(name)s is no number of an event.", place=place, name=repr(name)
        )


def open_period(label: str) -> Caveat:
    """A period that has not ended."""
    return Caveat(
        "open_period",
        f"{label} 还没结束，数字还会变。",
        f"{label} has not ended; its numbers may still change.",
    )


def small_cohort(people: int) -> list[Caveat]:
    """Too few people to believe shares of them."""
    if not 0 < people < SMALL_COHORT:
        return []
    return [
        Caveat(
            "small_cohort",
            f"只有 {people} 人，比例可能只是偶然。",
            f"Only {people} people; the shares may be chance.",
        )
    ]
