"""Events of reaching: messages and clicks, content read, campaigns, coupons, cards, invitations."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from yutang.demo.clock import DAY, END, HOUR, NEVER, midnight
from yutang.demo.event_rows import BUYER, CONTACT, MEMBER, EventRows, Values, Words, always
from yutang.demo.people import GUIDES
from yutang.demo.streams import stream
from yutang.demo.truths import CARD, COUPON, REFERRAL, SEEDING
from yutang.demo.world import World

_KINDS = ("content", "promotion", "care")
_KIND_SHARES = (0.55, 0.3, 0.15)
_READ_RATE, _CLICK_RATE = 0.18, 0.07
_MOMENT_READS_A_YEAR = 1.6
"""Reads of moments and articles that no message asked for, per member and year."""
_CONTENTS = 60
_TYPES = ("seeding", "promotion", "interaction", "service")
_TYPE_OF = np.arange(_CONTENTS) % len(_TYPES)
_AUTHOR_OF = (np.arange(_CONTENTS) % 5 == 4).astype(np.int64)
_CONTENT_IDS = [f"C{i + 1:03d}" for i in range(_CONTENTS)]
_SEEDING_CONTENT = 0


def add_reach(world: World, rows: EventRows, order_id: pa.Array) -> None:
    """All events of reaching; `order_id` by row of the world's orders."""
    _add_messages(world, rows)
    _add_moment_reads(world, rows)
    _add_card(world, rows, order_id)
    _add_seeding(world, rows)
    _add_coupons(world, rows, order_id)
    _add_referral(world, rows)


def _add_messages(world: World, rows: EventRows) -> None:
    draw = stream(world.seed, "messages")
    messages, n = world.messages, len(world.messages.at)
    kind = draw.choice(len(_KINDS), n, p=_KIND_SHARES)
    values = {
        "guide": Words(world.people.guide[messages.person], GUIDES),
        "kind": Words(kind, _KINDS),
    }
    rows.add("message_sent", messages.person, messages.at, CONTACT, values)
    delay = draw.exponential(5 * HOUR, n).astype(np.int64) + 20
    there = (messages.at + delay < world.pool.left[messages.person]) & (messages.at + delay < END)
    # Each further message of a flood is looked at less.
    tired = np.exp(-messages.ordinal / 60)
    clicked = there & (draw.random(n) < _CLICK_RATE * tired)
    picked = {key: Words(words.codes[clicked], words.words) for key, words in values.items()}
    rows.add(
        "message_clicked",
        messages.person[clicked],
        (messages.at + delay)[clicked],
        CONTACT,
        picked,
    )
    read = there & (kind == 0) & (draw.random(n) < _READ_RATE * tired)
    _add_reads(world, rows, "message reads", messages.person[read], (messages.at + delay)[read])


def _add_moment_reads(world: World, rows: EventRows) -> None:
    draw = stream(world.seed, "moments")
    pool = world.pool
    members = np.flatnonzero(pool.joined != NEVER)
    until = np.minimum(pool.left[members], END)
    years = (until - pool.joined[members]) / (365 * DAY)
    eager = np.exp(0.4 * world.people.loyalty[members])
    count = draw.poisson(_MOMENT_READS_A_YEAR * years * eager)
    who = np.repeat(np.arange(len(members)), count)
    at = pool.joined[members][who] + (
        draw.random(len(who)) * (until - pool.joined[members])[who]
    ).astype(np.int64)
    _add_reads(world, rows, "moment reads", members[who], at)


def _add_reads(
    world: World,
    rows: EventRows,
    name: str,
    person: np.ndarray,
    at: np.ndarray,
    content: int | None = None,
) -> None:
    draw = stream(world.seed, name)
    n = len(person)
    chosen = draw.integers(1, _CONTENTS, n) if content is None else np.full(n, content)
    values: dict[str, Values] = {
        "content_id": Words(chosen, _CONTENT_IDS),
        "content_type": Words(_TYPE_OF[chosen], _TYPES),
        "author": Words(_AUTHOR_OF[chosen], ("brand", "customer")),
        "seconds": np.rint(np.clip(draw.lognormal(3.0, 0.9, n), 1.0, 900.0), dtype=np.float64),
    }
    rows.add("content_read", person, at, CONTACT, values)


