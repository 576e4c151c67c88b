"""Numbers of all groups in a period, at once. NaN: cannot be seen, or nothing to divide."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from yutang.groups import rules
from yutang.groups.arrays import BY_US, DISSOLVED, SELF, Made
from yutang.groups.settings import Settings

Floats = NDArray[np.float64]
WINDOW = 30  # days that a leave rate is told for


@dataclass(frozen=True)
class Figures:
    """By group code, float64. seen: 2 messages, 1 daily statistics, 0 joins and leaves only.

    members now; start: at the beginning of the period; joined, left (by themselves), removed (by
    us), dissolved (left with the group): times in the period; leave_rate = left / (start + joined);
    leave_30: the same, told for 30 days; messages, customer_messages, our_messages, products,
    complaints: in the period; active_day, active_week: members who spoke / members, over all days
    (weeks) together; spoke: distinct members who spoke; silent: members now who did not speak;
    questions, judged (answered, or waiting too long), unanswered; response_p50, response_p90:
    working hours until an answer.
    """

    first: int
    last: int
    seen: NDArray[np.int8]
    members: Floats
    start: Floats
    joined: Floats
    left: Floats
    removed: Floats
    dissolved: Floats
    messages: Floats
    customer_messages: Floats
    our_messages: Floats
    told: Floats
    products: Floats
    complaints: Floats
    active_day: Floats
    active_week: Floats
    spoke: Floats
    silent: Floats
    questions: Floats
    judged: Floats
    unanswered: Floats
    response_p50: Floats
    response_p90: Floats

    @cached_property
    def leave_rate(self) -> Floats:
        return rules.rate(self.left, self.start + self.joined)

    @cached_property
    def leave_30(self) -> Floats:
        days = self.last - self.first + 1
        stays = np.clip(1 - self.leave_rate, 0, 1)
        return np.asarray(1 - stays ** (WINDOW / days))

    @cached_property
    def complaint_share(self) -> Floats:
        return rules.rate(self.complaints, self.told)

    @cached_property
    def product_share(self) -> Floats:
        return rules.rate(self.products, self.our_messages)

    @cached_property
    def customer_share(self) -> Floats:
        return rules.rate(self.customer_messages, self.customer_messages + self.our_messages)

    @cached_property
    def unanswered_share(self) -> Floats:
        return rules.rate(self.unanswered, self.judged)


def figures(made: Made, first: int, last: int, settings: Settings, zone: str) -> Figures:
    """Numbers of the days `first` to `last` (since 1970, both inclusive)."""
    n = len(made)
    seen = _seen(made, n)
    here = {**_members(made, first, last, n), **_messages(made, first, last, n)}
    here |= _activity(made, first, last, n) | _answers(made, first, last, settings, zone)
    blind = seen < 2
    for name in _OF_MESSAGES:
        here[name] = np.where(blind, np.nan, here[name])
    # What a message says is known only where its content was.
    ever_told = rules.sums(made.cells.group, made.cells.told, n) > 0
    for name in ("questions", "judged", "unanswered", "complaints", "response_p50", "response_p90"):
        here[name] = np.where(ever_told, here[name], np.nan)
    _from_statistics(made, first, last, seen, here)
    return Figures(first, last, seen, **here)


_OF_MESSAGES = (
    "messages", "customer_messages", "our_messages", "products", "told", "active_day",
    "active_week", "spoke", "silent",
)  # fmt: skip


def _seen(made: Made, n: int) -> NDArray[np.int8]:
    seen = np.zeros(n, np.int8)
    read = made.reads.group[made.reads.group >= 0]
    seen[np.unique(read)] = 1
    seen[np.unique(made.cells.group)] = 2
    return seen


def _members(made: Made, first: int, last: int, n: int) -> dict[str, Floats]:
    stays = made.stays
    group = stays.group
    gone = (stays.left >= first) & (stays.left <= last)
    found = {
        name: rules.sums(group[gone], stays.how[gone] == how, n)
        for name, how in (("left", SELF), ("removed", BY_US), ("dissolved", DISSOLVED))
    }
    inside = (stays.joined >= first) & (stays.joined <= last)
    before = (stays.joined < first) & (stays.left >= first)
    return {
        "members": np.bincount(group[stays.left == rules.STILL], minlength=n).astype(np.float64),
        "start": np.bincount(group[before], minlength=n).astype(np.float64),
        "joined": np.bincount(group[inside], minlength=n).astype(np.float64),
        **found,
    }


def _messages(made: Made, first: int, last: int, n: int) -> dict[str, Floats]:
    cells = made.cells
    rows = np.flatnonzero((cells.day >= first) & (cells.day <= last))
    group = cells.group[rows]
    names = {
        "messages": cells.messages, "customer_messages": cells.customers, "told": cells.told,
        "complaints": cells.complaints, "our_messages": cells.ours, "products": cells.products,
    }  # fmt: skip
    return {name: rules.sums(group, values[rows], n) for name, values in names.items()}


def _activity(made: Made, first: int, last: int, n: int) -> dict[str, Floats]:
    talk, stays = made.talk, made.stays
    rows = np.flatnonzero((talk.day >= first) & (talk.day <= last) & talk.member)
    group, customer, day = talk.group[rows], talk.customer[rows], talk.day[rows]
    found: dict[str, Floats] = {}
    for name, bins in (
        ("active_day", rules.days(first, last)),
        ("active_week", rules.weeks(first, last)),
    ):
        there = rules.present(stays.group, stays.customer, stays.joined, stays.left, bins, n)
        spoke = rules.speakers(group, customer, day, bins, n)
        found[name] = rules.rate(
            spoke.sum(axis=1).astype(np.float64), there.sum(axis=1).astype(np.float64)
        )
    bins = rules.whole(first, last)
    found["spoke"] = rules.speakers(group, customer, day, bins, n)[:, 0].astype(np.float64)
    found["silent"] = np.bincount(stays.group[silent_stays(made, first, last)], minlength=n).astype(
        np.float64
    )
    return found


def silent_stays(made: Made, first: int, last: int) -> NDArray[np.bool_]:
    """Stays (bool) of members who are there now and did not speak in the period."""
    talk, stays = made.talk, made.stays
    rows = np.flatnonzero((talk.day >= first) & (talk.day <= last))
    still = np.asarray(stays.left == rules.STILL)
    if not len(rows):
        return still
    spoke = np.unique((talk.group[rows].astype(np.int64) << 32) + talk.customer[rows])
    asked = (stays.group.astype(np.int64) << 32) + stays.customer
    at = np.minimum(np.searchsorted(spoke, asked), len(spoke) - 1)
    return np.asarray(still & (spoke[at] != asked))


def waits(
    made: Made, settings: Settings, zone: str, rows: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """By question (of these rows): working ms from asking to the answer, or to the newest fact
    where there is none; and whether it was answered."""
    asked, answered = made.questions.asked_at, made.questions.answered_at
    if rows is not None:
        asked, answered = asked[rows], answered[rows]
    done = answered > 0
    until = np.where(done, answered, np.maximum(made.as_of, asked))
    opens, closes = settings.opens, settings.closes
    worked = rules.work_clock(until, zone, opens, closes)
    return worked - rules.work_clock(asked, zone, opens, closes), done


def too_long(wait: NDArray[np.int64], settings: Settings) -> NDArray[np.bool_]:
    """Did the question wait longer than it may? An answer that came later counts as none."""
    return np.asarray(wait > settings.answer_hours * rules.HOUR_MS)


def _answers(made: Made, first: int, last: int, settings: Settings, zone: str) -> dict[str, Floats]:
    n = len(made)
    rows = np.flatnonzero((made.questions.day >= first) & (made.questions.day <= last))
    wait, done = waits(made, settings, zone, rows)
    group = made.questions.group[rows]
    late = too_long(wait, settings)
    found = {
        "questions": np.bincount(group, minlength=n).astype(np.float64),
        "judged": rules.sums(group, done | late, n),
        "unanswered": rules.sums(group, late, n),
    }
    for name, share in (("response_p50", 0.5), ("response_p90", 0.9)):
        found[name] = rules.quantiles(group[done], wait[done], share, n) / rules.HOUR_MS
    return found


def _from_statistics(
    made: Made, first: int, last: int, seen: NDArray[np.int8], here: dict[str, Floats]
) -> None:
    """Where messages cannot be seen, the platform's daily statistics say how much was spoken; where
    no join was ever seen, they also say how many are in the group."""
    reads, n = made.reads, len(made)
    rows = np.flatnonzero((reads.group >= 0) & (reads.day >= first) & (reads.day <= last))
    if not len(rows):
        return
    group = reads.group[rows]
    blind = seen == 1
    days = np.bincount(group, minlength=n)
    usable = blind & (days > 0)
    messages = np.nan_to_num(reads.messages[rows])
    here["messages"] = np.where(usable, rules.sums(group, messages, n), here["messages"])
    known = ~np.isnan(reads.active[rows]) & ~np.isnan(reads.members[rows])
    active = rules.sums(group[known], reads.active[rows][known], n)
    there = rules.sums(group[known], reads.members[rows][known], n)
    here["active_day"] = np.where(usable, rules.rate(active, there), here["active_day"])
    no_joins = np.bincount(made.stays.group, minlength=n) == 0
    for name in ("joined", "left"):
        values = np.nan_to_num(getattr(reads, name)[rows])
        told = rules.sums(group, values, n)
        here[name] = np.where(no_joins & (days > 0), told, here[name])
    newest = np.full(n, np.nan)
    everything = np.flatnonzero((reads.group >= 0) & ~np.isnan(reads.members))
    newest[reads.group[everything]] = reads.members[everything]  # sorted by day: the last stays
    here["members"] = np.where(no_joins & ~np.isnan(newest), newest, here["members"])
    earlier = everything[reads.day[everything] < first]
    start = np.full(n, np.nan)
    start[reads.group[earlier]] = reads.members[earlier]
    here["start"] = np.where(no_joins, np.nan_to_num(start), here["start"])
