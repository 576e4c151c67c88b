"""The touches and paths that were found in a view, and in which groups they count."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from yutang.analysis.group_places import Groups
from yutang.analysis.groups import factorize
from yutang.sequence.view import View


@dataclass(frozen=True)
class Found:
    """What the kernel found (kernels/touches.py); channels are places in `keys`, the last of them
    (direct)."""

    keys: np.ndarray
    channel: np.ndarray
    rows: np.ndarray
    who: np.ndarray
    touch: np.ndarray
    inside: np.ndarray
    history: np.ndarray
    followed: np.ndarray
    path_rows: np.ndarray
    path_who: np.ndarray
    first: np.ndarray
    end: np.ndarray

    def of_group(self, touches: np.ndarray, paths: np.ndarray) -> Found:
        """These touches and paths alone (rising places), and the channels they meet.

        All touches of a path are among the touches.
        """
        first = np.searchsorted(touches, self.first[paths])
        used, channel = np.unique(self.channel[touches], return_inverse=True)
        return replace(
            self,
            keys=np.append(self.keys[used], self.keys[-1]),
            channel=channel,
            rows=self.rows[touches],
            who=self.who[touches],
            touch=self.touch[touches],
            inside=self.inside[touches],
            history=self.history[touches],
            followed=self.followed[touches],
            path_rows=self.path_rows[paths],
            path_who=self.path_who[paths],
            first=first,
            end=first + (self.end - self.first)[paths],
        )


@dataclass(frozen=True)
class Places:
    """touch, touch_group and path, path_group: pairs of a place and a group's place, each once."""

    touch: np.ndarray
    touch_group: np.ndarray
    path: np.ndarray
    path_group: np.ndarray

    def inside(self, group: int) -> tuple[np.ndarray, np.ndarray]:
        """(touches, paths) of a group, rising."""
        touches = np.sort(self.touch[self.touch_group == group])
        return touches, np.sort(self.path[self.path_group == group])


def _uses(found: Found) -> tuple[np.ndarray, np.ndarray]:
    """(touch, row of the conversion it led to): each touch with each of its conversions in the
    range; a touch of the range that led to none has -1."""
    lengths = found.end - found.first
    owner = np.repeat(np.arange(lengths.size), lengths)
    begins = np.cumsum(lengths) - lengths
    used = np.arange(owner.size) + np.repeat(found.first - begins, lengths)
    lonely = found.inside.copy()
    lonely[used] = False
    touch = np.concatenate([used, np.flatnonzero(lonely)])
    rows = np.concatenate([found.path_rows[owner], np.full(lonely.sum(), -1, np.int64)])
    return touch, rows


def items_of(found: Found) -> tuple[np.ndarray, np.ndarray]:
    """(rows, customers' positions) of all that counts in a group: conversions, and touches by the
    conversion they led to (-1: none)."""
    touch, rows = _uses(found)
    return (
        np.concatenate([found.path_rows, rows]),
        np.concatenate([found.path_who, found.who[touch]]),
    )


def places_of(view: View, groups: Groups, found: Found) -> Places:
    """In which groups each touch and each path counts."""
    touch, rows = _uses(found)
    at, group = groups.places(view, rows, found.who[touch])
    pairs = factorize(np.column_stack([touch[at], group]))[0]
    path, path_group = groups.places(view, found.path_rows, found.path_who)
    return Places(pairs[:, 0], pairs[:, 1], path, path_group)
