"""Evidence in words, for the customer's page: why each identity is his."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yutang.catalog.identity_kinds import kind_of
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.identity import Hand, Identity, Split, Tie, Why

EVIDENCE = {
    "event": mark("in one record"),
    "order": mark("in one order"),
    "login": mark("logged in"),
    "bind": mark("bound"),
    "alias": mark("renamed by the tracker"),
    "twin": mark("the tracker's id is this login"),
    "manual": mark("joined by hand"),
}
STRENGTH = {
    "person": mark("names a person"),
    "app": mark("names an account of one app or shop"),
    "device": mark("a device: follows whoever logs in"),
}


@dataclass(frozen=True)
class Step:
    """One piece of evidence on the way to an identity, with what it ties at its two ends."""

    tie: Tie
    near: Identity
    far: Identity
    words: str


@dataclass(frozen=True)
class Told:
    """One identity of a customer and the way that leads to it from the first one."""

    identity: Identity
    strength: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class WhyView:
    """The section as the template needs it. alone: identities no evidence leads to; kept by hands
    or by a decision."""

    why: Why
    first: Identity
    told: tuple[Told, ...]
    by_hand: tuple[Tie, ...]
    splits: tuple[Split, ...]
    hands: tuple[Hand, ...]
    strengths: dict[str, str]

    @property
    def ties(self) -> int:
        return len(self.why.ties)

    def named(self, identity: int) -> Identity | None:
        return next((one for one in self.why.identities if one.id == identity), None)


def view_of(why: Why) -> WhyView:
    """The first identity, then the others by how far evidence leads to them."""
    known = {one.id: one for one in why.identities}
    told = [
        Told(one, kind_of(one.kind).strength, tuple(_steps(why.asked, why.chains.get(one.id, ()),
                                                           known)))
        for one in why.identities
    ]  # fmt: skip
    told.sort(key=lambda one: (one.identity.id != why.asked, len(one.steps), one.identity.id))
    return WhyView(
        why=why,
        first=known[why.asked],
        told=tuple(told),
        by_hand=tuple(tie for tie in why.ties if tie.evidence == "manual"),
        splits=why.splits,
        hands=why.hands,
        strengths=STRENGTH,
    )


def _steps(start: int, ties: Sequence[Tie], known: dict[int, Identity]) -> list[Step]:
    here, found = start, []
    for tie in ties:
        there = tie.b if tie.a == here else tie.a
        if here in known and there in known:
            words = EVIDENCE.get(tie.evidence, tie.evidence)
            found.append(Step(tie, known[here], known[there], words))
        here = there
    return found


def said_of(session: Session, one: Identity) -> str:
    """An identity in one word and its value, as it may be shown."""
    return f"{session.pick(kind_of(one.kind))} {one.shown}"
