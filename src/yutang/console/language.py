"""Two languages: English source messages, a Chinese catalogue; Chinese is what people see first.

The catalogue is read from its .po file once per process, so nothing needs compiling at set-up and
a stale compiled file cannot exist.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from yutang.kit.messages import mark

__all__ = ["DEFAULT", "LANGUAGES", "Language", "language", "mark"]

LOCALES = Path(__file__).parent / "locale"
LANGUAGES = {"zh": "中文", "en": "English"}
DEFAULT = "zh"


@dataclass(frozen=True)
class Language:
    """One language: `text` translates a message, `pick` chooses between zh and en data."""

    code: str
    catalogue: gettext.NullTranslations

    @property
    def tag(self) -> str:
        """The tag for <html lang>."""
        return "zh-CN" if self.code == "zh" else "en"

    @property
    def gap(self) -> str:
        """What stands between two sentences: “。” brings its own space."""
        return "" if self.code == "zh" else " "

    def text(self, message: str, /, **params: object) -> str:
        """The message in this language with its %(name)s parameters filled in."""
        found = self.catalogue.gettext(message) if message else ""
        return found % params if params else found

    def pick(self, labelled: Any) -> str:
        """The label of catalogue data: an object or mapping with `zh` and `en`, or a pair."""
        if isinstance(labelled, str):
            return labelled
        if hasattr(labelled, self.code):
            return str(getattr(labelled, self.code))
        if isinstance(labelled, Mapping):
            return str(labelled[self.code])
        return str(labelled[0 if self.code == "zh" else 1])


@cache
def language(code: str) -> Language:
    """The language with this code; an unknown code is the default one."""
    if code not in LANGUAGES:
        code = DEFAULT
    if code == "en":
        return Language(code, gettext.NullTranslations())
    path = LOCALES / code / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        messages = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Language(code, gettext.GNUTranslations(compiled))
