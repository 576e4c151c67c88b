"""What trackers said a customer is like: attributes with their history and sources."""

from yutang.attributes.choosing import Attribute, Verdict
from yutang.attributes.history import Change
from yutang.attributes.rules import OPERATIONS, Operation, fits
from yutang.attributes.service import Attributes
from yutang.attributes.showing import shown, shown_changes
from yutang.attributes.trust import FORMER_NAMES
from yutang.attributes.trust import rename as rename_trusted

__all__ = [
    "FORMER_NAMES",
    "OPERATIONS",
    "Attribute",
    "Attributes",
    "Change",
    "Operation",
    "Verdict",
    "fits",
    "rename_trusted",
    "shown",
    "shown_changes",
]
