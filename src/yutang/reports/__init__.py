"""Saved reports: a model's question under a name, answered anew whenever it is opened."""

from yutang.reports.ranges import CHART, RANGE, RANGES, resolved, span_of
from yutang.reports.service import Report, Reports

__all__ = ["CHART", "RANGE", "RANGES", "Report", "Reports", "resolved", "span_of"]
