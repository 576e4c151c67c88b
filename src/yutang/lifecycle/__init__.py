"""Lifecycle 生命周期: who moved between stages, by which rule, and what to do with whom."""

from yutang.lifecycle.matrix import ACTIONS, Cell, Matrix, MatrixVersion
from yutang.lifecycle.movements import Movements, Trend
from yutang.lifecycle.periods import PRESETS, Between
from yutang.lifecycle.service import IntervalRow, Lifecycle, Preview

__all__ = [
    "ACTIONS",
    "PRESETS",
    "Between",
    "Cell",
    "IntervalRow",
    "Lifecycle",
    "Matrix",
    "MatrixVersion",
    "Movements",
    "Preview",
    "Trend",
]
