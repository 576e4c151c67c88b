"""The small port through which facts and customer attributes reach the shards.

`sequence` knows neither the lake nor the state database: `app.py` binds an implementation of
`Facts` over them. Only the brand's one writer refreshes shards, so facts stand still meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

PropertyType = Literal["number", "string", "bool", "time", "list"]

# How an absent value looks in the arrays of each type (NaN for numbers).
NO_CODE = -1
NO_BOOL = -1
NO_TIME = np.iinfo(np.int64).min
ABSENT: Mapping[str, float | int] = {
    "number": np.nan,
    "string": NO_CODE,
    "bool": NO_BOOL,
    "time": NO_TIME,
}
# The array type of each property type; lists are codes, cut by offsets.
DTYPES: Mapping[str, type[np.generic]] = {
    "number": np.float64,
    "string": np.int32,
    "bool": np.int8,
    "time": np.int64,
    "list": np.int32,
}


class Column(NamedTuple):
    """A typed event property."""

    name: str
    type: PropertyType


@dataclass(frozen=True, eq=False)
class Attribute:
    """A customer attribute as one array, indexed by the dense customer id.

    values: number float64 (NaN absent), string int32 codes into `dictionary` (-1 absent),
    bool int8 (-1 absent), time int64 ms UTC (`NO_TIME` absent). For a list, `values` are codes
    and `offsets` (int64, one more than customers) cut them by customer. A customer past the end
    of the array has no value. closed: there are no other values than those of the dictionary, so
    that asking for another one is a mistake.
    """

    type: PropertyType
    values: np.ndarray
    dictionary: Sequence[str] = ()
    offsets: np.ndarray | None = None
    closed: bool = False


class Facts(Protocol):
    """What shards are built from."""

    @property
    def zone(self) -> str:
        """IANA zone of the brand's business days."""
        ...

    def version(self) -> int:
        """The facts version now; it grows with every commit."""
        ...

    def columns(self) -> Sequence[Column]:
        """All event properties, projected ones (of orders) included."""
        ...

    def changed(self, since: int) -> np.ndarray:
        """uint32 ids of the customers whose rows must be reread whole.

        Merged (both sides), split, erased, an order revised, an import undone: whenever a fact
        of version `since` moved, changed or vanished.
        """
        ...

    def batches(
        self, *, since: int = 0, whole: np.ndarray | None = None
    ) -> Iterator[pa.RecordBatch | pa.Table]:
        """Facts of commits later than `since`, and all facts of the customers in `whole`.

        Each fact comes once. Columns: customer uint32, time int64 (ms UTC), event (string or
        dictionary), arrival int64 (unique within a customer), and property columns, null where
        absent; a batch may leave out properties none of its rows has.
        """
        ...

    def attributes(self) -> Mapping[str, Attribute]:
        """Customer attributes by name; a value is loaded when it is asked for."""
        ...
