"""Messages that are translated where they are shown."""

from __future__ import annotations


def mark(message: str) -> str:
    """Marks an English template for the catalogue of translations."""
    return message
