"""One pond with tasks, invitations, carts and memberships, its stages by data, for all tests."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.customers.pond import DAYS, LAST, Pond, event, open_pond, shared_pond
from yutang.customers import LifecycleRule
from yutang.kit.clock import DAY_MS
from yutang.lifecycle import Lifecycle

MORE = (
    "task_claimed", "invitation_sent", "cart_added", "form_submitted", "member_bound",
    "campaign_received", "coupon_granted",
)  # fmt: skip
# Few returns, so that categories, the brand and own rhythms all speak.
RULE = LifecycleRule(least_gaps=40, shortest_days=5, interest_days=20, buyer_days=200,
                     loyal_days=120, fatigue_medium=2, fatigue_heavy=4)  # fmt: skip


@pytest.fixture(scope="session")
def pond(tmp_path_factory: pytest.TempPathFactory) -> Pond:
    facts, draw = shared_pond(tmp_path_factory), random.Random(3)
    events = list(facts.events)
    for _ in range(500):
        at = LAST - int(DAYS * DAY_MS * draw.random() ** 2)
        events.append(event(draw.choice(MORE), at, f"m{draw.randrange(60)}"))
    made = open_pond(tmp_path_factory.mktemp("lifecycle"), facts.orders, facts.lines, events)
    made.customers.set_rule(RULE, by="boss")
    made.customers.refresh()
    return made


@pytest.fixture(scope="session")
def lifecycle(pond: Pond) -> Lifecycle:
    return Lifecycle(pond.brand.workspace, pond.customers)


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Pond]:
    """A pond that a test may change."""
    facts = shared_pond(tmp_path_factory)
    return lambda: open_pond(
        tmp_path_factory.mktemp("own"), facts.orders, facts.lines, facts.events
    )
