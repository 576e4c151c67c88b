"""Where people come from, said so that they can be asked for again.

    {"kind": "analysis", "model", "params", "cell"}      a cell of a model's answer
    {"kind": "metric", "metric", "period", "first", "last"}   a number of a period
    {"kind": "movement", "before", "after", "edges", "cell"}  from a layer to another, of two runs
    {"kind": "lifecycle", "axis", "first", "last", "before", "after"}  who moved in a period
    {"kind": "matrix", "cell"} or {…, "action"}          a cell of the strategy matrix, or all cells
                                                         that get an action
    {"kind": "group", "group", "who", "period", "first", "last"}   people of a group ("" = of any)
    {"kind": "products", "of", …}                        a number about products (yutang.products)
    {"kind": "customers", "query", "within"?}            a filtered list of customers
    {"kind": "segment", "segment", "version"?}           a segment, or one of its versions
    {"kind": "combined", "how", "a", "b"}                two segments
    {"kind": "rule", "rule"}                             a tree of conditions (rule.py)
    {"kind": "change", "change", "which"}                who entered or left a segment at one time
    {"kind": "list", "given", "unknown" …}               a list of ids: it cannot be asked again

The same shapes stand, coded, in addresses of lists of people (console/people.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from pyroaring import BitMap

from yutang import analysis
from yutang.customers import CustomerQuery, Customers
from yutang.errors import BadInput
from yutang.segments.tree import parents_of, read_rule
from yutang.sequence import ShardSet

Origin = Mapping[str, Any]
MetricPeople = Callable[[str, str, date, date], BitMap]
MovedPeople = Callable[[int, int, str, tuple[str, str]], BitMap]
Others = Mapping[str, Callable[[Mapping[str, Any]], BitMap]]
_OWN = ("people", "sort", "page", "size")  # of a query: how a list is shown, not who is in it
_DEEPEST = 8


def unreadable() -> BadInput:
    """What is said of an origin that makes no sense."""
    return BadInput("This link to a group of people cannot be read.")


class Origins:
    """Asks for people again. `metric` gives those behind a metric, `segment` those of a segment
    and version (0 = the newest), `combine` the union, intersection or difference of two, `ruled`
    those who fulfil a rule, `changed` who entered and who left at one time; `others`: by kind,
    what features above this one know."""

    def __init__(
        self,
        shards: Callable[[], ShardSet],
        customers: Callable[[], Customers],
        metric: MetricPeople,
        moved: MovedPeople,
        segment: Callable[[int, int], BitMap],
        combine: Callable[[str, int, int], BitMap],
        ruled: Callable[[Any], BitMap],
        changed: Callable[[int], tuple[BitMap, BitMap]],
        others: Others,
    ) -> None:
        self._shards = shards
        self._customers = customers
        self._metric = metric
        self._moved = moved
        self._segment = segment
        self._combine = combine
        self._ruled = ruled
        self._changed = changed
        self._others = others

    def people(self, origin: Origin, _depth: int = 0) -> BitMap:
        """The people behind an origin, today. Raises BadInput and NotFound."""
        kind = origin.get("kind")
        if _depth > _DEEPEST:
            raise unreadable()
        try:
            if kind == "analysis":
                return self._of_analysis(origin)
            if kind == "metric":
                first, last = (date.fromisoformat(origin[end]) for end in ("first", "last"))
                return self._metric(origin["metric"], origin["period"], first, last)
            if kind == "movement":
                before, after = origin["cell"]
                runs = int(origin["before"]), int(origin["after"]), str(origin["edges"])
                return self._moved(*runs, (str(before), str(after)))
            if isinstance(kind, str) and kind in self._others:
                return self._others[kind](origin)
            if kind == "customers":
                return self._of_list(origin, _depth)
            if kind == "segment":
                return self._segment(int(origin["segment"]), int(origin.get("version", 0)))
            if kind == "combined":
                return self._combine(origin["how"], int(origin["a"]), int(origin["b"]))
            if kind == "rule":
                return self._ruled(origin["rule"])
            if kind == "change":
                return self._changed(int(origin["change"]))[origin["which"] == "left"]
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable() from error
        if kind == "list":
            raise BadInput(
                "These people came as a list: there is nothing to ask again.",
                hint="Make a new segment of a newer list.",
            )
        raise unreadable()

    def _of_analysis(self, origin: Origin) -> BitMap:
        """The people of a cell. A page names the column of the value, too; a model whose rows count
        the same people in every column has no use for it."""
        shards, cell = self._shards(), dict(origin["cell"])
        model, params = origin["model"], origin["params"]
        try:
            return analysis.people(model, shards, params, cell)
        except BadInput:
            if cell.pop("measure", None) is None:
                raise
            return analysis.people(model, shards, params, cell)

    def _of_list(self, origin: Origin, depth: int) -> BitMap:
        query = dict(origin["query"])
        if query.get("shop"):
            query["shop"] = tuple(query["shop"])
        within = origin.get("within")
        people = self.people(within, depth + 1) if within else None
        return self._customers().people(CustomerQuery(**query, people=people))


def of_list(query: CustomerQuery, within: Origin | None) -> Origin:
    """The origin of a filtered list. A search may hold somebody's phone, which is not kept: such
    people are a list that cannot be asked again."""
    if query.search.strip():
        return {"kind": "list"}
    usual = asdict(CustomerQuery())
    names = [field.name for field in fields(query) if field.name not in _OWN]
    asked = {name: getattr(query, name) for name in names if getattr(query, name) != usual[name]}
    if within is not None and not asked:
        return within
    origin = {"kind": "customers", "query": asked}
    return {**origin, "within": dict(within)} if within is not None else origin


def can_refresh(origin: Origin | None) -> bool:
    return origin is not None and origin.get("kind") not in (None, "list")


def parents(origin: Origin | None) -> set[int]:
    """Segments that an origin is made of."""
    if not origin:
        return set()
    kind = origin.get("kind")
    if kind == "combined":
        return {int(origin["a"]), int(origin["b"])}
    if kind == "segment":
        return {int(origin["segment"])}
    if kind == "rule":
        return parents_of(read_rule(origin["rule"]))
    return parents(origin.get("within"))
