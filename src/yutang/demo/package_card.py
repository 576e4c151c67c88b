"""Plants `truths.CARD`: who gets a card, who joins, and what joining does to spending."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yutang.demo.baskets import Shapes
from yutang.demo.clock import DAY, HOUR, NEVER, midnight
from yutang.demo.people import Origin, People
from yutang.demo.purchases import PRIVATE, TMALL, Orders, usual_orders
from yutang.demo.streams import stream
from yutang.demo.truths import CARD, scaled

WINDOW = CARD.window_days * DAY


@dataclass(frozen=True)
class CardTrial:
    """By recipient: `person`, `order_at` of the parcel, `sent_at`, `card` (in the parcel or not),
    `joined_at` (NEVER: did not join because of it)."""

    person: NDArray[np.int64]
    order_at: NDArray[np.int64]
    sent_at: NDArray[np.int64]
    card: NDArray[np.bool_]
    joined_at: NDArray[np.int64]


def run_card_trial(seed: int, customers: int, people: People, orders: Orders) -> CardTrial:
    """Randomise the first Tmall parcel of each buyer in the period, until enough have one."""
    draw = stream(seed, "package card")
    from_, to = midnight(CARD.starts_on), midnight(CARD.ends_on) + DAY
    tmall = people.origin[orders.person] == Origin.TMALL
    rows = np.flatnonzero(tmall & (orders.at >= from_) & (orders.at < to))
    rows = rows[np.argsort(orders.at[rows], kind="stable")]
    person, first = np.unique(orders.person[rows], return_index=True)
    order_at = orders.at[rows[first]]
    early = np.argsort(order_at, kind="stable")[: scaled(CARD.recipients, customers)]
    person, order_at = person[early], order_at[early]
    n = len(person)
    sent_at = order_at + (draw.uniform(4, 30, n) * HOUR).astype(np.int64)
    card = np.zeros(n, np.bool_)
    card[draw.permutation(n)[: round(n * CARD.card_share)]] = True
    joined_at = np.full(n, NEVER)
    carded = np.flatnonzero(card)
    # Gumbel noise on loyalty: a random order in which loyal people tend to come first.
    eager = people.loyalty[person[carded]] + draw.gumbel(size=len(carded))
    joiners = carded[np.argsort(-eager)[: round(len(carded) * CARD.take_up_rate)]]
    delay = draw.uniform(2 * DAY, 10 * DAY, len(joiners)).astype(np.int64)
    joined_at[joiners] = sent_at[joiners] + delay
    return CardTrial(person, order_at, sent_at, card, joined_at)


def divert(seed: int, trial: CardTrial, orders: Orders, shapes: Shapes) -> Orders:
    """Take Tmall orders away from joiners and give them private ones, until both sums per joiner
    are those of the truth (to within one order)."""
    draw = stream(seed, "diversion")
    joiner = trial.joined_at != NEVER
    joined = np.full(int(orders.person.max()) + 1, NEVER)
    closes = np.zeros_like(joined)
    joined[trial.person[joiner]] = trial.joined_at[joiner]
    closes[trial.person[joiner]] = trial.sent_at[joiner] + WINDOW
    affected = (orders.shop == TMALL) & (orders.staple < 0)
    affected &= (orders.at > joined[orders.person]) & (orders.at <= closes[orders.person])
    candidates = draw.permutation(np.flatnonzero(affected))
    budget = -CARD.tmall_fen_per_joiner * int(joiner.sum())
    taken = _until(orders.paid_fen(shapes)[candidates], budget)
    keep = np.ones(len(orders), np.bool_)
    keep[candidates[:taken]] = False
    return orders.take(keep).plus(_private_orders(draw, trial, shapes))


def _private_orders(draw: np.random.Generator, trial: CardTrial, shapes: Shapes) -> Orders:
    """New orders in the private shop, spread over the joiners and the rest of their windows."""
    joiners = np.flatnonzero(trial.joined_at != NEVER)
    budget = CARD.private_fen_per_joiner * len(joiners)
    # Twice what is needed on average, then cut where the budget is spent.
    n = 2 * round(budget / (0.8 * shapes.value_fen.mean())) + 10
    chosen = joiners[draw.integers(0, len(joiners), n)]
    opens, closes = trial.joined_at[chosen] + HOUR, trial.sent_at[chosen] + WINDOW
    at = opens + (draw.random(n) * (closes - opens)).astype(np.int64)
    orders = usual_orders(draw, shapes, trial.person[chosen], at)
    orders = replace(orders, shop=np.full(n, PRIVATE, np.int64))
    return orders.take(np.arange(_until(orders.paid_fen(shapes), budget)))


def _until(amounts: NDArray[np.int64], budget: int) -> int:
    """How many of `amounts`, from the first on, come closest to `budget` in sum."""
    sums = np.r_[0, np.cumsum(amounts)]
    if sums[-1] < budget:
        raise ValueError("the planted diversion is larger than what there is to divert")
    return int(np.argmin(np.abs(sums - budget)))
