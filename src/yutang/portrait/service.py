"""The whole of one customer, put together."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from yutang.attributes import Attributes
from yutang.consents import WITHDRAWN, Consent, Consents
from yutang.customers import Customers, Portrait
from yutang.errors import NotFound
from yutang.followups import FollowUp, FollowUps
from yutang.kit.clock import DAY_MS
from yutang.lifecycle import Lifecycle
from yutang.portrait.actions import Action, Known, next_actions
from yutang.portrait.acts import Acts, acts_of
from yutang.products import Products
from yutang.segments import Segments
from yutang.segments.days import birthday_of
from yutang.segments.person import value_of
from yutang.sequence import ShardSet
from yutang.sequence.calendar import day_of
from yutang.sequence.source import Attribute
from yutang.tags import Held, Tags
from yutang.workspace import Workspace

_VIEWS = ("nes", "aipl", "five_a", "value_tier", "fatigue", "received_30d", "interval_days",
          "interval_source", "last_interaction_at")  # fmt: skip
# Attributes that predictions make: what is expected of him.
_EXPECTED = ("alive", "orders_90d", "value_365d", "next_order_at", "churn_365d")
_RESTOCK_SOON = 7  # days before a restock is expected from which it is worth a word
_RESTOCK_LATE = 30  # days after it, up to which


@dataclass(frozen=True)
class Standing:
    """Where he stands in the views of the lifecycle: codes; numbers None where not known."""

    nes: str | None
    aipl: str | None
    five_a: str | None
    value_tier: str | None
    fatigue: str | None
    received_30d: float | None
    interval_days: float | None
    interval_source: str | None
    last_interaction_at: int | None


@dataclass(frozen=True)
class Expected:
    """What the model expects: alive, churn_365d 0-1; orders in 90 days; value of 365 days in yuan;
    next_order_at UTC ms. All None where nothing is foretold; refuses: because he said so."""

    alive: float | None
    orders_90d: float | None
    value_365d: float | None
    next_order_at: int | None
    churn_365d: float | None
    refuses: bool

    @property
    def is_known(self) -> bool:
        return self.alive is not None


@dataclass(frozen=True)
class Outlook:
    """What is to be expected, and what to do: actions, the most urgent first; restocks and next
    purchases as `Products.due` and `next_for` say them."""

    expected: Expected
    actions: tuple[Action, ...]
    restocks: tuple[Mapping[str, Any], ...]
    next: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Whole:
    """A customer as a whole."""

    portrait: Portrait
    standing: Standing
    tags: tuple[Held, ...]
    consents: tuple[Consent, ...]
    follow_ups: tuple[FollowUp, ...]
    segments: tuple[tuple[int, str], ...]
    acts: Acts
    outlook: Outlook


@dataclass(frozen=True)
class Parts:
    """The features it is put together of."""

    customers: Customers
    attributes: Attributes
    tags: Tags
    consents: Consents
    follow_ups: FollowUps
    segments: Segments
    lifecycle: Lifecycle
    products: Products
    shards: Callable[[], ShardSet]


class Portraits:
    """Portraits of one brand's customers."""

    def __init__(self, workspace: Workspace, parts: Parts) -> None:
        self._workspace = workspace
        self._parts = parts

    def whole(self, customer: int) -> Whole:
        """Everything; a merged customer is followed to the survivor. Raises NotFound."""
        portrait = self._parts.customers.get(customer)
        acts = self.acts(portrait)
        return Whole(
            portrait=portrait,
            standing=self.standing(portrait.id),
            tags=tuple(self._parts.tags.of_customer(portrait.id)),
            consents=tuple(self._parts.consents.of_customer(portrait.id)),
            follow_ups=tuple(self._parts.follow_ups.of_customer(portrait.id)),
            segments=tuple(self.segments(portrait.id)),
            acts=acts,
            outlook=self.outlook(portrait, acts),
        )

    def acts(self, portrait: Portrait) -> Acts:
        """What he did and was sent."""
        shards = self._find_shards()
        return Acts() if shards is None else acts_of(shards, portrait.id, portrait.as_of)

    def standing(self, customer: int) -> Standing:
        """Where he stands."""
        known = self._parts.customers.attributes()
        return Standing(**{name: _value(known, name, customer) for name in _VIEWS})

    def segments(self, customer: int) -> list[tuple[int, str]]:
        """(number, name) of the segments he is in today."""
        return self._parts.segments.of_customer(customer)

    def outlook(self, portrait: Portrait, acts: Acts) -> Outlook:
        """What is to be expected of him, and what to do. Products are counted anew where facts came
        in: the first who asks waits for it."""
        today = day_of(portrait.as_of, self._workspace.zone)
        restocks = self._parts.products.due(portrait.id) if portrait.orders else []
        following = self._parts.products.next_for(portrait.id) if portrait.orders else []
        known = self._known(portrait, acts, restocks, today)
        return Outlook(
            self.expected(portrait.id),
            tuple(next_actions(known)),
            tuple(restocks),
            tuple(following),
        )

    def expected(self, customer: int) -> Expected:
        """What the model of last night expects of him."""
        refuses = customer in self._parts.consents.people("profiling", WITHDRAWN)
        shards = self._find_shards()
        known = shards.attributes if shards is not None and not refuses else {}
        values = {name: _value(known, name, customer) for name in _EXPECTED}
        return Expected(**values, refuses=refuses)

    # --- inside ------------------------------------------------------------------------------
    def _known(
        self, portrait: Portrait, acts: Acts, restocks: list[dict[str, Any]], today: date
    ) -> Known:
        standing = self.standing(portrait.id)
        fatigue, value = standing.fatigue or "none", standing.value_tier or "low"
        consents = {one.purpose: one.state for one in self._parts.consents.of_customer(portrait.id)}
        return Known(
            stage=portrait.stage,
            role=portrait.role,
            fatigue=fatigue,
            in_pool=portrait.in_pool,
            received=int(standing.received_30d or 0),
            refuses_marketing=consents.get("marketing") == WITHDRAWN,
            since_last=portrait.days_since_last,
            interval=standing.interval_days,
            complained=self._complained(portrait),
            birthday=self._birthday(portrait.id, today),
            open_coupon=_open_coupon(acts, portrait.as_of),
            restock=_restock(restocks, today),
            matrix=self._of_matrix(portrait.stage, value, fatigue),
        )

    def _complained(self, portrait: Portrait) -> int | None:
        found = self._parts.follow_ups.of_customer(portrait.id)
        at = max((one.at for one in found if one.kind == "complaint"), default=None)
        return None if at is None else max(0, (portrait.as_of - at) // DAY_MS)

    def _birthday(self, customer: int, today: date) -> int | None:
        """Days until his next birthday, by the solar calendar."""
        columns = self._parts.attributes.columns()
        text = next(
            (
                value
                for name in columns
                if name.casefold().lstrip("$") == "birthday"
                and (value := value_of(columns[name], customer)) is not None
            ),
            None,
        )
        born = birthday_of(str(text), "solar") if text is not None else None
        return None if born is None else _days_until(born, today)

    def _of_matrix(
        self, stage: str, value: str, fatigue: str
    ) -> tuple[str, tuple[str, str]] | None:
        for cell in self._parts.lifecycle.matrix().cells:
            if (cell.stage, cell.value, cell.fatigue) == (stage, value, fatigue):
                return cell.action, cell.reason
        return None

    def _find_shards(self) -> ShardSet | None:
        try:
            return self._parts.shards()
        except NotFound:
            return None


def _value(known: Mapping[str, Attribute], name: str, customer: int) -> Any:
    found = known.get(name)
    return None if found is None else value_of(found, customer)


def _open_coupon(acts: Acts, as_of: int) -> tuple[str, int] | None:
    waiting = acts.open_coupons
    return None if not waiting else (waiting[0].coupon, (as_of - waiting[0].granted_at) // DAY_MS)


def _restock(restocks: list[dict[str, Any]], today: date) -> tuple[str, date, int] | None:
    """What he is due for soon, or was not long ago; the latest such."""
    for row in restocks:
        on = date.fromisoformat(str(row["expected_on"]))
        days = (on - today).days
        if -_RESTOCK_LATE <= days <= _RESTOCK_SOON:
            return str(row["name"]), on, days
    return None


def _days_until(born: tuple[int, int], today: date) -> int:
    """Born on 29 February celebrates on the 28th in other years."""
    for year in (today.year, today.year + 1):
        month, day = born
        if born == (2, 29) and not calendar.isleap(year):
            day = 28
        comes = date(year, month, day)
        if comes >= today:
            return (comes - today).days
    raise AssertionError((born, today))


def to_json(whole: Whole) -> dict[str, Any]:
    """Plain data for programs; times UTC ms, amounts fen."""
    hidden = ("why",)
    portrait = {key: value for key, value in vars(whole.portrait).items() if key not in hidden}
    portrait["relations"] = [asdict(one) for one in whole.portrait.relations]
    portrait["identities"] = [asdict(one) for one in whole.portrait.identities]
    portrait["evidence"] = [asdict(one) for one in whole.portrait.evidence]
    return {
        **portrait,
        "standing": asdict(whole.standing),
        "tags": [asdict(one) for one in whole.tags],
        "consents": [asdict(one) for one in whole.consents],
        "follow_ups": [asdict(one) for one in whole.follow_ups],
        "segments": [{"id": id_, "name": name} for id_, name in whole.segments],
        "acts": asdict(whole.acts),
        "expected": asdict(whole.outlook.expected),
        "next_actions": [asdict(one) for one in whole.outlook.actions],
        "restocks": [dict(one) for one in whole.outlook.restocks],
        "next_purchases": [dict(one) for one in whole.outlook.next],
    }
