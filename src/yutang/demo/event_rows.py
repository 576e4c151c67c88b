"""Collects simulated events column by column and lays them out as the Parquet event file.

Layout: `event`, `time` (Unix ms), `message_id`, one text column `identity.<kind>` per kind and one
typed column `property.<name>` per property; null where an event has none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from yutang.demo.people import Ids

# The identities an event carries, by what the source of such events can see.
BUYER = ("tmall_buyer",)
MEMBER = ("member_no",)
WECHAT = ("unionid",)
CONTACT = ("external_userid",)


@dataclass(frozen=True)
class Words:
    """A text property: `codes` into `words`, -1 for none."""

    codes: NDArray[np.int64]
    words: Sequence[str] | NDArray[np.object_]


def always(word: str, count: int) -> Words:
    """The same text for every one of `count` events."""
    return Words(np.zeros(count, np.int64), (word,))


Values = Words | NDArray[np.float64]


class EventRows:
    """Blocks of events of one name each; `table` sorts them by time and numbers them."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._names: list[str] = []
        self._at: list[NDArray[np.int64]] = []
        self._person: list[NDArray[np.int64]] = []
        self._kinds: list[Mapping[str, NDArray[np.bool_] | None]] = []
        self._values: list[Mapping[str, Values]] = []

    def add(
        self,
        name: str,
        person: NDArray[np.int64],
        at: NDArray[np.int64],
        kinds: Sequence[str],
        values: Mapping[str, Values],
        only: Mapping[str, NDArray[np.bool_]] | None = None,
    ) -> None:
        """Add events of `name`: one for each `person` and `at` (seconds).

        `only` says for some of the kinds which events carry that identity at all.
        """
        self._names.append(name)
        self._person.append(person)
        self._at.append(at)
        self._kinds.append({kind: (only or {}).get(kind) for kind in kinds})
        self._values.append(values)

    def of(self, names: Collection[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Person and time of the events of these names."""
        mine = [i for i, name in enumerate(self._names) if name in names]
        nobody = np.empty(0, np.int64)
        return (
            np.concatenate([nobody, *(self._person[i] for i in mine)]),
            np.concatenate([nobody, *(self._at[i] for i in mine)]),
        )

    def table(self, mark: str = "sim") -> pa.Table:
        """All events, by time; equal times keep the order in which their blocks were added. `mark`
        begins their message ids."""
        sizes = [len(at) for at in self._at]
        block = np.repeat(np.arange(len(sizes)), sizes)
        seconds = np.concatenate(self._at)
        order = np.argsort(seconds, kind="stable")
        names = sorted(set(self._names))
        name_of = np.array([names.index(name) for name in self._names], np.int32)
        columns: dict[str, pa.Array] = {
            "event": _text(name_of[block][order], names),
            "time": pa.array(seconds[order] * 1000),
            "message_id": _numbered(mark, len(order)),
        }
        for kind in sorted({kind for kinds in self._kinds for kind in kinds}):
            columns[f"identity.{kind}"] = self._identity(kind, sizes, order)
        for name in sorted({name for values in self._values for name in values}):
            columns[f"property.{name}"] = self._property(name, sizes, order)
        return pa.table(columns)

    def _identity(self, kind: str, sizes: list[int], order: NDArray[np.int64]) -> pa.Array:
        codes = np.full(len(order), -1, np.int32)
        for begin, person, kinds in zip(_begins(sizes), self._person, self._kinds, strict=True):
            if kind in kinds:
                has = kinds[kind]
                mine = person if has is None else np.where(has, person, -1)
                codes[begin : begin + len(person)] = mine
        return _text(codes[order], getattr(self._ids, kind))

    def _property(self, name: str, sizes: list[int], order: NDArray[np.int64]) -> pa.Array:
        parts = [values.get(name) for values in self._values]
        if all(part is None or isinstance(part, Words) for part in parts):
            codes = np.full(len(order), -1, np.int32)
            words: list[str] = []
            for begin, part in zip(_begins(sizes), parts, strict=True):
                if isinstance(part, Words):
                    shifted = np.where(part.codes >= 0, part.codes + len(words), -1)
                    codes[begin : begin + len(shifted)] = shifted
                    words.extend(part.words)
            distinct, place = np.unique(np.array(words, object), return_inverse=True)
            return _text(np.where(codes >= 0, place[codes], -1)[order], distinct)
        numbers = np.full(len(order), np.nan)
        for begin, part in zip(_begins(sizes), parts, strict=True):
            if part is not None:
                assert not isinstance(part, Words), f"{name} is text in one event only"
                numbers[begin : begin + len(part)] = part
        return pa.array(numbers[order], mask=np.isnan(numbers[order]))


def _begins(sizes: list[int]) -> list[int]:
    return [0, *np.cumsum(sizes).tolist()[:-1]]


def _numbered(mark: str, count: int) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(np.arange(1, count + 1)).cast(pa.string()), 8, "0")
    return pc.binary_join_element_wise(mark, digits, "-")


def _text(codes: NDArray[Any], words: Sequence[str] | NDArray[np.object_]) -> pa.Array:
    """Text as a dictionary array; a negative code is null."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))
