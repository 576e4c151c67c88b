"""Customers: who they are, what they did, and the arrays all numbers about people come from."""

from yutang.customers.from_orders import pieces
from yutang.customers.portrait import Evidence, KnownBy, Portrait, Relation
from yutang.customers.query import CustomerPage, CustomerQuery, CustomerRow
from yutang.customers.rules import ROLES, STAGES, Flow, Role, Stage
from yutang.customers.service import Customers
from yutang.customers.snapshot import DOMAIN_CODES, Sales, Snapshot, Ties
from yutang.customers.timeline import Day, Entry, Item, Timeline

__all__ = [
    "DOMAIN_CODES",
    "ROLES",
    "STAGES",
    "CustomerPage",
    "CustomerQuery",
    "CustomerRow",
    "Customers",
    "Day",
    "Entry",
    "Evidence",
    "Flow",
    "Item",
    "KnownBy",
    "Portrait",
    "Relation",
    "Role",
    "Sales",
    "Snapshot",
    "Stage",
    "Ties",
    "Timeline",
    "pieces",
]
