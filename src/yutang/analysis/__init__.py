"""Analysis models: one file each, listed in MODELS; the contract is in `contract.py`.

    run("funnel", shards, {...})          -> Result
    answered("funnel", shards, {...})     -> the same, counted once for the same facts and day
    people("funnel", shards, {...}, cell) -> bitmap of the customers behind a cell

To add a model: write its file, list it here, give it an oracle in tests/analysis.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pyroaring import BitMap

from yutang.analysis import (
    activity,
    attribution,
    distribution,
    event,
    form,
    funnel,
    interval,
    ltv,
    page,
    path,
    property,
    retention,
    rfm,
    session,
    smart_path,
    stickiness,
)
from yutang.analysis.comparison import beside, with_chart
from yutang.analysis.contract import (
    Caveat,
    Column,
    Context,
    Model,
    RangeParams,
    Result,
    SegmentPair,
    Table,
)
from yutang.analysis.groups import MOST_GROUPS
from yutang.analysis.kept import Answers
from yutang.errors import BadInput, NotFound
from yutang.kit.clock import now_ms
from yutang.sequence import Executor, ShardSet, Threads
from yutang.sequence.view import View

__all__ = [
    "MODELS",
    "Caveat",
    "Column",
    "Context",
    "Model",
    "Result",
    "Table",
    "answered",
    "each",
    "get_model",
    "layers",
    "people",
    "read_params",
    "run",
    "use",
]

# In the order of the sixteen.
_MODULES = (
    event, funnel, retention, distribution, path, smart_path, interval, attribution, ltv, session,
    activity, stickiness, property, rfm, page, form,
)  # fmt: skip
MODELS: tuple[Model, ...] = tuple(cast(Model, module) for module in _MODULES)

T = TypeVar("T")
_lock = threading.Lock()
_shared: Executor | None = None
_answers = Answers()


def get_model(name: str) -> Model:
    """The model of that name. Raises NotFound."""
    for model in MODELS:
        if name == model.NAME:
            return model
    raise NotFound(
        "There is no analysis model %(name)s.",
        hint="There are: %(models)s.",
        name=repr(name),
        models=", ".join(model.NAME for model in MODELS),
    )


def read_params(model: Model, params: Mapping[str, Any]) -> RangeParams:
    """Checked parameters. Raises BadInput that names the place."""
    if not isinstance(params, Mapping):
        raise BadInput("The parameters of an analysis are an object.")
    try:
        return model.Params.model_validate(params)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> BadInput:
    """The first thing that is wrong, in a sentence pages can translate where it is a usual one."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "parameters"
    kind, more = first["type"], first.get("ctx", {})
    if kind.startswith("date"):
        return BadInput("“%(place)s” is no date. Write it like 2026-11-22.", place=place)
    if kind.startswith(("int_", "float_")):
        return BadInput("“%(place)s” needs a number.", place=place)
    if kind == "missing":
        return BadInput("“%(place)s” is missing.", place=place)
    if kind == "too_short":
        n = more.get("min_length", 1)
        return BadInput("“%(place)s” needs at least %(n)s entries.", place=place, n=n)
    if kind == "too_long":
        n = more.get("max_length", 1)
        return BadInput("“%(place)s” takes at most %(n)s entries.", place=place, n=n)
    if kind == "greater_than_equal":
        return BadInput("“%(place)s” is at least %(n)s.", place=place, n=more.get("ge"))
    if kind == "less_than_equal":
        return BadInput("“%(place)s” is at most %(n)s.", place=place, n=more.get("le"))
    return BadInput(
        "%(place)s: %(why)s.", place=place, why=first["msg"].removeprefix("Value error, ")
    )


def run(
    name: str,
    shards: ShardSet,
    params: Mapping[str, Any],
    *,
    today: date | None = None,
    executor: Executor | None = None,
) -> Result:
    """The answer of a model. `today` is the business day relative dates count from."""
    started = time.perf_counter()
    model = get_model(name)
    checked = read_params(model, params)
    context = _context(shards, today, executor)
    asked, other = checked.sides()
    result = _answer(model, context, asked)
    if other is not None:
        # All groups there can be: which of them are large on the other side does not matter.
        other = other.model_copy(update={"top": MOST_GROUPS})
        answered = _answer(model, context, other)
        result = beside(result, answered)
        if isinstance(checked.compare, SegmentPair):
            result = with_chart(result, answered)
    seconds = round(time.perf_counter() - started, 4)
    return replace(result, seconds=seconds, computed_at=now_ms())


def layers(
    shards: ShardSet, params: Mapping[str, Any], *, today: date | None = None
) -> tuple[Result, dict[str, BitMap]]:
    """The answer of RFM, and the customers of each of its layers."""
    context = _context(shards, today, None)
    plan = rfm.plan(context, cast(rfm.Params, read_params(get_model("rfm"), params)))
    partial = rfm.merge(context.each(lambda view: rfm.run(view, plan)), plan)
    return rfm.shape(partial, plan), rfm.layers(partial, plan)


def answered(
    name: str, shards: ShardSet, params: Mapping[str, Any], *, today: date | None = None
) -> Result:
    """What `run` answers, kept for the next who asks the same (kept.py): do not change it."""
    if today is None:
        today = _today(shards)
    question = (name, today, json.dumps(params, sort_keys=True, default=str))
    return _answers.get(shards, question, lambda: run(name, shards, params, today=today))


def _answer(model: Model, context: Context, params: RangeParams) -> Result:
    plan = model.plan(context, params)
    return model.shape(model.merge(context.each(lambda view: model.run(view, plan)), plan), plan)


def people(
    name: str,
    shards: ShardSet,
    params: Mapping[str, Any],
    cell: Mapping[str, Any],
    *,
    today: date | None = None,
    executor: Executor | None = None,
) -> BitMap:
    """Customers behind a cell of the result; what a cell is, each model's `people` says. With
    `compared` in it: those behind the value that stands beside it."""
    model = get_model(name)
    context = _context(shards, today, executor)
    asked, other = read_params(model, params).sides()
    cell = dict(cell)
    if cell.pop("compared", False):
        if other is None:
            raise BadInput("Nothing is compared here.")
        asked = other
    return model.people(context, model.plan(context, asked), cell)


def _context(shards: ShardSet, today: date | None, executor: Executor | None) -> Context:
    return Context(shards, executor or _executor(), today or _today(shards))


def _today(shards: ShardSet) -> date:
    return datetime.now(ZoneInfo(shards.zone)).date()


def each(shards: ShardSet, work: Callable[[View], T]) -> list[T]:
    """`work` of every view, by whoever answers the models."""
    return _executor().run(shards, work)


def use(executor: Executor) -> None:
    """Let this executor answer whatever comes without one of its own."""
    global _shared
    with _lock:
        _shared = executor


def _executor() -> Executor:
    """One for the process: requests share the processors anyway."""
    global _shared
    with _lock:
        if _shared is None:
            _shared = Threads()
        return _shared
