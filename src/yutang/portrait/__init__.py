"""Portrait 360 画像: everything known of one customer, what to expect of him, and what to do next
with its reason. It only reads; each part is its feature's own word."""

from yutang.portrait.actions import ACTIONS, Action, Known, next_actions
from yutang.portrait.acts import Act, Acts, Coupon, Read
from yutang.portrait.service import Expected, Outlook, Parts, Portraits, Standing, Whole, to_json

__all__ = [
    "ACTIONS",
    "Act",
    "Action",
    "Acts",
    "Coupon",
    "Expected",
    "Known",
    "Outlook",
    "Parts",
    "Portraits",
    "Read",
    "Standing",
    "Whole",
    "next_actions",
    "to_json",
]
