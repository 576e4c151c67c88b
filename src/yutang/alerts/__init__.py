"""Alerts: one number of a saved report, watched; a word when it changes, silence otherwise."""

from yutang.alerts.asking import (
    Asker,
    cell_of,
    key_columns,
    period_column,
    tables_of,
    value_columns,
)
from yutang.alerts.looking import Judged, Look, Preview
from yutang.alerts.records import Alert, AlertEvent
from yutang.alerts.rule import Rule, read_rule
from yutang.alerts.service import Alerts
from yutang.alerts.words import number, params_of

__all__ = [
    "Alert", "AlertEvent", "Alerts", "Asker", "Judged", "Look", "Preview", "Rule",
    "cell_of", "key_columns", "number", "params_of", "period_column", "read_rule", "tables_of",
    "value_columns",
]  # fmt: skip
