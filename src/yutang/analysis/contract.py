"""What every analysis model takes and gives.

A model is one file of this package, listed in `MODELS`. It has `NAME`, `ZH`, `EN`, `QUESTION`, and

    Params                          pydantic: the form, the API schema and the command line
    plan(context, params) -> Plan   names and filters resolved; errors name their place
    run(view, plan) -> Partial      over kernels, per range of customers
    merge(partials, plan)           partials of all views into one
    shape(partial, plan) -> Result  table, chart, caveats
    people(context, plan, cell)     the customers behind a cell of the result, as a bitmap

`plan` may look at the facts itself (to find buckets, or the largest groups).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pyroaring import BitMap

from yutang.sequence import Executor, ShardSet
from yutang.sequence.calendar import day_of, day_start

# Moments before and after all facts, far from overflow when a window is added.
EVER = (-(1 << 60), 1 << 60)
# Below this many people a rate swings by more than ten points by chance alone.
SMALL_COHORT = 30

Kind = Literal["text", "group", "period", "count", "number", "rate", "seconds"]


class Column(NamedTuple):
    """A column of a result: its key in the rows, its titles, how to show it."""

    name: str
    zh: str
    en: str
    kind: Kind


class Caveat(NamedTuple):
    """What the reader must know before believing the numbers."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Table:
    """Rows keyed by column name. Rates are 0-1, times seconds; None where nothing is defined."""

    columns: tuple[Column, ...]
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Result:
    """A model's answer. `chart` is neutral data that pages and notebooks draw; its `kind` is

    line, area      over time:   categories [label], series [{name: [words], values}]
    bar, stacked    by group:    categories [label or [labels]], series as above
    funnel          by step:     categories [label], series, one per group (name: group's labels)
    histogram       by bucket:   categories [label or [from, to]], series; bars that touch
    curve           by distance: categories [n], series; null where it is not known yet
    sankey          flows:       categories [[layer, label]], series [{source, target, value}]:
                                 the places of two categories, in the order of the table's rows
    matrix          heat table:  rows [label], columns [label], values [[number or null]],
                                 optional sizes [count by row], open [[bool]] (not ended yet)
    cross           cross table: as a matrix, of counts
    sequences       as bar, a category is a path; `funnels`: parameters of the funnel model for
                    each, None where the path is empty

    Where two segments are compared, `beside` holds the same chart of the second one.

    `unit` says what the values are (a column's kind; count where it is missing). The first word of
    a series' name is a column of the table where there is one, further words are group labels. A
    kind that a page does not know is shown as its table.

    Cells: a page asks `people` for {"measure": the value's column (where a row has several counts),
    "group": [the row's group_1 …], and every other key column by its own name}; key columns are
    those of kind text and period, and what the page's own list of keys names (step, n, layer …).
    """

    model: str
    table: Table
    tables: Mapping[str, Table] = field(default_factory=dict)
    chart: Mapping[str, Any] = field(default_factory=dict)
    caveats: tuple[Caveat, ...] = ()
    facts_version: int = 0
    seconds: float = 0.0
    computed_at: int = 0  # UTC ms

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.table.columns

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.table.rows

    def to_json(self) -> dict[str, Any]:
        """Plain data, as the command line and the API print it."""

        def plain(table: Table) -> dict[str, Any]:
            return {"columns": [c._asdict() for c in table.columns], "rows": table.rows}

        return {
            "model": self.model,
            **plain(self.table),
            "caveats": [caveat._asdict() for caveat in self.caveats],
            "facts_version": self.facts_version,
            "seconds": self.seconds,
            "computed_at": self.computed_at,
            "tables": {name: plain(table) for name, table in self.tables.items()},
            "chart": dict(self.chart),
        }


@dataclass(frozen=True)
class Context:
    """What a run happens in. today: the business day relative dates count from."""

    shards: ShardSet
    executor: Executor
    today: date

    def each(self, work: Callable[[Any], Any]) -> list[Any]:
        """`work` of every view."""
        return self.executor.run(self.shards, work)


# The customer attribute that holds who is in which segment, and the picker of one.
SEGMENTS = "customer.segments"
_SEGMENT: dict[str, Any] = {"widget": "segment"}


class Strict(BaseModel):
    """Base of everything in parameters: unknown keys are mistakes, not decoration."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Span(Strict):
    """Business days, both inclusive."""

    from_: date = Field(alias="from", title="从 From")
    to: date = Field(title="到 To")


class SegmentPair(Strict):
    """Two segments, by their numbers: the first beside the second, or beside everybody else."""

    segment: str = Field(title="人群 Segment", max_length=20, json_schema_extra=_SEGMENT)
    against: str | None = Field(
        None, title="对比 Beside", max_length=20, json_schema_extra=_SEGMENT
    )

    @property
    def filters(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Who is counted, and who beside that."""
        first = {"property": SEGMENTS, "op": "in", "value": [self.segment]}
        if not self.against:
            return first, {**first, "op": "not_in"}
        return first, {**first, "value": [self.against]}


