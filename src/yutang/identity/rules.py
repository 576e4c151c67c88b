"""Pure rules of identity: what is a key, what may be shown, who is one person.

People are made by firm evidence: a link between identities of strength `person` or `app` joins
them. A device (cookie, anonymous id) joins nobody: it follows whoever logs in on it. `settle` is a
function of the evidence alone, so any order of arrival makes the same people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from yutang.catalog.identity_kinds import kind_of

MASKED = re.compile(r"[*#＊]|^\$\$")
FAN_IN = 20  # an identity tied to more people than this joins nobody until somebody looked at it
STRENGTH_ORDER = {"person": 0, "app": 1, "device": 2}
FEW = 200  # links
# Kinds of which equal values are the same thing: a tracker's id and the login it turned out to be.
TWINS = {"distinct_id": "login_id", "login_id": "distinct_id"}


def as_text(kind: str, value: str) -> str | None:
    """The value as a key: trimmed; None where it is empty or masked and thus no identity."""
    text = value.strip()
    if not text or (not text.isalnum() and MASKED.search(text)):
        return None
    if kind == "phone":
        digits = re.sub(r"[\s\-()]", "", text).removeprefix("+86")
        return digits or None
    if kind == "email":
        return text.casefold()
    return text


def shown_as(kind: str, value: str) -> str:
    """What a person may see of an identity: phones keep three and four digits, e-mails the host."""
    if kind == "phone" and len(value) >= 7:
        return f"{value[:3]}****{value[-4:]}"
    if kind == "email" and "@" in value:
        name, _, host = value.partition("@")
        return f"{name[:1]}***@{host}"
    return value


@cache
def is_device(kind: str) -> bool:
    return kind_of(kind).strength == "device"


def strength_of(kind: str, other: str) -> str:
    """How firmly a link between identities of these kinds ties: as firmly as its weaker end."""
    strengths = (kind_of(kind).strength, kind_of(other).strength)
    return max(strengths, key=STRENGTH_ORDER.__getitem__)


def rank(kind: str) -> int:
    """0 for the kinds that name a person best."""
    return STRENGTH_ORDER[kind_of(kind).strength]


@dataclass(frozen=True)
class Evidence:
    """Standing links between n identities, as m-long arrays.

    a, b: places of the identities (int64). firm: person or app strength (bool). time: ms at which
    it was so (int64).
    """

    a: np.ndarray
    b: np.ndarray
    firm: np.ndarray
    time: np.ndarray


@dataclass(frozen=True)
class Settled:
    """Who is one person.

    part: a label for each identity, equal for one person (int64, n). device, since, owner: later
    hands of devices (places of identities int64, ms int64): from `since` on the device's own facts
    belong to the person of `owner`; before the first such row to the device's part. crowded:
    devices on which so many people logged in that they follow nobody (places).
    """

    part: np.ndarray
    device: np.ndarray
    since: np.ndarray
    owner: np.ndarray
    crowded: np.ndarray


def settle(device: np.ndarray, held: np.ndarray, links: Evidence, tie: np.ndarray) -> Settled:
    """Put n identities together.

    device: is it of a device kind (bool, n). held: joins nobody, by decision or for review
    (bool, n). tie: any number that depends on the identity alone (uint64, n): it decides between
    logins of the same millisecond.
    """
    n = len(device)
    a, b = links.a, links.b
    standing = ~held[a] & ~held[b]
    firm = standing & links.firm
    person = _components(n, a[firm], b[firm])
    is_known = np.zeros(n, bool)
    is_known[person[~device]] = True
    known = is_known[person]
    among_devices = standing & ~known[a] & ~known[b]
    joined = firm | among_devices
    group = _components(n, a[joined], b[joined])
    login = standing & (known[a] ^ known[b])
    on = np.where(known[a], b, a)[login]
    who = np.where(known[a], a, b)[login]
    order = np.lexsort((tie[who], links.time[login], group[on]))
    on, who, time = on[order], who[order], links.time[login][order]
    at, hand = group[on], group[who]
    pairs = np.unique(np.stack([at, hand], axis=1), axis=0) if len(at) else np.zeros((0, 2), int)
    people = np.bincount(pairs[:, 0], minlength=n) if len(pairs) else np.zeros(n, np.int64)
    crowd = people > FAN_IN
    one = np.ones(len(at), bool)  # of logins of the same millisecond the first alone counts
    one[1:] = (at[1:] != at[:-1]) | (time[1:] != time[:-1])
    at, hand, time, who = at[one], hand[one], time[one], who[one]
    starts = np.ones(len(at), bool)  # of runs of logins by one person
    starts[1:] = (at[1:] != at[:-1]) | (hand[1:] != hand[:-1])
    at, hand, time, who = at[starts], hand[starts], time[starts], who[starts]
    first = np.ones(len(at), bool)
    first[1:] = at[1:] != at[:-1]
    label = np.arange(n)
    mine = first & ~crowd[at]
    label[at[mine]] = hand[mine]
    later = ~first & ~crowd[at]
    members, since, owner = _spread(group, at[later], time[later], who[later])
    return Settled(label[group], members, since, owner, np.flatnonzero(crowd[group] & ~known))


def fan_in(links: Evidence, kind: np.ndarray, exempt: np.ndarray) -> np.ndarray:
    """Identities firmly tied to more than FAN_IN others of one kind: (places, how many), m × 2.

    kind: a number for each identity's kind (int64, n); exempt: somebody decided (bool, n).
    """
    firm = links.firm
    one = np.concatenate([links.a[firm], links.b[firm]])
    other = np.concatenate([links.b[firm], links.a[firm]])
    degree = np.bincount(one, minlength=len(kind))
    many = (degree > FAN_IN)[one] & ~exempt[one]
    if not many.any():
        return np.zeros((0, 2), np.int64)
    ties = np.unique(np.stack([one[many], kind[other[many]], other[many]], axis=1), axis=0)
    per_kind, counts = np.unique(ties[:, :2], axis=0, return_counts=True)
    over = counts > FAN_IN
    places = np.unique(per_kind[over, 0])
    most = [int(counts[over & (per_kind[:, 0] == place)].max()) for place in places]
    return np.stack([places, np.array(most, np.int64)], axis=1)


def _components(n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A label below n for each of n nodes, equal where links tie them (int64)."""
    if not len(a):
        return np.arange(n)
    if len(a) < FEW:
        return _few_components(n, a.tolist(), b.tolist())
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _few_components(n: int, a: list[int], b: list[int]) -> np.ndarray:
    """The same without a matrix: making that takes longer than walking a few links."""
    root = list(range(n))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = node = root[root[node]]
        return node

    for one, other in zip(a, b, strict=True):
        root[find(one)] = find(other)
    return np.array([find(node) for node in range(n)], np.int64)


def _spread(
    group: np.ndarray, at: np.ndarray, time: np.ndarray, who: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(group, time, who) rows for each member of the group."""
    if not len(at):
        none = np.zeros(0, np.int64)
        return none, none, none
    order = np.argsort(group, kind="stable")
    left = np.searchsorted(group[order], at, "left")
    sizes = np.searchsorted(group[order], at, "right") - left
    row = np.repeat(np.arange(len(at)), sizes)
    place = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return order[left[row] + place], time[row], who[row]
