"""The form model's attempts in a view of the shards: found, counted, merged, and asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yutang.analysis.cell_values import CellValues
from yutang.analysis.groups import factorize
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.kernels.forms import (
    KINDS,
    STAGES,
    count_fields,
    count_stages,
    find_attempts,
    find_touches,
)
from yutang.sequence.matching import kept_customers
from yutang.sequence.source import NO_BOOL
from yutang.sequence.view import View

if TYPE_CHECKING:
    from yutang.analysis.form import Plan

SUBMITTED = 2


@dataclass(frozen=True)
class Attempts:
    """Attempts at forms of one view, and their fills.

    By attempt: int32 who, row and form; far int8, the last stage reached, counted from 0; waits
    int64 [n, 3] ms to each later stage that was reached; last int64 ms, its last event. By fill:
    int32 fill_of (attempt) and fill_row; since float64 seconds since the event before (NaN).
    """

    who: np.ndarray
    row: np.ndarray
    form: np.ndarray
    far: np.ndarray
    waits: np.ndarray
    last: np.ndarray
    fill_of: np.ndarray
    fill_row: np.ndarray
    since: np.ndarray


@dataclass(frozen=True)
class Fills:
    """key: int64 [fields], form and field that occur in a view, form * all fields + field; place:
    int64 by fill, its place among them; empty bool and seconds float64 (NaN unknown) by fill."""

    key: np.ndarray
    place: np.ndarray
    empty: np.ndarray
    seconds: np.ndarray


@dataclass(frozen=True)
class Touches:
    """Attempt and field, each pair once: int32 attempt, int64 place of the field, int32 fills;
    bool blank (the last fill is empty) and last (it is the attempt's last field)."""

    attempt: np.ndarray
    field: np.ndarray
    fills: np.ndarray
    blank: np.ndarray
    last: np.ndarray


@dataclass(frozen=True)
class Counted:
    """stages: int64 [groups + 1, 4, 2] attempts and people, the last row totals; waits: ms by
    group and stage (none of the first); open: attempts that may go on; submitted: int64 by form;
    key: int64, as `Fills`; fields: int64 [fields, 6] as `count_fields` gives; seconds by field."""

    stages: np.ndarray
    waits: CellValues
    open: int
    submitted: np.ndarray
    key: np.ndarray
    fields: np.ndarray
    seconds: CellValues


def find(view: View, plan: Plan) -> Attempts:
    """The attempts of a view's customers that begin in the range."""
    keys, table = plan.bits.of(view)
    keep = kept_customers(view, plan.of_customer, plan.params.sample)
    # The latest kind an event may stand for, where it may stand for several.
    kind = np.zeros(table.size, np.uint8)
    for place in range(KINDS):
        kind[(table >> np.uint32(place) & 1).astype(np.bool_)] = place
    return Attempts(
        *find_attempts(
            keys, frozen((table != 0).astype(np.uint32)), frozen(kind), view.time, view.offsets,
            keep, view.values(plan.forms.name), frozen(plan.forms.of_code.astype(np.int32)),
            len(plan.forms.labels), plan.idle, plan.lo, plan.hi,
        )
    )  # fmt: skip


def find_fills(view: View, plan: Plan, found: Attempts) -> Fills:
    """What the fills of attempts say."""
    field = plan.fields.of_rows(view, found.fill_row)
    key = found.form[found.fill_of] * np.int64(len(plan.fields.labels)) + field
    keys, place = factorize(key[:, None])
    seconds = found.since
    if plan.params.seconds is not None:
        seconds = view.values(plan.params.seconds)[found.fill_row]
    return Fills(keys[:, 0], place, _is_empty(view, plan, found.fill_row), seconds)


def _is_empty(view: View, plan: Plan, rows: np.ndarray) -> np.ndarray:
    name = plan.params.empty
    if name is None:
        return np.zeros(rows.size, np.bool_)
    values = view.values(name)[rows]
    if view.shards.columns[name].type == "bool":
        return np.asarray((values != NO_BOOL) & (values == 1))
    blank = [i for i, w in enumerate(view.shards.dictionary(name).to_pylist()) if not w.strip()]
    return np.asarray(np.isin(values, blank))


def _touches(found: Attempts, fills: Fills) -> Touches:
    return Touches(
        *find_touches(found.fill_of, fills.place, fills.empty, found.who.size, fills.key.size)
    )


def count(view: View, plan: Plan) -> Counted:
    """The attempts and fills of a view, counted."""
    found, groups = find(view, plan), plan.groups
    group_at, group_of = groups.of_items(view, found.row, found.who)
    stages, waits, cuts = count_stages(
        found.who, found.far, found.waits, group_at, group_of, groups.count
    )
    fills = find_fills(view, plan, found)
    touches = _touches(found, fills)
    fields = count_fields(
        touches.attempt, touches.field, touches.fills, touches.blank, touches.last,
        found.who, found.far, fills.key.size,
    )  # fmt: skip
    known = ~np.isnan(fills.seconds)
    open_ = (found.far < STAGES - 1) & (found.last + plan.idle >= plan.as_of)
    return Counted(
        stages=stages,
        waits=CellValues(waits, cuts).small(),
        open=int(np.count_nonzero(open_)),
        submitted=np.bincount(found.form[found.far >= SUBMITTED], minlength=len(plan.forms.labels)),
        key=fills.key,
        fields=fields,
        seconds=CellValues.of(fills.place[known], fills.seconds[known], fills.key.size),
    )


def merge(partials: list[Counted], plan: Plan) -> Counted:
    """The counts of all views."""
    cells = (plan.groups.count + 1) * STAGES
    every = np.arange(cells)
    none = np.empty(0, np.int64)
    key = np.unique(np.concatenate([none, *(part.key for part in partials)]))
    places = [np.searchsorted(key, part.key) for part in partials]
    fields = np.zeros((key.size, 6), np.int64)
    for part, place in zip(partials, places, strict=True):
        fields[place] += part.fields
    seconds = [(part.seconds, place) for part, place in zip(partials, places, strict=True)]
    return Counted(
        stages=sum(
            (part.stages for part in partials), np.zeros((cells // STAGES, STAGES, 2), np.int64)
        ),
        waits=CellValues.join([(part.waits, every) for part in partials], cells, np.int32),
        open=sum(part.open for part in partials),
        submitted=sum(
            (part.submitted for part in partials), np.zeros(len(plan.forms.labels), np.int64)
        ),
        key=key,
        fields=fields,
        seconds=CellValues.join(seconds, key.size, np.float64),
    )


_STAGE_CELL = {"step", "state", "group"}
_FIELD_CELL = {"form", "field", "state", "group"}


def check_cell(plan: Plan, cell: Mapping[str, Any]) -> None:
    """Raises BadInput for a cell that cannot be."""
    if "field" in cell or "form" in cell:
        known = ("touched", "refilled", "blank", "abandoned")
        fits = (
            cell.get("state", "touched") in known
            and cell.get("form") in plan.forms.labels
            and cell.get("field") in plan.fields.labels
        )
        wrong = set(cell) - _FIELD_CELL - {"step"} or not fits
    else:
        step, state = cell.get("step", 1), cell.get("state", "reached")
        fits = type(step) is int and 1 <= step <= STAGES and state in ("reached", "stopped")
        wrong = set(cell) - _STAGE_CELL or not fits
    if wrong:
        raise BadInput("There is no such cell: %(cell)s.", cell=dict(cell))


def is_behind(view: View, plan: Plan, found: Attempts, cell: Mapping[str, Any]) -> np.ndarray:
    """bool by attempt: it is behind the cell, whatever its group."""
    if "field" in cell:
        return _is_behind_field(found, find_fills(view, plan, found), plan, cell)
    step = cell.get("step", 1) - 1
    if cell.get("state") == "stopped" and step < STAGES - 1:
        return np.asarray(found.far == step)
    return np.asarray(found.far >= step)


def _is_behind_field(
    found: Attempts, fills: Fills, plan: Plan, cell: Mapping[str, Any]
) -> np.ndarray:
    state = cell.get("state", "touched")
    form, field = plan.forms.labels.index(cell["form"]), plan.fields.labels.index(cell["field"])
    touches, submitted = _touches(found, fills), found.far >= SUBMITTED
    mine = fills.key[touches.field] == form * len(plan.fields.labels) + field
    if state == "blank":
        chosen = submitted & (found.form == form)
        chosen[touches.attempt[mine & ~touches.blank]] = False
        return np.asarray(chosen)
    if state == "refilled":
        mine &= touches.fills > 1
    if state == "abandoned":
        mine &= touches.last & ~submitted[touches.attempt]
    chosen = np.zeros(found.who.size, np.bool_)
    chosen[touches.attempt[mine]] = True
    return chosen
