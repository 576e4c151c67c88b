"""Products of one brand, counted anew whenever its facts have moved."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar, cast

import numpy as np
from pyroaring import BitMap

from yutang.commerce import CurrentOrders, OrderBook
from yutang.customers import Customers
from yutang.errors import BadInput
from yutang.ingest import get_meta, set_meta
from yutang.products.detail import Detail, Neighbours, detail_of, neighbours_of
from yutang.products.goods import Codes, Goods, Identify, Level, goods_of
from yutang.products.hits import Hits, hits_of
from yutang.products.next_thing import (
    NextHoldout,
    NextModel,
    choose_weight,
    fitted_next,
    hold_out_next,
    suggest,
)
from yutang.products.pairs import Pairs, PairsQuestion, pairs_of
from yutang.products.people import behind, scope_of
from yutang.products.restocks import (
    MOST_SPREAD,
    STATES,
    Expected,
    RestockHoldout,
    bought_of,
    expected_of,
    hold_out_restocks,
    level_of,
    states_of,
)
from yutang.products.rhythms import Rhythms, rhythms_of
from yutang.products.scope import Scope, unit_of, units_of
from yutang.products.transitions import StepsQuestion, Transitions, transitions_of
from yutang.products.visits import visits_of
from yutang.sequence.calendar import day_of
from yutang.workspace import Workspace

_SETTINGS = "products"
KEPT_ANSWERS = 48
MOST_DUE_DAYS = 90
HOLDOUT_DAYS = 90
SETTINGS_SECONDS = 1.0
EPOCH = date(1970, 1, 1)
T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """identify: what makes two lines one product, its item number or its title; due_days: how many
    days before the expected one somebody is due for a restock."""

    identify: Identify = "item"
    due_days: int = 7


@dataclass(frozen=True)
class Restock:
    """Who needs what again. by customer and thing; states: place in STATES of each."""

    scope: Scope
    today: int
    due_days: int
    expected: Expected
    states: Codes
    rhythms: Rhythms

    def count(self, state: str) -> int:
        return int((self.states == STATES.index(state)).sum())

    def people(self, state: str) -> int:
        return len(np.unique(self.expected.customer[self.states == STATES.index(state)]))


class Products:
    """What is sold with what, what comes next, when again, and what sells."""

    def __init__(self, workspace: Workspace, orders: OrderBook, customers: Customers) -> None:
        self._workspace = workspace
        self._orders = orders
        self._customers = customers
        self._lock = threading.RLock()
        self._book: CurrentOrders | None = None
        self._identify: Identify = "item"
        self._goods: Goods | None = None
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._known: tuple[float, Settings] | None = None

    # --- what all questions share ------------------------------------------------------------
    def today(self) -> date:
        """The business day of the newest fact."""
        return day_of(self._customers.snapshot().as_of, self._workspace.zone)

    def goods(self) -> Goods:
        """The sales of the current orders."""
        identify, book = self.settings().identify, self._orders.current()
        with self._lock:
            held = self._book
            same = held is not None and held.orders is book.orders and held.lines is book.lines
            if not same or self._goods is None or self._identify != identify:
                self._goods = goods_of(book, identify)
                self._book, self._identify = book, identify
                self._kept.clear()
            return self._goods

    def scope(self, asked: Mapping[str, Any]) -> Scope:
        """The scope of a period's name or days (see people.py). Raises BadInput."""
        goods = self.goods()
        dated = goods.day[goods.day > 0]
        earliest = int(dated.min()) if len(dated) else 0
        return scope_of(asked, self.today(), earliest)

    def before(self, scope: Scope) -> tuple[int, int] | None:
        """The comparable days: as many, right before. None where the first of them has no sales."""
        dated = self.goods().day
        earliest = int(dated[dated > 0].min()) if (dated > 0).any() else scope.first
        first = scope.first - scope.days
        return (first, scope.first - 1) if first >= earliest else None

    def categories(self) -> list[tuple[str, str]]:
        """(id, name), by name."""
        units = self.goods().units["category"]
        return sorted(zip(units.keys, units.names, strict=True), key=lambda one: one[1])

    def name_of(self, level: Level, key: str) -> str:
        """What people call a thing. Raises NotFound."""
        units = self.goods().units[level]
        return units.names[unit_of(units, key)]

    # --- questions ---------------------------------------------------------------------------
    def hits(self, scope: Scope, before: tuple[int, int] | None, *, relative: bool = False) -> Hits:
        """What sells. before: the comparable days. Raises NotFound for an unknown category."""
        today = _number(self.today())
        return self._once(
            ("hits", scope, before, relative, today),
            lambda goods: hits_of(goods, scope, before, today, relative=relative),
        )

    def pairs(self, question: PairsQuestion) -> Pairs:
        """What is bought together. Raises NotFound."""
        return self._once(("pairs", question), lambda goods: pairs_of(goods, question))

    def transitions(self, question: StepsQuestion) -> Transitions:
        """What is bought next. Raises NotFound."""
        return self._once(("steps", question), lambda goods: transitions_of(goods, question))

    def next_holdout(self, scope: Scope, days: int = HOLDOUT_DAYS) -> NextHoldout:
        """Did guesses of the next purchase come true in the last days? Raises BadInput."""
        if not 7 <= days <= 366:
            raise BadInput("A test takes 7 to 366 days.")
        asked = replace(scope, first=0)
        return self._once(
            ("next_holdout", asked, days),
            lambda goods: hold_out_next(visits_of(goods, asked, until=asked.last), days),
        )

    def next_model(self, level: Level = "category") -> NextModel:
        """The model of today. Raises BadInput where nobody bought twice."""
        scope = Scope(0, _number(self.today()), level=level)

        def make(goods: Goods) -> NextModel:
            visits = visits_of(goods, scope, until=scope.last)
            return fitted_next(visits, choose_weight(visits, HOLDOUT_DAYS))

        return self._once(("next", scope), make)

    def next_for(self, customer: int, *, level: Level = "category", k: int = 3
                 ) -> list[dict[str, Any]]:  # fmt: skip
        """What he will probably buy next, the likeliest first, each with its chance and why (see
        next_thing.suggest); nothing for who never bought, or where nobody bought twice."""
        try:
            return suggest(self.next_model(level), customer, k)
        except BadInput:
            return []

    def restocks(self, scope: Scope, due_days: int | None = None, *, clear: bool = True) -> Restock:
        """Who needs what again, and when; clear: only where the interval is narrow enough to act
        on. Raises BadInput where too few bought again."""
        soon = self.settings().due_days if due_days is None else check_due_days(due_days)
        asked = replace(scope, first=0, level=level_of(scope.level))
        rhythms, told = self._once(("restocks", asked), lambda g: _told(g, asked))
        if clear:
            told = told.take(told.clear)
        states = states_of(told, asked.last, soon)
        return Restock(asked, asked.last, soon, told, states, rhythms)

    def restock_holdout(
        self, scope: Scope, days: int = HOLDOUT_DAYS, *, clear: bool = True
    ) -> RestockHoldout:
        """Did the rhythms foretell the last days? Raises BadInput."""
        if not 7 <= days <= 730:
            raise BadInput("A test takes 7 to 730 days.")
        asked = replace(scope, first=0, level=level_of(scope.level))

        def make(goods: Goods) -> RestockHoldout:
            bought, units = bought_of(goods, asked), units_of(goods, asked)
            return hold_out_restocks(
                bought, units.category, until=asked.last, days=days, clear=clear
            )

        return self._once(("restock_holdout", asked, days, clear), make)

    def due(self, customer: int, *, level: Level = "category") -> list[dict[str, Any]]:
        """What a customer buys again and again, and when next: the first to come first."""
        scope = Scope(0, _number(self.today()), level=level)
        try:
            found = self.restocks(scope, clear=False)
        except BadInput:
            return []
        # Sorted by customer, so his rows are found without a look at the others.
        first, last = np.searchsorted(found.expected.customer, [customer, customer + 1]).tolist()
        rows = [restock_row(found, self.goods(), place) for place in range(first, last)]
        return sorted(rows, key=lambda row: str(row["expected_on"]))

    def product(self, key: str, scope: Scope, before: tuple[int, int] | None) -> Detail:
        """Everything about one thing. Raises NotFound."""
        hits = self.hits(replace(scope, category=""), before)
        return self._once(("detail", key, scope, before), lambda goods: detail_of(goods, hits, key))

    def neighbours(self, key: str, scope: Scope) -> Neighbours:
        """What its buyers bought on the purchase day before and after. Raises NotFound."""
        return self._once(
            ("neighbours", key, scope), lambda goods: neighbours_of(goods, scope, key)
        )

    def people(self, origin: Mapping[str, Any]) -> BitMap:
        """The customers behind a number, today. Raises BadInput, NotFound."""
        scope, goods = self.scope(origin), self.goods()

        def expected(asked: Scope, due_days: int) -> tuple[Expected, Codes]:
            found = self.restocks(asked, due_days, clear=bool(origin.get("clear", True)))
            return found.expected, found.states

        ids = behind(goods, origin, scope, expected)
        alive = self._customers.snapshot().people.alive
        ids = ids[ids < len(alive)]
        return BitMap(ids[alive[ids]])

    # --- settings ----------------------------------------------------------------------------
    def settings(self) -> Settings:
        """Asked with every number, so read at most once a second; ours at once, those that another
        process sets within that time."""
        now, held = time.monotonic(), self._known
        if held is not None and now - held[0] < SETTINGS_SECONDS:
            return held[1]
        with self._workspace.db.read() as connection:
            text = get_meta(connection, _SETTINGS)
        found = Settings(**json.loads(text)) if text else Settings()
        self._known = (now, found)
        return found

    def set_settings(self, *, identify: str, due_days: int) -> Settings:
        """Raises BadInput."""
        if identify not in ("item", "title"):
            raise BadInput("A product is told by its item number or by its title.")
        new = Settings(cast(Identify, identify), check_due_days(due_days))
        with self._workspace.db.write() as connection:
            set_meta(connection, _SETTINGS, json.dumps(asdict(new)))
        self._known = None
        return new

    def _once(self, key: tuple[Any, ...], make: Callable[[Goods], T]) -> T:
        """What was made of the facts as they stand; the second who asks waits for the first."""
        with self._lock:
            goods = self.goods()
            if key not in self._kept:
                self._kept[key] = make(goods)
                while len(self._kept) > KEPT_ANSWERS:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return cast(T, self._kept[key])