class RangeParams(Strict):
    """What all models have in common."""

    from_: date | None = Field(None, alias="from", title="从 From")
    to: date | None = Field(None, title="到 To")
    filter: dict[str, Any] | None = Field(None, title="只看 Filter")
    compare: Literal["previous", "last_year"] | Span | SegmentPair | None = Field(
        None, title="对比 Compare"
    )
    sample: Literal[1, 2, 4, 8, 16, 32, 64] = Field(1, title="抽样 Sample one in")

    @model_validator(mode="after")
    def _in_order(self) -> RangeParams:
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("`to` is before `from`")
        by_days = self.compare and not isinstance(self.compare, SegmentPair)
        if by_days and not (self.from_ and self.to):
            raise ValueError("a comparison needs `from` and `to`")
        return self

    def moments(self, zone: str) -> tuple[int, int]:
        """First and last millisecond of the range; far away where it is open."""
        first, last = EVER
        if self.from_:
            first = day_start(self.from_, zone)
        if self.to:
            last = day_start(self.to + timedelta(days=1), zone) - 1
        return first, last

    def sides(self) -> tuple[Self, Self | None]:
        """What is asked, and what beside it: other days, or other people; None = nothing."""
        if isinstance(self.compare, SegmentPair):
            one, other = (
                self.model_copy(update={"compare": None, "filter": _also(self.filter, which)})
                for which in self.compare.filters
            )
            return one, other
        span = self._compared_span()
        if span is None:
            return self, None
        days = {"from_": span.from_, "to": span.to, "compare": None}
        return self, self.model_copy(update=days)

    def _compared_span(self) -> Span | None:
        """The range to compare with."""
        if self.compare is None or isinstance(self.compare, SegmentPair):
            return None
        if isinstance(self.compare, Span):
            return self.compare
        assert self.from_
        assert self.to
        if self.compare == "previous":
            days = self.to - self.from_ + timedelta(days=1)
            return _span(self.from_ - days, self.to - days)
        return _span(_year_before(self.from_), _year_before(self.to))


def _also(spec: dict[str, Any] | None, leaf: dict[str, Any]) -> dict[str, Any]:
    """A filter that asks for one thing more; what was joined by "and" stays flat."""
    if not spec:
        return leaf
    parts = spec["and"] if set(spec) == {"and"} and isinstance(spec["and"], list) else [spec]
    return {"and": [*parts, leaf]}


def _span(first: date, last: date) -> Span:
    return Span.model_validate({"from": first, "to": last})


def _year_before(day: date) -> date:
    """The same day a year earlier; 29 February has the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def whole_days(context: Context, params: RangeParams) -> tuple[date, date]:
    """The range in business days; where it is open, from the first to the last fact."""
    first, last = context.shards.span or (0, 0)
    zone = context.shards.zone
    begin = params.from_ or day_of(first, zone)
    end = params.to or day_of(last, zone)
    return begin, max(begin, end)


class Model(Protocol):
    """A module of this package that is an analysis model."""

    NAME: str
    ZH: str
    EN: str
    QUESTION: tuple[str, str]
    Params: type[RangeParams]

    @staticmethod
    def plan(context: Context, params: Any) -> Any: ...
    @staticmethod
    def run(view: Any, plan: Any) -> Any: ...
    @staticmethod
    def merge(partials: list[Any], plan: Any) -> Any: ...
    @staticmethod
    def shape(partial: Any, plan: Any) -> Result: ...
    @staticmethod
    def people(context: Context, plan: Any, cell: Mapping[str, Any]) -> BitMap: ...


def sampled(sample: int) -> Caveat:
    """The label of a sampled result."""
    return Caveat(
        "sampled",
        f"按客户抽样 1/{sample}，人数和次数已按比例放大。",
        f"Sampled one customer in {sample}; counts are scaled up.",
    )


def unknown_events(names: list[str]) -> Caveat:
    """Events asked for that never occurred."""
    listed = "、".join(names)
    return Caveat(
        "unknown_event",
        f"还没有发生过这些事件：{listed}。",
        f"These events have never occurred: {', '.join(names)}.",
    )


def small_cohort(people: int) -> Caveat:
    """Too few people for a rate."""
    return Caveat(
        "small_cohort",
        f"只有 {people} 人进入，比率可能只是偶然。",
        f"Only {people} entered; the rates may be chance.",
    )


def folded_groups(folded: int) -> Caveat:
    """Groups past the largest were summed."""
    return Caveat(
        "folded_groups",
        f"较小的 {folded} 组合并为“其他”。",
        f"The {folded} smaller groups are summed as other.",
    )


def several_values() -> Caveat:
    """Something counts in more than one group."""
    return Caveat(
        "several_values",
        "有多个取值的在每个取值里各算一次，各组相加会多于总数。",
        "What has several values counts in each; the groups add up to more than the total.",
    )
