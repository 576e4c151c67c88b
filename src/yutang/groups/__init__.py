"""Groups 社群: who is in them, who speaks, whom nobody answers, and what to do about it."""

from yutang.groups.checks import LEVELS, Check, Health
from yutang.groups.owners import OwnerLine, by_owner
from yutang.groups.people import BOUGHT_DAYS, RETENTION_DAYS, WHO, Joiners, check_who
from yutang.groups.service import PURPOSES, RECOUNT, Group, Groups, Table
from yutang.groups.settings import BY_ID, CHECKS, CheckDef, Limit, Settings
from yutang.groups.telling import told, told_whole
from yutang.groups.words import COMPLAINT, MOST_WORDS, QUESTION, TRADES, WordLists, clean, hits

__all__ = [
    "BOUGHT_DAYS",
    "BY_ID",
    "CHECKS",
    "COMPLAINT",
    "LEVELS",
    "MOST_WORDS",
    "PURPOSES",
    "QUESTION",
    "RECOUNT",
    "RETENTION_DAYS",
    "TRADES",
    "WHO",
    "Check",
    "CheckDef",
    "Group",
    "Groups",
    "Health",
    "Joiners",
    "Limit",
    "OwnerLine",
    "Settings",
    "Table",
    "WordLists",
    "by_owner",
    "check_who",
    "clean",
    "hits",
    "told",
    "told_whole",
]
