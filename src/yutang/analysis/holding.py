"""A property that must be equal across the events that belong together: an order, a product."""

from __future__ import annotations

import numpy as np

from yutang.analysis.contract import Context
from yutang.errors import BadInput
from yutang.sequence.files import frozen
from yutang.sequence.view import View

_NONE = frozen(np.empty(0, np.int32))


def check_hold(context: Context, name: str) -> None:
    """Raises BadInput unless `name` is an event property with one value."""
    column = context.shards.columns.get(name)
    if column is None or column.type == "list":
        raise BadInput("hold: %(name)s is not an event property with one value.", name=repr(name))


def held(view: View, name: str | None) -> np.ndarray:
    """int32 by row: what must be equal, -1 where absent; empty without a name."""
    if name is None:
        return _NONE
    values = view.values(name)
    kind = view.shards.columns[name].type
    if kind == "string":
        return values
    if kind == "bool":
        return frozen(values.astype(np.int32))
    present = ~np.isnan(values) if kind == "number" else values != np.iinfo(np.int64).min
    held = np.full(values.size, -1, np.int32)
    held[present] = np.unique(values[present], return_inverse=True)[1]
    return frozen(held)
