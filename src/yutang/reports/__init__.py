"""Saved reports: a model's question under a name, answered anew whenever it is opened."""

from yutang.reports.service import Report, Reports

__all__ = ["Report", "Reports"]
