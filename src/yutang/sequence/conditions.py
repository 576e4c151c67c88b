"""One condition of a filter: what an operator means for each type of property.

number  = != in not_in < <= > >= between is_set is_empty
string  = != in not_in contains starts ends matches is_set is_empty
bool    = != is_set is_empty
time    = != < <= > >= between last before_last is_set is_empty
list    contains in not_in is_set is_empty   ("contains" one element, "in" any of several)

A time is compared with a business day ("2026-11-22": its whole day), with an ISO time, or with
Unix milliseconds. `last` n = the n business days that end today; `before_last` n = earlier ones.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yutang.errors import BadInput
from yutang.sequence.calendar import day_start
from yutang.sequence.source import NO_BOOL, NO_TIME, PropertyType

OPERATORS: dict[str, tuple[str, ...]] = {
    "number": ("=", "!=", "in", "not_in", "<", "<=", ">", ">=", "between", "is_set", "is_empty"),
    "string": (
        *("=", "!=", "in", "not_in", "contains", "starts", "ends", "matches"),
        *("is_set", "is_empty"),
    ),
    "bool": ("=", "!=", "is_set", "is_empty"),
    "time": (
        *("=", "!=", "<", "<=", ">", ">=", "between", "last", "before_last"),
        *("is_set", "is_empty"),
    ),
    "list": ("contains", "in", "not_in", "is_set", "is_empty"),
}
# Operators an absent value satisfies.
_OF_ABSENT = ("!=", "not_in", "is_empty")
_LONGEST_PATTERN = 200
_LONGEST_LIST = 10_000
_MOST_DAYS = 36_500
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Holds = Callable[[np.ndarray], np.ndarray]


class Test:
    """An operator with its value, checked against the property's type."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    def __init__(
        self, kind: PropertyType, op: Any, value: Any, place: str, zone: str, today: date
    ) -> None:
        if op not in OPERATORS[kind]:
            raise BadInput(
                "%(place)s: the operator %(op)s does not fit a property of type %(kind)s.",
                hint="Fitting ones: %(fitting)s.",
                place=place,
                op=repr(op),
                kind=kind,
                fitting=" ".join(OPERATORS[kind]),
            )
        self.kind, self.op, self.value, self.place = kind, op, value, place
        self.zone, self.today = zone, today

    @property
    def of_absent(self) -> bool:
        return self.op in _OF_ABSENT

    def check_no_value(self) -> None:
        if self.value is not None:
            raise self._bad("%(place)s: %(op)s takes no value.")

    # -- text: answered once per distinct text --------------------------------------------------
    def table(self, words: pa.ChunkedArray) -> np.ndarray:
        """bool by code; one more at the end, so that code -1 reads the answer for absent.

        For lists: whether an element counts (for `not_in`, whether it speaks against).
        """
        out = np.zeros(len(words) + 1, np.bool_)
        out[:-1] = self._words(words)
        if self.kind == "string":
            out[-1] = self.of_absent
        return out

    def _words(self, words: pa.ChunkedArray) -> Any:
        op = self.op
        if op in ("is_set", "is_empty"):
            return op == "is_set" or self.kind == "list"
        if op == "matches":
            return self._matches(words)
        if op in ("in", "not_in"):
            found = pc.is_in(words, value_set=pa.array(self._texts(), pa.large_string()))
            return ~np.asarray(found) if op == "not_in" and self.kind == "string" else found
        text = self._text(self.value)
        if op in ("=", "!=") or self.kind == "list":
            found = np.asarray(pc.equal(words, pa.scalar(text, pa.large_string())))
            return ~found if op == "!=" else found
        match = {
            "contains": pc.match_substring,
            "starts": pc.starts_with,
            "ends": pc.ends_with,
        }[op]
        return match(words, pattern=text)

    def _matches(self, words: pa.ChunkedArray) -> Any:
        pattern = self._text(self.value)
        if len(pattern) > _LONGEST_PATTERN:
            raise self._bad(
                "%(place)s: the pattern is longer than %(most)d characters.", most=_LONGEST_PATTERN
            )
        try:
            # Arrow looks at the pattern only when there is text to look at.
            pc.match_substring_regex(pa.array([""]), pattern=pattern)
            return pc.match_substring_regex(words, pattern=pattern)
        except pa.ArrowInvalid as error:
            raise self._bad(
                "%(place)s: the pattern is not a valid regular expression (%(why)s).",
                why=str(error).splitlines()[0],
            ) from None

    def any_of(self, counts: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """For lists: bool by owner, from whether each element counts; offsets cut the elements."""
        if self.op in ("is_set", "is_empty"):
            return np.asarray((np.diff(offsets) > 0) == (self.op == "is_set"))
        before = np.zeros(counts.size + 1, np.int32 if counts.size < 1 << 31 else np.int64)
        np.cumsum(counts, out=before[1:])
        return np.asarray((np.diff(before[offsets]) > 0) != (self.op == "not_in"))

    def check_known(self, words: Sequence[str], name: str) -> None:
        """Raises BadInput where a value is asked for that there cannot be."""
        if self.op in ("is_set", "is_empty"):
            return
        asked = self.value if isinstance(self.value, list) else [self.value]
        for value in asked:
            if value not in words:
                raise BadInput(
                    "%(place)s: %(name)s has no value %(value)s (any more).",
                    hint="It may have been archived: restore it, or drop the condition.",
                    place=self.place,
                    name=name,
                    value=repr(value),
                )

    # -- numbers, truth values, times -----------------------------------------------------------
    def holds(self) -> Holds:
        """A test of arrays of values (number float64, bool int8, time int64)."""
        present = self._present
        if self.op == "is_set":
            return present
        if self.op == "is_empty":
            return lambda values: ~present(values)
        if self.kind == "time":
            first, end, outside = self._span()
            if outside:
                return lambda values: ~(present(values) & (values >= first) & (values < end))
            return lambda values: present(values) & (values >= first) & (values < end)
        if self.kind == "bool":
            wanted = self._bool()
            if self.op == "!=":
                return lambda values: values != wanted
            return lambda values: values == wanted
        return self._number_holds()

    def _present(self, values: np.ndarray) -> np.ndarray:
        absent = NO_BOOL if self.kind == "bool" else NO_TIME
        found: np.ndarray = ~np.isnan(values) if self.kind == "number" else values != absent
        return found

    def _number_holds(self) -> Holds:
        op = self.op
        if op in ("in", "not_in"):
            several = np.array([self._number(v) for v in self._list()])
            return lambda values: np.isin(values, several, invert=op == "not_in")
        if op == "between":
            low, high = (self._number(v) for v in self._pair())
            return lambda values: (values >= low) & (values <= high)
        one = self._number(self.value)
        if op == "=":
            return lambda values: values == one
        if op == "!=":
            return lambda values: ~(values == one)
        compare = _COMPARE[op]
        return lambda values: compare(values, one)

    # -- values ---------------------------------------------------------------------------------
    def _span(self) -> tuple[int, int, bool]:
        """Milliseconds [first, end) of a condition on time, and whether it means outside."""
        least, most = NO_TIME + 1, np.iinfo(np.int64).max
        if self.op in ("last", "before_last"):
            days = self.value
            if type(days) is not int or not 1 <= days <= _MOST_DAYS:
                raise self._bad("%(place)s: a whole number of days from 1 on belongs here.")
            first = day_start(self.today - timedelta(days=days - 1), self.zone)
            end = day_start(self.today + timedelta(days=1), self.zone)
            return (first, end, False) if self.op == "last" else (least, first, False)
        if self.op == "between":
            low, high = self._pair()
            return self._moment(low)[0], self._moment(high)[1], False
        first, end = self._moment(self.value)
        return {
            "=": (first, end, False),
            "!=": (first, end, True),
            "<": (least, first, False),
            "<=": (least, end, False),
            ">": (end, most, False),
            ">=": (first, most, False),
        }[self.op]

    def _moment(self, value: Any) -> tuple[int, int]:
        """The milliseconds [first, end) a value names: a business day, or one moment."""
        if type(value) is int:
            return value, value + 1
        if isinstance(value, str):
            try:
                if len(value) == 10:
                    day = date.fromisoformat(value)
                    following = day + timedelta(days=1)
                    return day_start(day, self.zone), day_start(following, self.zone)
                moment = datetime.fromisoformat(value)
                if moment.tzinfo is None:
                    moment = moment.replace(tzinfo=ZoneInfo(self.zone))
                at = round(moment.timestamp() * 1000)
                return at, at + 1
            except (ValueError, OverflowError):
                pass
        raise self._bad("%(place)s: %(value)s is not a date or time.", value=repr(value))

    def _pair(self) -> list[Any]:
        if not isinstance(self.value, list) or len(self.value) != 2:
            raise self._bad("%(place)s: between takes a list of two values.")
        return self.value

    def _list(self) -> list[Any]:
        if not isinstance(self.value, list) or not 1 <= len(self.value) <= _LONGEST_LIST:
            raise self._bad("%(place)s: %(op)s takes a list of values.")
        return self.value

    def _texts(self) -> list[str]:
        return [self._text(value) for value in self._list()]

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self._bad("%(place)s: %(value)s is not a text.", value=repr(value))
        return value

    def _number(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise self._bad("%(place)s: %(value)s is not a number.", value=repr(value))
        return float(value)

    def _bool(self) -> int:
        if not isinstance(self.value, bool):
            raise self._bad("%(place)s: true or false belongs here.")
        return int(self.value)

    def _bad(self, message: str, **params: object) -> BadInput:
        return BadInput(message, **{"place": self.place, "op": self.op, **params})
