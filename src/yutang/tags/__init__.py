"""Tags 标签: words that people, rules and platforms put on customers.

Who has a tag is a bitmap; every change of it is kept with who made it, when and why, and can be
taken back. Merged customers share their tags, and a split gives each his own again.
"""

from yutang.tags.computed import Computed
from yutang.tags.files import REASONS, Files, Plan, Rejected
from yutang.tags.forgetting import forget, told_of
from yutang.tags.from_events import FromEvents
from yutang.tags.judging import Judging, Quality, TagQuality
from yutang.tags.model import Change, Done, Held, Preview, Tag, TagGroup
from yutang.tags.quality import FRESH_DAYS, SMALL, Agreement, Contacts, Found, GuideQuality
from yutang.tags.repository import EPOCH
from yutang.tags.rules import ATTRIBUTE, EXTERNAL, KINDS, PROPERTY, SETTERS
from yutang.tags.service import Tags
from yutang.tags.shelf import Shelf

__all__ = [
    "ATTRIBUTE", "EPOCH", "EXTERNAL", "FRESH_DAYS", "KINDS", "PROPERTY", "REASONS", "SETTERS",
    "SMALL",
    "Agreement", "Change", "Computed", "Contacts", "Done", "Files", "Found", "FromEvents",
    "GuideQuality", "Held", "Judging", "Plan", "Preview", "Quality", "Rejected",
    "Shelf", "Tag", "TagGroup",
    "TagQuality", "Tags", "forget", "told_of",
]  # fmt: skip
