"""The pages of docs/models: what a model counts, how to read it, what is normal."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yutang

_PACKAGE = Path(yutang.__file__).parent
# Installed, the pages travel with the package (pyproject.toml); at work they are the tree's own.
_PLACES = (_PACKAGE / "docs" / "models", _PACKAGE.parents[1] / "docs" / "models")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@lru_cache(maxsize=32)
def document_of(model: str) -> str:
    """The model's page as Markdown; "" where this installation has none."""
    for place in _PLACES:
        page = place / f"{model}.md"
        if page.is_file():
            return page.read_text(encoding="utf-8")
    return ""


def sections(document: str) -> dict[str, str]:
    """Heading → text below it; what stands before the first heading is under "".

    >>> sections("# Funnel\\n\\n**How many?**\\n\\n## Traps\\n\\n- One.\\n")
    {'': '# Funnel\\n\\n**How many?**', 'Traps': '- One.'}
    """
    parts = _HEADING.split(document)
    pairs = [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    return {heading: text.strip() for heading, text in pairs}


def row_of(section: str, name: str) -> str:
    """What a table of a section says of a column or parameter; "" where it is not in one.

    >>> row_of("| `size` | members |\\n| `people`, `rate` | who came |", "rate")
    'who came'
    """
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) > 1 and name in re.findall(r"`([^`]+)`", cells[0]):
            return " | ".join(cells[1:])
    return ""
