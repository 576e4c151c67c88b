"""Tags 标签: words that people, rules and platforms put on customers.

Who has a tag is a bitmap; every change of it is kept with who made it, when and why, and can be
taken back. Merged customers share their tags, and a split gives each his own again.
"""

from yutang.tags.model import Change, Done, Held, Preview, Tag, TagGroup
from yutang.tags.repository import forget
from yutang.tags.rules import ATTRIBUTE, EXTERNAL, KINDS, PROPERTY, SETTERS
from yutang.tags.service import Tags

__all__ = [
    "ATTRIBUTE",
    "EXTERNAL",
    "KINDS",
    "PROPERTY",
    "SETTERS",
    "Change",
    "Done",
    "Held",
    "Preview",
    "Tag",
    "TagGroup",
    "Tags",
    "forget",
]
