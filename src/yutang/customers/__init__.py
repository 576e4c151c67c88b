"""Customers: who they are, what they did, and the arrays all numbers about people come from."""

from yutang.customers import views
from yutang.customers.buying import Buying
from yutang.customers.from_orders import pieces
from yutang.customers.intervals import (
    LEAST_AT_RISK,
    SOURCES,
    TRADE_INTERVAL_DAYS,
    Intervals,
    ReturnCurve,
    Source,
    observations,
    return_curve,
)
from yutang.customers.lifecycle_rule import (
    DEFAULT,
    LifecycleRule,
    RuleVersion,
    changed,
)
from yutang.customers.moments import AXES, NOBODY, Moments
from yutang.customers.portrait import Evidence, KnownBy, Portrait, Relation
from yutang.customers.query import CustomerPage, CustomerQuery, CustomerRow
from yutang.customers.rules import ROLES, STAGES, Flow, Role, Stage
from yutang.customers.service import Customers
from yutang.customers.snapshot import DOMAIN_CODES, Sales, Snapshot, Ties
from yutang.customers.timeline import Day, Entry, Item, Timeline

__all__ = [
    "AXES",
    "DEFAULT",
    "DOMAIN_CODES",
    "LEAST_AT_RISK",
    "NOBODY",
    "ROLES",
    "SOURCES",
    "STAGES",
    "TRADE_INTERVAL_DAYS",
    "Buying",
    "CustomerPage",
    "CustomerQuery",
    "CustomerRow",
    "Customers",
    "Day",
    "Entry",
    "Evidence",
    "Flow",
    "Intervals",
    "Item",
    "KnownBy",
    "LifecycleRule",
    "Moments",
    "Portrait",
    "Relation",
    "ReturnCurve",
    "Role",
    "RuleVersion",
    "Sales",
    "Snapshot",
    "Source",
    "Stage",
    "Ties",
    "Timeline",
    "changed",
    "observations",
    "pieces",
    "return_curve",
    "views",
]
