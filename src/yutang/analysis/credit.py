"""Who gets how much of a conversion: the rules of attribution, over paths of touches.

A path is the channels touched before a conversion, in order. The rules by position share each path
out (the shares of a path add up to 1):

    first, last         all to that touch
    last_non_direct     all to the last touch that is not of a direct channel; if all are, the last
    linear              to every touch alike
    linear_distinct     to every distinct channel alike: the Shapley value of the game in which a
                        set of channels earns the conversions of the paths that lie within it
    position            40 % first, 40 % last, 20 % among those between; two touches half each
    time_decay          in proportion to 2 ^ (-age / half-life)

`markov` looks at all paths at once: a first-order chain start → channel → … → conversion or null
(a touch of the same channel again is no step). Removal effect of a channel = share of the
conversions that are lost when all steps to it lead to null instead, solved exactly:
P(start reaches it) · P(it converts) / P(start converts). Credit = all conversions (and all value)
in proportion to the removal effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from yutang.errors import BadInput
from yutang.sequence.kernels.events import sum_cells

Rule = Literal[
    "first", "last", "last_non_direct", "linear", "linear_distinct", "position", "time_decay",
    "markov",
]  # fmt: skip
RULES: tuple[Rule, ...] = get_args(Rule)
TITLES: dict[Rule, tuple[str, str]] = {
    "first": ("首次", "First touch"),
    "last": ("末次", "Last touch"),
    "last_non_direct": ("末次非直接", "Last non-direct"),
    "linear": ("线性", "Linear"),
    "linear_distinct": (
        "线性·渠道去重（即 Shapley 值）",
        "Linear over distinct channels (= Shapley)",
    ),
    "position": ("位置 40/20/40", "Position 40/20/40"),
    "time_decay": ("时间衰减", "Time decay"),
    "markov": ("马尔可夫", "Markov"),
}
_ENDS = 0.4


@dataclass(frozen=True)
class Paths:
    """Paths of touches, cut by offsets.

    channel: int64 by touch, from 0 to `channels`; offsets: int64, one more than paths, none empty;
    age: float64 ms from the touch to the conversion, or empty; conversions, value: float64 by path.
    """

    channel: np.ndarray
    offsets: np.ndarray
    age: np.ndarray
    conversions: np.ndarray
    value: np.ndarray
    channels: int

    @cached_property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets)

    @cached_property
    def owner(self) -> np.ndarray:
        """int64 path of each touch."""
        return np.repeat(np.arange(self.offsets.size - 1), self.lengths)


def credit(rule: Rule, paths: Paths, direct: np.ndarray, half_life: float) -> np.ndarray:
    """float64 [2, channels]: conversions and value by channel. Not for `markov`.

    direct: bool by channel; half_life: ms.
    """
    if paths.offsets.size == 1:
        return np.zeros((2, paths.channels))
    at, share = _shares(rule, paths, direct, half_life)
    owner, channel = paths.owner[at], paths.channel[at]
    conversions = sum_cells(channel, share * paths.conversions[owner], paths.channels)[0]
    value = sum_cells(channel, share * paths.value[owner], paths.channels)[0]
    return np.stack([conversions, value])


def _shares(
    rule: Rule, paths: Paths, direct: np.ndarray, half_life: float
) -> tuple[np.ndarray, np.ndarray]:
    """(touches, the share each has of its path)."""
    first, last = paths.offsets[:-1], paths.offsets[1:] - 1
    whole = np.ones(first.size)
    if rule == "first":
        return first, whole
    if rule == "last":
        return last, whole
    if rule == "last_non_direct":
        others = np.where(direct[paths.channel], -1, np.arange(paths.channel.size))
        found = np.maximum.reduceat(others, first)
        return np.where(found < 0, last, found), whole
    every = np.arange(paths.channel.size)
    owner, lengths = paths.owner, paths.lengths
    if rule == "linear":
        return every, 1 / lengths[owner]
    if rule == "linear_distinct":
        _, at = np.unique(owner * paths.channels + paths.channel, return_index=True)
        return at, 1 / np.bincount(owner[at], minlength=first.size)[owner[at]]
    if rule == "position":
        return every, _by_position(every - first[owner], lengths[owner])
    # Ages are counted from the last touch: otherwise very old paths would have no weight at all.
    weight = np.exp2(-(paths.age - paths.age[last][owner]) / half_life)
    return every, weight / np.add.reduceat(weight, first)[owner]


def _by_position(place: np.ndarray, length: np.ndarray) -> np.ndarray:
    between = (1 - 2 * _ENDS) / np.maximum(length - 2, 1)
    share = np.where((place == 0) | (place == length - 1), _ENDS, between)
    share[length == 2] = 0.5
    share[length == 1] = 1.0
    return share


def steps(
    channel: np.ndarray, offsets: np.ndarray, weight: np.ndarray, channels: int
) -> np.ndarray:
    """float64 [channels + 1, channels + 1]: how often each step was taken in some paths.

    Row 0 is the start, row 1 + c comes from c; column c goes to c, the last column is the end.
    """
    size = channels + 1
    owner = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    new = np.ones(channel.size, np.bool_)
    new[1:] = (channel[1:] != channel[:-1]) | (owner[1:] != owner[:-1])
    channel, owner = channel[new], owner[new]
    follows = np.zeros(channel.size, np.bool_)
    follows[1:] = owner[1:] == owner[:-1]
    origin = np.zeros(channel.size, np.int64)
    origin[1:] = channel[:-1] + 1
    origin[~follows] = 0
    cells = np.concatenate([origin * size + channel, (channel[_last(owner)] + 1) * size + channels])
    weights = np.concatenate([weight[owner], weight[owner[_last(owner)]]])
    return np.bincount(cells, weights=weights, minlength=size * size).reshape(size, size)


def _last(owner: np.ndarray) -> np.ndarray:
    last = np.ones(owner.size, np.bool_)
    last[:-1] = owner[1:] != owner[:-1]
    return last


def removal_effects(converting: np.ndarray, null: np.ndarray) -> np.ndarray:
    """float64 by channel, from the `steps` of converting and of null paths.

    >>> paths = (np.array([0, 1, 2]), np.array([0, 3]), np.ones(1), 3)
    >>> nulls = (np.array([0, 1, 2]), np.array([0, 1, 3]), np.ones(2), 3)
    >>> removal_effects(steps(*paths), steps(*nulls)).round(12).tolist()
    [0.5, 1.0, 1.0]
    """
    taken = converting + null
    out = taken.sum(axis=1)
    live = np.flatnonzero(out > 0)  # the start, and the channels that were ever touched
    effects = np.zeros(taken.shape[0] - 1)
    if converting.sum() == 0:
        return effects
    chance = taken[live] / out[live, None]
    inner = np.zeros((live.size, live.size))
    inner[:, 1:] = chance[:, live[1:] - 1]
    reach = np.linalg.inv(np.eye(live.size) - inner)
    converts = reach @ (converting[live, -1] / out[live])
    hits = reach[0] / np.diag(reach)
    effects[live[1:] - 1] = (hits * converts / converts[0])[1:]
    return effects


def markov(
    converting: np.ndarray, null: np.ndarray, conversions: float, value: float
) -> tuple[np.ndarray, np.ndarray]:
    """(float64 [2, channels] conversions and value by channel, removal effects)."""
    effects = removal_effects(converting, null)
    whole = effects.sum()
    share = effects / whole if whole else effects
    return np.stack([share * conversions, share * value]), effects


def find_rules(names: Sequence[str]) -> list[Rule]:
    """Rules by name, in the usual order; `all` are all, `shapley` is `linear_distinct`.

    Raises BadInput.
    """
    asked = {"linear_distinct" if name == "shapley" else name for name in names}
    for name in sorted(asked - {*RULES, "all"}):
        raise BadInput(
            "There is no rule %(name)s.",
            hint="There are: %(rules)s.",
            name=repr(name),
            rules=", ".join(RULES),
        )
    return [rule for rule in RULES if rule in asked or "all" in asked]
