"""How much an answer may be, and that nothing personal is in it.

Whoever reads these answers pays for each word and forgets what is too long: an answer ends at
`CHARACTERS`, and `cut` says what was left out and how to ask for it.
"""

from __future__ import annotations

import json
from typing import Any

from yutang.identity.masking import mask, mask_text

CHARACTERS = 60_000  # of an answer as JSON, some 15,000 to 30,000 tokens
TEXT = 500  # characters of one value
ROWS = 1_000  # of a table, whatever was asked for


class Tables:
    """The tables of one answer, shortened together."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Any]] = {}
        self._all: dict[str, int] = {}

    def add(self, name: str, rows: list[Any], most: int, total: int | None = None) -> list[Any]:
        """The first rows of a table; a list that `fit` may shorten further."""
        kept = [_short(row) for row in rows[: min(most, ROWS)]]
        self._rows[name], self._all[name] = kept, len(rows) if total is None else total
        return kept

    def fit(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer within its bounds, with `cut` where something is missing."""
        while len(_text(answer)) > CHARACTERS:
            longest = max(self._rows, key=lambda name: len(_text(self._rows[name])), default="")
            if not longest or len(self._rows[longest]) < 2:
                break
            rows = self._rows[longest]
            del rows[len(rows) // 2 :]
        missing = [
            f"{name}: {len(rows):,} of {self._all[name]:,} rows"
            for name, rows in self._rows.items()
            if len(rows) < self._all[name]
        ]
        if missing:
            answer["cut"] = {
                "shown": missing,
                "remedy": "Not all rows are here: do not add them up. Ask for fewer groups, a"
                f" shorter range or larger units, or for more rows (at most {ROWS:,}), or open"
                " the page.",
            }
        return answer


def masked_texts(value: Any) -> Any:
    """A value whose texts show no phone, id card or e-mail address; numbers stay numbers."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {key: masked_texts(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked_texts(one) for one in value]
    return value


def masked_rows(rows: list[list[Any]]) -> list[list[Any]]:
    """Rows of which nothing is known: also a number that reads as a phone is masked."""
    return [[mask(value) for value in row] for row in rows]


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > TEXT:
        return value[:TEXT] + "…"
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_short(one) for one in value]
    return value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
