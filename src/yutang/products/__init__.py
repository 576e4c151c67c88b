"""Products: what sells, what is bought together, what comes next, when it is needed again."""

from yutang.products.detail import Detail, Neighbours
from yutang.products.goods import LEVELS, Goods, Level, goods_of
from yutang.products.hits import SECOND_DAYS, TRENDS, WEEKS, Hits, hits_of
from yutang.products.hits import row_of as hit_row
from yutang.products.next_thing import NextHoldout, NextModel
from yutang.products.pairs import BYS, MOST_DAYS, Pairs, PairsQuestion, pairs_of
from yutang.products.pairs import row_of as pair_row
from yutang.products.restocks import STATES, Expected, RestockHoldout
from yutang.products.scope import Scope
from yutang.products.service import (
    HOLDOUT_DAYS,
    Products,
    Restock,
    Settings,
    date_of,
    restock_row,
)
from yutang.products.transitions import StepsQuestion, Transitions, transitions_of
from yutang.products.transitions import row_of as step_row

__all__ = [
    "BYS",
    "HOLDOUT_DAYS",
    "LEVELS",
    "MOST_DAYS",
    "SECOND_DAYS",
    "STATES",
    "TRENDS",
    "WEEKS",
    "Detail",
    "Expected",
    "Goods",
    "Hits",
    "Level",
    "Neighbours",
    "NextHoldout",
    "NextModel",
    "Pairs",
    "PairsQuestion",
    "Products",
    "Restock",
    "RestockHoldout",
    "Scope",
    "Settings",
    "StepsQuestion",
    "Transitions",
    "date_of",
    "goods_of",
    "hit_row",
    "hits_of",
    "pair_row",
    "pairs_of",
    "restock_row",
    "step_row",
    "transitions_of",
]
