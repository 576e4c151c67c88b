"""Who may be one person: suggestions by a probabilistic model, for people to decide."""

from yutang.linkage.evaluation import Band, Score, documented, evaluated
from yutang.linkage.fields import LEVELS
from yutang.linkage.matching import Matched, Pair, available, match
from yutang.linkage.repository import about, forget
from yutang.linkage.service import LOWEST, STATES, THRESHOLD, Run, Suggestion, Suggestions

__all__ = [
    "LEVELS",
    "LOWEST",
    "STATES",
    "THRESHOLD",
    "Band",
    "Matched",
    "Pair",
    "Run",
    "Score",
    "Suggestion",
    "Suggestions",
    "about",
    "available",
    "documented",
    "evaluated",
    "forget",
    "match",
]
