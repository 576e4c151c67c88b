"""The part of a snapshot that events tell: relations, acts, messages, invitations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yutang.catalog.events import EVENTS
from yutang.customers import rules
from yutang.customers.lifecycle_rule import LifecycleRule
from yutang.customers.snapshot import Sends, Spans, Ties
from yutang.customers.views import FATIGUE_DAYS
from yutang.kit import clock
from yutang.sequence.shard import ShardSet
from yutang.sequence.view import View

# Relation events: name → (kind, is it an end, the property that says which).
RELATION_EVENTS: dict[str, tuple[int, bool, str]] = {
    "contact_added": (0, False, "guide"),
    "contact_deleted": (0, True, "guide"),
    "group_joined": (1, False, "group"),
    "group_left": (1, True, "group"),
    "followed": (2, False, "account"),
    "unfollowed": (2, True, "account"),
}
KEY_WORDS = ("guide", "group", "account")  # by kind
NOT_ACTS = {event.name for event in EVENTS if event.group == "reach"} | {
    "experiment_assigned",
    "order_refunded",
    "item_bought",
    "contact_deleted",
    "group_left",
    "unfollowed",
    "tag_added",
    "tag_removed",
}
TRADE = {event.name for event in EVENTS if event.group == "trade"}
# Asking for more (A3 of 5A), and speaking for the brand (A5).
ASKS = ("cart_added", "form_submitted", "form_succeeded", "contact_added", "group_joined",
        "member_bound")  # fmt: skip
RECOMMENDS = ("invitation_sent", "task_claimed")
REACHES = tuple(event.name for event in EVENTS if event.group == "reach")
AFTER_MESSAGE_MS = 7 * clock.DAY_MS  # block rate: deletions within 7 days after a message
_ROWS_PER_PART = 4_000_000


def _views(shards: ShardSet) -> Iterator[View]:
    """The shards in parts of whole customers, small enough to look at row by row."""
    for shard in shards.shards:
        edges = np.searchsorted(
            shard.offsets, np.arange(_ROWS_PER_PART, shard.rows + _ROWS_PER_PART, _ROWS_PER_PART)
        )
        first = 0
        for end in np.unique(np.minimum(edges, shard.customers.size)):
            if end > first:
                yield View(shards, shard, first, int(end))
            first = int(end)


def _visible(view: View, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows of a view whose event code is wanted and whose customer is not hidden."""
    rows = np.flatnonzero(wanted[view.code])
    if view.keep.size:
        rows = rows[view.keep[view.place[rows]]]
    return rows


def _wanted(shards: ShardSet, names: Sequence[str]) -> NDArray[np.bool_]:
    wanted = np.zeros(len(shards.event_names), bool)
    wanted[[shards.event_codes[name] for name in names if name in shards.event_codes]] = True
    return wanted


