"""Which word counts (pure)."""

from __future__ import annotations

import re

import numpy as np

from yutang.errors import BadInput

GIVEN, WITHDRAWN = "given", "withdrawn"
STATES = (GIVEN, WITHDRAWN)
_PURPOSE = re.compile(r"[\w\u3400-\u9fff][\w\u3400-\u9fff .:-]{0,59}")
MOST_NOTE = 500


def checked(purpose: str, state: str, note: str = "") -> tuple[str, str, str]:
    """Raises BadInput for a purpose or a state that there cannot be."""
    purpose, note = purpose.strip(), note.strip()
    if not _PURPOSE.fullmatch(purpose):
        raise BadInput(
            "“%(purpose)s” is no purpose.",
            hint="Choose marketing, profiling, sharing or sensitive, or a short name of your own.",
            purpose=purpose[:60],
        )
    if state not in STATES:
        raise BadInput("A consent is given or withdrawn, not “%(state)s”.", state=state[:40])
    if len(note) > MOST_NOTE:
        raise BadInput("A note has at most %(n)d characters.", n=MOST_NOTE)
    return purpose, state, note


def latest(
    customer: np.ndarray, purpose: np.ndarray, time: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """Rows that count: of each customer and purpose the last by time, then order (all int64)."""
    rows = np.lexsort((order, time, purpose, customer))
    if not rows.size:
        return rows
    who, what = customer[rows], purpose[rows]
    last = np.r_[(who[1:] != who[:-1]) | (what[1:] != what[:-1]), True]
    return np.asarray(rows[last])
