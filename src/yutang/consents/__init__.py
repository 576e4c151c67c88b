"""Consents 授权同意: what each person agreed to, and took back. The latest word counts.

Words come from pages, the API, lists, and from trackers as events `consent_given` and
`consent_withdrawn` with a property `purpose`.
"""

from yutang.consents.rules import GIVEN, STATES, WITHDRAWN
from yutang.consents.service import Consent, Consents, Said, forget, words_about

__all__ = ["GIVEN", "STATES", "WITHDRAWN", "Consent", "Consents", "Said", "forget", "words_about"]
