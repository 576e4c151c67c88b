"""Who stands behind a number about products, said so that it can be asked again.

    {"kind": "products", "of", "level", "domain", "category", "period", "first", "last", …}

of: buyers | repeat | first | second (with "id") · pair | only (with "a", "b", "by", "days") ·
step | waiting (with "a", "b", "first_only") · restock (with "state", "due_days", "clear", and "id"
where it is of one thing). A period that has a name is counted from the day it is asked; "custom"
keeps its days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from yutang.errors import BadInput
from yutang.products import pairs, restocks, transitions
from yutang.products.cooccurrence import distinct
from yutang.products.goods import Goods, Ints
from yutang.products.scope import Scope, lines_in, unit_of, units_of
from yutang.reports import span_of

Origin = Mapping[str, Any]
OF_PRODUCT = ("buyers", "repeat", "first", "second")
_EPOCH = date(1970, 1, 1)


def scope_of(origin: Origin, today: date, earliest: int) -> Scope:
    """The scope an origin names. Raises BadInput, KeyError, ValueError."""
    first, last = origin.get("first", ""), origin.get("last", "")
    preset = str(origin.get("period", "custom"))
    days = (_number(date.fromisoformat(first)), _number(date.fromisoformat(last))) if (
        preset == "custom") else None  # fmt: skip
    if days is None:
        named = span_of(preset, today)
        begin = earliest if named[0] is None else _number(named[0])
        days = begin, _number(today if named[1] is None else named[1])
    return Scope(
        *days, str(origin.get("domain", "")), str(origin.get("category", "")),
        origin.get("level", "product"),
    )  # fmt: skip


def buyers_of(goods: Goods, scope: Scope, key: str, of: str) -> Ints:
    """Customers (sorted) who bought a thing in the scope; of: `buyers`, `repeat` (on two days or
    more), `first` and `second` (in their first or second order)."""
    units = units_of(goods, scope)
    rows = lines_in(goods, scope, kept=False)
    rows = rows[(goods.pieces[rows] > 0) & (units.of_line[rows] == unit_of(units, key))]
    order = goods.order[rows]
    if of in ("first", "second"):
        order = order[goods.place[order] == (0 if of == "first" else 1)]
    who = goods.customer[order].astype(np.int64)
    order, who = order[who > 0], who[who > 0]
    if of != "repeat":
        return np.unique(who)
    one, _ = distinct(who, goods.day[order].astype(np.int64), int(goods.day.max(initial=0)) + 1)
    found, days = np.unique(one, return_counts=True)
    return found[days > 1]


def pairs_question(origin: Origin, scope: Scope) -> pairs.PairsQuestion:
    by = origin.get("by", "order")
    return pairs.PairsQuestion(
        scope, by, int(origin.get("days", 30)), int(origin.get("least", pairs.LEAST))
    )


def behind(goods: Goods, origin: Origin, scope: Scope, expected: Any) -> Ints:
    """Customers behind an origin. expected: gives (Expected, states) of a scope and due days.

    Raises BadInput, NotFound, KeyError, ValueError.
    """
    of = origin["of"]
    if of in OF_PRODUCT:
        return buyers_of(goods, scope, str(origin["id"]), of)
    if of in ("pair", "only"):
        asked = pairs_question(origin, scope)
        who = pairs.both_of if of == "pair" else pairs.only_of
        return who(goods, asked, str(origin["a"]), str(origin["b"]))
    if of in ("step", "waiting"):
        steps = transitions.StepsQuestion(scope, bool(origin.get("first_only", False)))
        if of == "waiting":
            return transitions.waiting(goods, steps, str(origin["a"]))
        return transitions.did(goods, steps, str(origin["a"]), str(origin["b"]))
    if of == "restock":
        told, states = expected(scope, int(origin["due_days"]))
        mine = states == restocks.STATES.index(str(origin["state"]))
        if origin.get("id"):
            mine &= told.thing == unit_of(units_of(goods, scope), str(origin["id"]))
        return np.unique(told.customer[mine])
    raise BadInput("This link to a group of people cannot be read.")


def _number(day: date) -> int:
    return (day - _EPOCH).days