def _gather(
    shards: ShardSet, names: Sequence[str], properties: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Rows of these events, sorted by customer, time, arrival: customer, time, code and the codes
    of text properties (-1 where absent, or where the property is no text)."""
    wanted = _wanted(shards, names)
    texts = {p for p in properties if p in shards.columns and shards.columns[p].type == "string"}
    kept: dict[str, list[NDArray[Any]]] = {
        key: [] for key in ("customer", "time", "arrival", "code", *properties)
    }
    for view in _views(shards):
        rows = _visible(view, wanted)
        kept["customer"].append(view.customers[view.place[rows]])
        kept["time"].append(view.time[rows])
        kept["arrival"].append(view.shard.arrival[view.first_row + rows])
        kept["code"].append(view.code[rows])
        for name in properties:
            unknown = np.full(len(rows), -1, np.int32)
            kept[name].append(view.values(name)[rows] if name in texts else unknown)
    types = {"customer": np.uint32, "time": np.int64, "arrival": np.int64, "code": np.uint16}
    out = {
        key: np.concatenate(parts) if parts else np.empty(0, types.get(key, np.int32))
        for key, parts in kept.items()
    }
    order = np.lexsort((out["arrival"], out["time"], out["customer"]))
    return {key: values[order] for key, values in out.items()}


def _texts(shards: ShardSet, name: str) -> list[str]:
    if name not in shards.columns or shards.columns[name].type != "string":
        return []
    return [str(word) for word in shards.dictionary(name).to_pylist()]


def first_of(shards: ShardSet, names: Sequence[str], size: int) -> NDArray[np.int64]:
    """When each customer first had any of these events (ms by id; FOREVER = never)."""
    found = _gather(shards, names, ())
    out = np.full(size, rules.FOREVER, np.int64)
    known = found["customer"] < size
    np.minimum.at(out, found["customer"][known], found["time"][known])
    return out


def see_events(
    shards: ShardSet, first_seen: NDArray[np.int64], last_seen: NDArray[np.int64]
) -> None:
    """Widen the span in which each customer was seen by his events."""
    for shard in shards.shards:
        some = np.flatnonzero(np.diff(shard.offsets) > 0)
        if shard.keep.size:
            some = some[shard.keep[some]]
        some = some[shard.customers[some] < len(first_seen)]
        who = shard.customers[some]
        first, last = shard.time[shard.offsets[some]], shard.time[shard.offsets[some + 1] - 1]
        known = first_seen[who]
        first_seen[who] = np.where(known > 0, np.minimum(known, first), first)
        last_seen[who] = np.maximum(last_seen[who], last)


def ties(shards: ShardSet, words: dict[str, list[str]], zone: str) -> tuple[Ties, Sends]:
    """Relation events with their ends, and messages by day and guide. Adds to `words`."""
    found = _gather(
        shards, tuple(RELATION_EVENTS), (*KEY_WORDS, "channel_code", "touchpoint", "source")
    )
    for name in (*KEY_WORDS, "channel_code", "touchpoint"):
        words[name] = _texts(shards, name)
    words["source"] = _texts(shards, "source")
    kind = np.zeros(len(shards.event_names), np.int8)
    is_end = np.zeros(len(shards.event_names), bool)
    for name, (what, ends, _) in RELATION_EVENTS.items():
        if name in shards.event_codes:
            kind[shards.event_codes[name]] = what
            is_end[shards.event_codes[name]] = ends
    kinds = kind[found["code"]]
    key = np.choose(kinds, [found[name] for name in KEY_WORDS]).astype(np.int32)
    relations = rules.Relations(found["customer"], found["time"], kinds, key, is_end[found["code"]])
    after, sends = _messages(shards, relations, zone)
    found_ties = Ties(
        relations.customer,
        relations.time,
        relations.kind,
        relations.key,
        relations.is_end,
        rules.ends_of(relations),
        found["channel_code"],
        found["touchpoint"],
        found["source"],
        after,
    )
    return found_ties, sends


def _messages(
    shards: ShardSet, relations: rules.Relations, zone: str
) -> tuple[NDArray[np.bool_], Sends]:
    """Which deletions followed a message of that guide, and the messages by day and guide."""
    sent = _gather(shards, ("message_sent",), ("guide",))
    known = sent["guide"] >= 0
    customer, guide, time = sent["customer"][known], sent["guide"][known], sent["time"][known]
    day = clock.day_numbers(time, zone)
    pairs, count = np.unique(np.stack([day, guide], axis=1), axis=0, return_counts=True)
    after = np.zeros(len(relations), bool)
    gone = np.flatnonzero(relations.is_end & (relations.kind == 0) & (relations.key >= 0))
    latest = rules.latest_before(
        customer, guide, time, relations.customer[gone], relations.key[gone], relations.time[gone]
    )
    had = latest >= 0
    after[gone[had]] = relations.time[gone][had] - time[latest[had]] <= AFTER_MESSAGE_MS
    sends = Sends(pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32), count)
    return after, sends


def acts(shards: ShardSet, related_by: Ties) -> rules.Acts:
    """Stretches of acts of those who ever had a relation."""
    own = ~_wanted(shards, sorted(NOT_ACTS))
    related = np.zeros(int(related_by.customer.max(initial=0)) + 1, bool)
    related[related_by.customer] = True
    parts: list[tuple[NDArray[Any], ...]] = []
    for view in _views(shards):
        rows = _visible(view, own)
        who = view.customers[view.place[rows]]
        mine = (who < len(related)) & related[np.minimum(who, len(related) - 1)]
        who, time = who[mine], view.time[rows[mine]]
        if not len(who):
            continue
        first, last = _stretches(who, time, rules.SILENT_MS)
        parts.append((who[first], time[first], time[last]))
    if not parts:
        return rules.Acts(np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0, np.int64))
    return rules.Acts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@dataclass(frozen=True)
class Contact:
    """What customers did and were sent. spans: kinds in the order of moments.ACTED …; by id:
    received int32 (messages of the last FATIGUE_DAYS), last_interaction_at int64 (ms, 0 = never).
    """

    spans: Spans
    received: NDArray[np.int32]
    last_interaction_at: NDArray[np.int64]


def contact(shards: ShardSet, rule: LifecycleRule, as_of: int, size: int) -> Contact:
    """One pass over all events. What is dated after `as_of` (a clock ran ahead) does not count."""
    acted = ~_wanted(shards, sorted(NOT_ACTS | TRADE))
    reached = _wanted(shards, REACHES)
    interest, loyal = (n * clock.DAY_MS for n in (rule.interest_days, rule.loyal_days))
    kinds = (
        (acted, interest),
        (_wanted(shards, ASKS), interest),
        (_wanted(shards, RECOMMENDS), loyal),
    )
    received, last_at = np.zeros(size, np.int32), np.zeros(size, np.int64)
    parts: list[tuple[NDArray[Any], ...]] = []
    for view in _views(shards):
        for kind, (wanted, window) in enumerate(kinds):
            rows = _visible(view, wanted)
            rows = rows[(view.time[rows] <= as_of) & (view.customers[view.place[rows]] < size)]
            who, time = view.customers[view.place[rows]], view.time[rows]
            first, last = _stretches(who, time, window)
            parts.append((who[first], np.full(len(first), kind, np.uint8), time[first], time[last]))
            if kind == 0 and len(who):
                ends = np.flatnonzero(np.append(who[1:] != who[:-1], True))
                last_at[who[ends]] = np.maximum(last_at[who[ends]], time[ends])
        rows = _visible(view, reached)
        age, who = as_of - view.time[rows], view.customers[view.place[rows]]
        who = who[(age >= 0) & (age < FATIGUE_DAYS * clock.DAY_MS) & (who < size)]
        received += np.bincount(who, minlength=size).astype(np.int32)
    if not parts:
        return no_contact(size)
    customer, of_kind, first, last = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((first, of_kind, customer))
    return Contact(
        Spans(customer[order], of_kind[order], first[order], last[order]), received, last_at
    )


def no_contact(size: int) -> Contact:
    """Of a brand without events."""
    nothing = np.empty(0, np.int64)
    spans = Spans(nothing.astype(np.uint32), nothing.astype(np.uint8), nothing, nothing)
    return Contact(spans, np.zeros(size, np.int32), np.zeros(size, np.int64))


def _stretches(
    who: NDArray[np.uint32], time: NDArray[np.int64], pause: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last rows of stretches without a longer pause; rows by customer, then time."""
    if not len(who):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first = np.flatnonzero(np.r_[True, (who[1:] != who[:-1]) | (np.diff(time) > pause)])
    return first, np.append(first[1:], len(who)) - 1


@dataclass(frozen=True)
class Invitations:
    """Accepted invitations: customer (uint32), code of the invitation and of the inviter's id
    (int32, -1 unknown); `sender` finds the customer who sent an invitation by its code; `texts`
    are the inviters' ids, `inviter_ids` by code."""

    customer: NDArray[np.uint32]
    invitation: NDArray[np.int32]
    inviter: NDArray[np.int32]
    sender: dict[int, int]
    inviter_ids: list[str]

    @property
    def texts(self) -> list[str]:
        """The distinct ids of inviters that were given."""
        return sorted({self.inviter_ids[code] for code in np.unique(self.inviter) if code >= 0})


def invitations(shards: ShardSet) -> Invitations:
    """Who accepted which invitation."""
    accepted = _gather(shards, ("invitation_accepted",), ("invitation", "inviter"))
    sent = _gather(shards, ("invitation_sent",), ("invitation",))
    named = sent["invitation"] >= 0
    sender = dict(
        zip(sent["invitation"][named].tolist(), sent["customer"][named].tolist(), strict=True)
    )
    return Invitations(
        accepted["customer"],
        accepted["invitation"],
        accepted["inviter"],
        sender,
        _texts(shards, "inviter"),
    )


def inviters(found: Invitations, by_value: dict[str, int], size: int) -> NDArray[np.uint32]:
    """Who invited each customer first: by the invitation he accepted, else by the inviter's id."""
    out = np.zeros(size, np.uint32)
    for customer, invitation, inviter in zip(
        found.customer.tolist(), found.invitation.tolist(), found.inviter.tolist(), strict=True
    ):
        who = found.sender.get(invitation)
        if who is None and inviter >= 0:
            who = by_value.get(found.inviter_ids[inviter])
        if who and not out[customer] and who != customer:
            out[customer] = who
    return out
