"""What trackers said a customer is like: attributes with their history and sources."""

from yutang.attributes.rules import OPERATIONS, Attribute, Operation, fits
from yutang.attributes.service import Attributes, Change

__all__ = ["OPERATIONS", "Attribute", "Attributes", "Change", "Operation", "fits"]
