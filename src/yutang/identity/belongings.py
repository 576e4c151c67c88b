"""What belongs to one person: his identities, and which facts are his.

A device may have been his for a while only. Its facts are his as long as it was in his hands; a
device that others use too is not forgotten with him, only his time on it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from yutang.identity.owners import device_hands
from yutang.lake import Predicate, at_least, below, one_of

Span = tuple[int | None, int | None]  # from, until (ms); None = open


@dataclass(frozen=True)
class Belongings:
    """whole: identities that are his alone. shared: devices that began with him and went on to
    others. spans: (device, from, until) of devices that were his for a while."""

    whole: tuple[int, ...]
    shared: tuple[int, ...] = ()
    spans: tuple[tuple[int, int | None, int | None], ...] = ()

    def facts(self) -> Predicate:
        """Which rows of a table with `identity` and `time` are his."""
        groups = [[one_of("identity", self.whole)]] if self.whole else []
        for device, start, end in self.spans:
            group = [one_of("identity", [device])]
            if start is not None:
                group.append(at_least("time", start))
            if end is not None:
                group.append(below("time", end))
            groups.append(group)
        return groups

    def on_devices(self) -> Predicate:
        """Of those rows, the ones of devices that were his for a while."""
        return replace(self, whole=()).facts()


def belongings(connection: Connection, ids: Iterable[int]) -> Belongings:
    """What belongs to the person whose identities these are."""
    mine = set(ids)
    spans: list[tuple[int, int | None, int | None]] = []
    shared = []
    for device, hands in device_hands(connection, mine).items():
        is_his = [device in mine, *(owner in mine for _, owner in hands)]
        if all(is_his):
            continue
        if device in mine:
            shared.append(device)
        starts = [None, *(since for since, _ in hands)]
        spans += [(device, *span) for span in _spans(is_his, starts)]
    whole = tuple(sorted(mine - set(shared)))
    return Belongings(whole, tuple(sorted(shared)), tuple(sorted(spans, key=repr)))


def _spans(is_his: list[bool], starts: list[int | None]) -> list[Span]:
    """The times in which a thing was his, of its hands in order; neighbours are one."""
    found: list[Span] = []
    ends = [*starts[1:], None]
    for his, start, end in zip(is_his, starts, ends, strict=True):
        if not his:
            continue
        if found and found[-1][1] == start and start is not None:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