def _add_card(world: World, rows: EventRows, order_id: pa.Array) -> None:
    """The arm of every parcel of the trial, and what lay in it."""
    trial, n = world.card, len(world.card.person)
    arm = Words(trial.card.astype(np.int64), ("none", "card"))
    assigned = {"experiment": always(CARD.experiment, n), "arm": arm}
    rows.add("experiment_assigned", trial.person, trial.order_at + 600, BUYER, assigned)
    cards = [f"CARD-{i + 1:06d}" for i in range(len(world.people))]
    key = world.orders.person * 2**40 + world.orders.at
    by_key = np.argsort(key, kind="stable")
    parcel = np.searchsorted(key[by_key], trial.person * 2**40 + trial.order_at)
    parcels = order_id.take(pa.array(by_key[parcel])).to_numpy(zero_copy_only=False)
    sent = {
        "arm": arm,
        "card": Words(np.where(trial.card, trial.person, -1), cards),
        "order_id": Words(np.arange(n), parcels),
    }
    rows.add("card_sent", trial.person, trial.sent_at, BUYER, sent)


def _add_seeding(world: World, rows: EventRows) -> None:
    trial, n = world.seeding, len(world.seeding.person)
    values = {
        "experiment": always(SEEDING.experiment, n),
        "arm": Words(trial.treated.astype(np.int64), ("holdout", "seeding")),
    }
    at = np.full(n, trial.assigned_at)
    rows.add("experiment_assigned", trial.person, at, MEMBER, values)
    reached = trial.person[trial.treated]
    sent = {
        "guide": Words(world.people.guide[reached], GUIDES),
        "kind": always("content", len(reached)),
        "campaign": always(SEEDING.campaign, len(reached)),
    }
    rows.add("message_sent", reached, at[: len(reached)] + 2 * HOUR, CONTACT, sent)
    readers = world.readers
    _add_reads(world, rows, "seeding reads", readers.person, readers.at, _SEEDING_CONTENT)


def _add_coupons(world: World, rows: EventRows, order_id: pa.Array) -> None:
    trial, n = world.coupon, len(world.coupon.person)
    values = {
        "experiment": always(COUPON.experiment, n),
        "arm": Words(trial.treated.astype(np.int64), ("holdout", "coupon")),
    }
    at = np.full(n, trial.assigned_at)
    rows.add("experiment_assigned", trial.person, at, MEMBER, values)
    granted = trial.person[trial.treated]
    yuan = COUPON.coupon_fen / 100

    def coupon(people: np.ndarray) -> dict[str, Values]:
        return {
            "campaign": always(COUPON.campaign, len(people)),
            "coupon": always("MID-AUTUMN-10", len(people)),
            "amount": np.full(len(people), yuan),
        }

    rows.add("coupon_granted", granted, at[: len(granted)] + HOUR, MEMBER, coupon(granted))
    used = world.redemptions.row
    person = world.orders.person[used]
    ids = order_id.take(pa.array(used)).to_numpy(zero_copy_only=False)
    redeemed = {**coupon(person), "order_id": Words(np.arange(len(used)), ids)}
    rows.add("coupon_redeemed", person, world.orders.at[used], MEMBER, redeemed)


def _add_referral(world: World, rows: EventRows) -> None:
    """The programme's message to every member of the cascade, each invitation, each acceptance."""
    cascade, members = world.cascade, world.members
    asked_at = np.maximum(cascade.joined_at, midnight(REFERRAL.starts_on)) + 240
    message = {
        "guide": Words(world.people.guide[members], GUIDES),
        "kind": always("promotion", len(members)),
        "campaign": always(REFERRAL.campaign, len(members)),
    }
    rows.add("message_sent", members, asked_at, CONTACT, message)
    numbers = world.ids.member_no
    n = len(cascade.inviter)
    inviter = members[cascade.inviter]
    invitations = [f"INV-{i + 1:06d}" for i in range(n)]
    values = {
        "campaign": always(REFERRAL.campaign, n),
        "invitation": Words(np.arange(n), invitations),
        "inviter": Words(inviter, numbers),
    }
    late = np.maximum(cascade.sent_at, asked_at[cascade.inviter] + 60)
    rows.add("invitation_sent", inviter, np.minimum(late, END - 1), MEMBER, values)
    taken = np.flatnonzero(cascade.invitee >= 0)
    invitee = members[cascade.invitee[taken]]
    accepted = {
        "campaign": always(REFERRAL.campaign, len(taken)),
        "invitation": Words(taken, invitations),
        "inviter": Words(inviter[taken], numbers),
        "invitee": Words(invitee, numbers),
    }
    at = cascade.joined_at[cascade.invitee[taken]] + 200
    rows.add("invitation_accepted", invitee, at, MEMBER, accepted)
