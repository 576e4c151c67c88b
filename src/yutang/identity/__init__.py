"""One customer ID: identities, the evidence that ties them, and the customers they make up."""

from yutang.identity.explaining import Tie, Why
from yutang.identity.hands import Decision, Hands, Review
from yutang.identity.owners import LaterOwners, later_owners, owned_at
from yutang.identity.repository import Identity
from yutang.identity.rules import as_text, shown_as
from yutang.identity.service import Identities, Resolved

__all__ = [
    "Decision",
    "Hands",
    "Identities",
    "Identity",
    "LaterOwners",
    "Resolved",
    "Review",
    "Tie",
    "Why",
    "as_text",
    "later_owners",
    "owned_at",
    "shown_as",
]
