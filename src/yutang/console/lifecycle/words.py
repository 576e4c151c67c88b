"""What the axes, their states and the actions are called."""

from __future__ import annotations

from typing import Any

from yutang.console.guard import Session
from yutang.console.identity.reviews import tabs_of
from yutang.console.language import mark
from yutang.customers import AXES, LifecycleRule, views
from yutang.lifecycle.movements import NEW

AXIS_NAMES = {
    "stage": mark("Purchase stage"),
    "role": mark("Relation"),
    "nes": mark("NES"),
    "aipl": mark("AIPL"),
    "five_a": mark("5A"),
}
# Steps of the two axes; those of the views stand with their rules (customers/views.py).
_STEPS = {
    "stage": {
        "never": mark("no paid order yet"),
        "first": mark("bought on one day, not longer ago than his limit"),
        "repeat": mark("bought on two days or more, not longer ago than his limit"),
        "dormant": mark("longer ago than the days until dormant"),
        "lost": mark("longer ago than the days until lost"),
    },
    "role": {
        "none": mark("known as a platform's buyer only, cannot be reached"),
        "lead": mark("left a contact or is a member, without a guide or a group"),
        "fan": mark("a guide added, in a group, or following an account"),
        "koc": mark("a fan who claimed a task"),
    },
}


def state(session: Session, axis: str, code: str) -> str:
    """A state in words."""
    if code == NEW:
        return session.text("not known before")
    return session.pick(AXES[axis][code])


def definition(session: Session, axis: str, code: str, rule: LifecycleRule) -> str:
    """What makes a state."""
    if axis in _STEPS:
        return session.text(_STEPS[axis][code])
    values = {name: getattr(rule, name) for name in ("interest_days", "buyer_days", "loyal_days")}
    return session.pick(views.DEFINITIONS[axis][code]) % values


def section(session: Session, tab: str) -> dict[str, Any]:
    """What the tabs of the customers' section need."""
    waiting = session.brand.hands.count_reviews() if session.may("identity") else 0
    return {"tabs": tabs_of(session), "tab": tab, "waiting": waiting}
