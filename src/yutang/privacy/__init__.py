"""Personal data: erase a person to the last trace, give him what we hold, forget in time."""

from yutang.privacy.person_file import PersonFiles
from yutang.privacy.retention import STORES, Removed, Retention, RuleEffect
from yutang.privacy.retention_rules import RetentionRule, first_kept_day, rule_for
from yutang.privacy.service import Extent, Privacy, Receipt

__all__ = [
    "STORES",
    "Extent",
    "PersonFiles",
    "Privacy",
    "Receipt",
    "Removed",
    "Retention",
    "RetentionRule",
    "RuleEffect",
    "first_kept_day",
    "rule_for",
]
