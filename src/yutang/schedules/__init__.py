"""Schedules: a saved report as a file every day, week or month."""

from yutang.schedules.cadence import Cadence
from yutang.schedules.service import FORMATS, KEPT_RUNS, Run, Schedule, Schedules

__all__ = ["FORMATS", "KEPT_RUNS", "Cadence", "Run", "Schedule", "Schedules"]
