"""One customer ID: identities, the evidence that ties them, and the customers they make up."""

from yutang.identity.repository import Identity
from yutang.identity.rules import as_text, shown_as
from yutang.identity.service import Identities, Resolved

__all__ = ["Identities", "Identity", "Resolved", "as_text", "shown_as"]
