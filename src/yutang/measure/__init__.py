"""Measure: numbers with their formula, their people and what needs somebody today."""

from yutang.measure.detectors import DETECTORS, Finding, RedGroup
from yutang.measure.overview import Number, Overview, Trend
from yutang.measure.period import COMPARES, PRESETS, Compare, Period, Preset
from yutang.measure.pond import Flows, Waterfall
from yutang.measure.service import Measure

__all__ = [
    "COMPARES",
    "DETECTORS",
    "PRESETS",
    "Compare",
    "Finding",
    "Flows",
    "Measure",
    "Number",
    "Overview",
    "Period",
    "Preset",
    "RedGroup",
    "Trend",
    "Waterfall",
]
