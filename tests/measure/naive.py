"""The pool counted by hand: one customer and one moment at a time, from the facts as they came."""

from __future__ import annotations

from collections.abc import Iterator

from tests.customers.pond import ZONE, Pond
from yutang.catalog.metrics import SILENT_DAYS
from yutang.kit.clock import DAY_MS, iso_day

BEGINS = {"contact_added": "guide", "group_joined": "group", "followed": "account"}
ENDS = {"contact_deleted": "contact_added", "group_left": "group_joined", "unfollowed": "followed"}
SILENT_MS = SILENT_DAYS * DAY_MS


class NaivePool:
    """Who is in the pool when, by the words of the definition."""

    def __init__(self, pond: Pond) -> None:
        self._events: dict[int, list[dict]] = {}
        self._acts: dict[int, list[int]] = {}
        for number, event in enumerate(sorted(pond.events, key=lambda one: one["time"])):
            who = pond.customer(event["identities"]["member_no"])
            self._events.setdefault(who, []).append({**event, "number": number})
            if event["event"] != "message_sent" and event["event"] not in ENDS:
                self._acts.setdefault(who, []).append(event["time"])
        for row in pond.brand.orders.current().orders.to_pylist():
            if row["paid"] and row["customer"]:
                self._acts.setdefault(row["customer"], []).append(row["paid_at"])
        self.customers = sorted(self._events)

    def inside(self, who: int, at: int) -> bool:
        """In the pool once everything of the moment has happened."""
        acted = any(act <= at < act + SILENT_MS for act in self._acts.get(who, []))
        return acted and any(begin <= at < end for begin, end in self._relations(who))

    def _relations(self, who: int) -> Iterator[tuple[int, int]]:
        events = self._events.get(who, [])
        for event in events:
            if event["event"] not in BEGINS:
                continue
            key = BEGINS[event["event"]]
            which = event["properties"].get(key)
            later = [
                other["time"]
                for other in events
                if other["number"] > event["number"]
                and ENDS.get(other["event"]) == event["event"]
                and other["properties"].get(key) in (which, None)
            ]
            yield event["time"], min(later, default=2**62)

    def changes(self, who: int, until: int) -> list[tuple[int, bool]]:
        """(moment, entered or left) of a customer, oldest first."""
        moments = {moment for span in self._relations(who) for moment in span}
        for act in self._acts.get(who, []):
            moments |= {act, act + SILENT_MS}
        found, before = [], False
        for moment in sorted(moments):
            now = self.inside(who, moment)
            if now != before and moment <= until:
                found.append((moment, now))
            before = now
        return found

    def flows(self, first: str, last: str, until: int) -> tuple[int, int]:
        """(entries, exits) on business days first to last (ISO)."""
        days = [
            (iso_day(moment, ZONE), entered)
            for who in self.customers
            for moment, entered in self.changes(who, until)
        ]
        mine = [entered for day, entered in days if first <= day <= last]
        return sum(mine), len(mine) - sum(mine)
