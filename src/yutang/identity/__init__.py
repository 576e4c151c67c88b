"""One customer ID: identities, the evidence that ties them, and the customers they make up."""

from yutang.identity.belongings import Belongings, belongings
from yutang.identity.explaining import Hand, Split, Tie, Why
from yutang.identity.forgetting import numbers_of
from yutang.identity.hands import Decision, Hands, Review
from yutang.identity.lists import KINDS as LIST_KINDS
from yutang.identity.lists import MOST_LINES, Matched, read_file
from yutang.identity.masking import mask, mask_text, secrets_of, shown
from yutang.identity.owners import CODES, LaterOwners, device_hands, later_owners, owned_at
from yutang.identity.repository import Identity
from yutang.identity.requests import HandRequest, HandRequests
from yutang.identity.rules import as_text, shown_as
from yutang.identity.service import Identities, Resolved

__all__ = [
    "CODES",
    "LIST_KINDS",
    "MOST_LINES",
    "Belongings",
    "Decision",
    "Hand",
    "HandRequest",
    "HandRequests",
    "Hands",
    "Identities",
    "Identity",
    "LaterOwners",
    "Matched",
    "Resolved",
    "Review",
    "Split",
    "Tie",
    "Why",
    "as_text",
    "belongings",
    "device_hands",
    "later_owners",
    "mask",
    "mask_text",
    "numbers_of",
    "owned_at",
    "read_file",
    "secrets_of",
    "shown",
    "shown_as",
]
