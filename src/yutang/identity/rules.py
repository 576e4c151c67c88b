"""Pure rules of identity: what may be shown, and who is one person.

A customer is a connected component of identities. Links between `person` and `app` identities
join; a `device` identity joins a person only while it is not tied to another known one, so a
shared phone never makes one customer of two members.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from yutang.catalog.identity_kinds import kind_of

MASKED = re.compile(r"[*#＊]|^\$\$")


def as_text(kind: str, value: str) -> str | None:
    """The value as a key: trimmed; None where it is empty or masked and thus no identity."""
    text = value.strip()
    if not text or MASKED.search(text):
        return None
    if kind == "phone":
        digits = re.sub(r"[\s\-()]", "", text).removeprefix("+86")
        return digits or None
    return text


def shown_as(kind: str, value: str) -> str:
    """What a person may see of an identity: phones keep three and four digits."""
    if kind == "phone" and len(value) >= 7:
        return f"{value[:3]}****{value[-4:]}"
    return value


@dataclass
class Joining:
    """The outcome of a batch of links: which customer each identity belongs to.

    Customers stand for themselves (positive ids); identities not yet known to any customer are
    negative nodes. `merged` maps a customer to the survivor (the smallest id of its component).
    """

    customer_of: dict[int, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    refused: list[tuple[int, int]] = field(default_factory=list)


def is_device(kind: str) -> bool:
    return kind_of(kind).strength == "device"


class Components:
    """Union-find over nodes that know whether they hold a known person."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}
        self._known: dict[int, bool] = {}

    def add(self, node: int, known: bool) -> None:
        if node not in self._parent:
            self._parent[node] = node
            self._known[node] = known
        elif known:
            self._known[self.root(node)] = True

    def root(self, node: int) -> int:
        path = []
        while self._parent[node] != node:
            path.append(node)
            node = self._parent[node]
        for passed in path:
            self._parent[passed] = node
        return node

    def union(self, a: int, b: int, *, through_device: bool) -> bool:
        """Join two nodes; False where a device would join two known people."""
        ra, rb = self.root(a), self.root(b)
        if ra == rb:
            return True
        if through_device and self._known[ra] and self._known[rb]:
            return False
        # An existing customer (positive, the smaller the older) survives over a new node.
        keep, lose = (ra, rb) if _rank(ra) < _rank(rb) else (rb, ra)
        self._parent[lose] = keep
        self._known[keep] = self._known[keep] or self._known[lose]
        return True

    def nodes(self) -> Iterable[int]:
        return self._parent


def _rank(node: int) -> tuple[bool, int]:
    return (node < 0, abs(node))


def join(
    nodes: Mapping[int, tuple[int, bool]], links: Iterable[tuple[int, int]], devices: set[int]
) -> Joining:
    """Join identities into customers.

    nodes: identity → (customer id, or 0 for none yet; is that customer a known person)
    links: pairs of identities in order of evidence; devices: the identities of device strength.
    """
    parts = Components()
    node_of: dict[int, int] = {}
    for identity, (customer, known) in nodes.items():
        node = customer or -identity
        node_of[identity] = node
        parts.add(node, known or (not customer and identity not in devices))
    outcome = Joining()
    strong: list[tuple[int, int]] = []
    weak: list[tuple[int, int]] = []
    for a, b in links:
        (weak if a in devices or b in devices else strong).append((a, b))
    for a, b in strong:
        parts.union(node_of[a], node_of[b], through_device=False)
    for a, b in weak:
        if not parts.union(node_of[a], node_of[b], through_device=True):
            outcome.refused.append((a, b))
    for identity, node in node_of.items():
        outcome.customer_of[identity] = parts.root(node)
    for node in parts.nodes():
        root = parts.root(node)
        if node > 0 and root != node:
            outcome.merged[node] = root
    return outcome
