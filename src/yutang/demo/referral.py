"""The referral cascade of `truths.REFERRAL`: who invites whom, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yutang.demo.clock import DAY, END, HOUR, NEVER, midnight
from yutang.demo.streams import stream
from yutang.demo.truths import REFERRAL, scaled


@dataclass(frozen=True)
class Cascade:
    """Members are numbered: seeds first, then those referred, in order of arrival by generation.

    Per invitation: `inviter`, `sent_at`, `invitee` (-1: not accepted). Per member: `joined_at`
    (for seeds, when the programme opened to them).
    """

    seeds: int
    joined_at: NDArray[np.int64]
    inviter: NDArray[np.int64]
    sent_at: NDArray[np.int64]
    invitee: NDArray[np.int64]

    @property
    def referred(self) -> int:
        """How many people the programme brought in, all generations."""
        return len(self.joined_at) - self.seeds


def grow_cascade(seed: int, customers: int) -> Cascade:
    """Let every member invite until no invitation is accepted any more."""
    draw = stream(seed, "referral")
    seeds = scaled(REFERRAL.seeds, customers)
    opened = np.full(seeds, midnight(REFERRAL.starts_on) + 10 * HOUR, np.int64)
    members, joined = np.arange(seeds), opened
    all_joined, inviters, sents, invitees = [joined], [], [], []
    total = seeds
    while len(members):
        count = draw.poisson(REFERRAL.invitations_per_member, len(members))
        inviter = np.repeat(members, count)
        # Members share within about a week of being asked; friends answer within a few days.
        sent = np.repeat(joined, count) + (draw.exponential(5 * DAY, len(inviter))).astype(np.int64)
        answered = sent + (draw.lognormal(np.log(1.5 * DAY), 0.8, len(inviter))).astype(np.int64)
        accepted = (draw.random(len(inviter)) < REFERRAL.acceptance_rate) & (answered < END)
        invitee = np.full(len(inviter), -1, np.int64)
        invitee[accepted] = total + np.arange(accepted.sum())
        inviters.append(inviter)
        sents.append(sent)
        invitees.append(invitee)
        members, joined = invitee[accepted], answered[accepted]
        all_joined.append(joined)
        total += len(members)
    return Cascade(
        seeds,
        np.concatenate(all_joined),
        np.concatenate(inviters),
        np.concatenate(sents),
        np.concatenate(invitees),
    )


def cast_seeds(
    seed: int, joined: NDArray[np.int64], able: NDArray[np.bool_], count: int
) -> NDArray[np.int64]:
    """The people who act as the cascade's seeds: `count` of those in the pool when it opens."""
    ready = np.flatnonzero(able & (joined < midnight(REFERRAL.starts_on)) & (joined != NEVER))
    if len(ready) < count:
        raise ValueError("too few members in the pool for the referral programme")
    return np.sort(stream(seed, "referral seeds").choice(ready, count, replace=False))