def _told(goods: Goods, scope: Scope) -> tuple[Rhythms, Expected]:
    bought, units = bought_of(goods, scope), units_of(goods, scope)
    rhythms = rhythms_of(bought, units.category)
    return rhythms, expected_of(bought, rhythms)


def restock_row(found: Restock, goods: Goods, place: int) -> dict[str, Any]:
    """One customer and thing as plain data."""
    units, told = units_of(goods, found.scope), found.expected
    thing = int(told.thing[place])
    return {
        "customer": int(told.customer[place]),
        "id": units.keys[thing],
        "name": units.names[thing],
        "times": int(told.times[place]),
        "last_on": date_of(int(told.last[place])).isoformat(),
        "pieces": float(told.pieces[place]),
        "own_days": round(float(told.gap[place]), 1),
        "usual_days": float(found.rhythms.middle[found.rhythms.of[thing]]),
        "own_weight": round(float(told.weight[place]), 4),
        "low_on": date_of(int(np.floor(told.low[place]))).isoformat(),
        "expected_on": date_of(int(np.rint(told.day[place]))).isoformat(),
        "high_on": date_of(int(np.ceil(told.high[place]))).isoformat(),
        "state": STATES[int(found.states[place])],
        "clear": bool(
            told.high[place] - told.last[place]
            <= MOST_SPREAD * max(told.low[place] - told.last[place], 0.5)
        ),
    }


def date_of(number: int) -> date:
    """Days since 1970 as a date; beyond a century it is never."""
    return EPOCH + timedelta(days=min(number, 60_000))


def check_due_days(days: int) -> int:
    """Raises BadInput."""
    if not 0 <= days <= MOST_DUE_DAYS:
        raise BadInput("Due means expected within 0 to %(n)s days.", n=MOST_DUE_DAYS)
    return days


def _number(day: date) -> int:
    return (day - EPOCH).days
