"""Make a value fit a property's type, when a person asks for it; intake itself never coerces."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from yutang.kit.clock import parse_time

MOST_EXACT = 2**53  # whole numbers beyond it lose digits as float64
TRUE = frozenset({"true", "yes", "y", "1", "是", "对", "有"})
FALSE = frozenset({"false", "no", "n", "0", "否", "错", "无"})
DECORATION = re.compile(r"[\s,，¥￥$元]")


class CannotCastError(ValueError):
    """The value has no meaning in that type."""


def cast(value: Any, type_: str) -> Any:
    """A JSON value as number (float), string, bool, time (UTC ms) or list (of strings).

    >>> cast("1,299.50 元", "number"), cast(7.0, "string"), cast("是", "bool")
    (1299.5, '7', True)
    >>> cast("2024-05-01T00:00:00+08:00", "time"), cast("a", "list")
    (1714492800000, ['a'])

    Raises CannotCastError.
    """
    made = _CASTS[type_](value)
    if made is None:
        raise CannotCastError(type_)
    return made


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            value = float(DECORATION.sub("", value))
        except ValueError:
            return None
    if not isinstance(value, int | float) or abs(value) > MOST_EXACT or math.isnan(value):
        return None
    return float(value)


def _string(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= MOST_EXACT:
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


def _bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(_string(value)).strip().lower()
    return True if word in TRUE else False if word in FALSE else None


def _time(value: Any) -> int | None:
    return parse_time(value)


def _list(value: Any) -> list[str] | None:
    if isinstance(value, list):
        return [str(_string(one)) for one in value if one is not None]
    return None if isinstance(value, dict) else [str(_string(value))]


_CASTS = {"number": _number, "string": _string, "bool": _bool, "time": _time, "list": _list}
