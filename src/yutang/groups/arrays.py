"""The cache of groups: arrays of one facts version, memory-mapped, one folder a generation.

    raw/      messages as they were read (identity, no text), in parts that only grow
    <n>/      what pages read, made of the raw parts, of joins and leaves, and of statistics

A pointer (`current.json`) is switched in one step; readers keep the generation they opened.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yutang.errors import Damaged

FORMAT = 1
POINTER = "current.json"
# One message: whose (0 = staff, or not told), when, in which group, seconds until it was answered
# (0 = not told), role and flags.
RAW = np.dtype(
    [("identity", "i8"), ("time", "i8"), ("group", "i4"), ("answered", "i4"), ("ours", "?"),
     ("flags", "u1")]
)  # fmt: skip
IS_QUESTION, IS_COMPLAINT, IS_PRODUCT, IS_TOLD = 1, 2, 4, 8  # flags; told: content was seen
# Somebody was taken out of a group by us.
REMOVED = np.dtype([("identity", "i8"), ("time", "i8"), ("group", "i4")])
# Statistics of a group and day as the platform gave them; owner: where it gave them by owner.
READ = np.dtype(
    [("arrival", "i8"), ("group", "i4"), ("owner", "i4"), ("day", "i4"), ("members", "f8"),
     ("active", "f8"), ("messages", "f8"), ("joined", "f8"), ("left", "f8")]
)  # fmt: skip
SELF, BY_US, DISSOLVED = 0, 1, 2


@dataclass(frozen=True)
class Stays:
    """Who was in which group, sorted by group, customer, day of joining. group int32, customer
    uint32, joined_at, left_at int64 (0 = there), joined, left int32 (days; rules.STILL), how uint8
    (SELF, BY_US, DISSOLVED)."""

    group: NDArray[np.int32]
    customer: NDArray[np.uint32]
    joined_at: NDArray[np.int64]
    left_at: NDArray[np.int64]
    joined: NDArray[np.int32]
    left: NDArray[np.int32]
    how: NDArray[np.uint8]


@dataclass(frozen=True)
class Talk:
    """Customers' messages by group, customer and day, sorted so: int32 counts; member: he was in
    the group that day."""

    group: NDArray[np.int32]
    customer: NDArray[np.uint32]
    day: NDArray[np.int32]
    messages: NDArray[np.int32]
    complaints: NDArray[np.int32]
    member: NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """By group and day, sorted so: messages, those of customers, customers' messages whose content
    was told, complaints, ours, product posts of ours, all int32."""

    group: NDArray[np.int32]
    day: NDArray[np.int32]
    messages: NDArray[np.int32]
    customers: NDArray[np.int32]
    told: NDArray[np.int32]
    complaints: NDArray[np.int32]
    ours: NDArray[np.int32]
    products: NDArray[np.int32]


@dataclass(frozen=True)
class Questions:
    """Customers' questions by group and time: customer uint32 (0 unknown), day int32, asked_at,
    answered_at int64 (0 = not yet)."""

    group: NDArray[np.int32]
    customer: NDArray[np.uint32]
    day: NDArray[np.int32]
    asked_at: NDArray[np.int64]
    answered_at: NDArray[np.int64]


@dataclass(frozen=True)
class Reads:
    """The newest statistics of each group and day, sorted so: float64, NaN where not given. group
    -1: given for all groups of `owner` together."""

    group: NDArray[np.int32]
    owner: NDArray[np.int32]
    day: NDArray[np.int32]
    members: NDArray[np.float64]
    active: NDArray[np.float64]
    messages: NDArray[np.float64]
    joined: NDArray[np.float64]
    left: NDArray[np.float64]


@dataclass
class Life:
    """What events tell of one group. changes: [time, kind, text], in order of time."""

    key: str
    name: str = ""
    owner: str = ""
    created_at: int = 0
    dissolved_at: int = 0
    changes: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Made:
    """One generation. version: facts version; snapshot_at: when the customers' arrays were made
    that it stands on; words: mark of the word lists; as_of ms, today: day of it; owners: texts of
    `Reads.owner`; parts: raw files it was made of."""

    version: int
    snapshot_at: int
    words: str
    as_of: int
    today: int
    lives: list[Life]
    owners: list[str]
    parts: list[str]
    stays: Stays
    talk: Talk
    cells: Cells
    questions: Questions
    reads: Reads
    stamp: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.lives)


_PARTS: dict[str, type[Any]] = {
    "stays": Stays, "talk": Talk, "cells": Cells, "questions": Questions, "reads": Reads,
}  # fmt: skip


def empty_part(part: type[Any]) -> Any:
    """A part without rows, with the right types."""
    return part(*(np.empty(0, _dtype(one.type)) for one in fields(part)))


def _dtype(annotation: Any) -> Any:
    return np.dtype(str(annotation).split("np.")[-1].rstrip("]").replace("bool_", "bool"))


def nothing() -> Made:
    """What is there before the first refresh."""
    parts = {name: empty_part(part) for name, part in _PARTS.items()}
    return Made(0, 0, "", 0, 0, [], [], [], **parts)


def write(root: Path, made: Made, *, whole: bool = False) -> None:
    """Store a generation and switch to it; older ones and unused raw parts go, with `whole` all of
    them at once."""
    number = 1 + max((int(p.name) for p in root.iterdir() if p.name.isdecimal()), default=0)
    folder = root / str(number)
    folder.mkdir(parents=True)
    sizes: dict[str, int] = {}
    for name, part in _PARTS.items():
        for one in fields(part):
            path = folder / f"{name}.{one.name}.npy"
            values = getattr(getattr(made, name), one.name)
            np.save(path, np.ascontiguousarray(values, _dtype(one.type)))
            sizes[path.name] = path.stat().st_size
    manifest = {
        "format": FORMAT, "folder": folder.name, "sizes": sizes,
        "lives": [asdict(life) for life in made.lives],
        **{name: getattr(made, name) for name in _PLAIN},
    }  # fmt: skip
    temporary = root / f"{POINTER}.new"
    temporary.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    os.replace(temporary, root / POINTER)
    for path in root.iterdir():
        # The generation before stays for readers that are just opening it.
        if path.name.isdecimal() and int(path.name) < (number if whole else number - 1):
            shutil.rmtree(path, ignore_errors=True)
    for path in (root / "raw").glob("*.npy"):
        if path.name.split(".")[0] not in made.parts:
            path.unlink(missing_ok=True)


_PLAIN = ("version", "snapshot_at", "words", "as_of", "today", "owners", "parts")


class Reader:
    """Opens the current generation, and opens again when the worker has switched."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open = nothing()

    def get(self) -> Made:
        """The current arrays (empty before the first refresh). Raises Damaged."""
        try:
            stat = (self._root / POINTER).stat()
        except FileNotFoundError:
            return nothing()
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._open.stamp:
            try:
                self._open = self._read(stamp)
            except Damaged:
                if (self._root / POINTER).stat().st_ino == stamp[1]:
                    raise
                return self.get()  # it was switched while we were reading
        return self._open

    def _read(self, stamp: tuple[int, int]) -> Made:
        manifest = json.loads((self._root / POINTER).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            return nothing()
        folder = self._root / manifest["folder"]
        parts = {
            name: part(
                *(_load(folder / f"{name}.{one.name}.npy", manifest) for one in fields(part))
            )
            for name, part in _PARTS.items()
        }
        lives = [
            Life(**{**one, "changes": [tuple(change) for change in one["changes"]]})
            for one in manifest["lives"]
        ]
        return Made(**{name: manifest[name] for name in _PLAIN}, lives=lives, **parts, stamp=stamp)


def _load(path: Path, manifest: dict[str, Any]) -> NDArray[Any]:
    try:
        size = path.stat().st_size
        if size != manifest["sizes"][path.name]:
            raise ValueError(path.name)
        values: NDArray[Any] = np.load(path, mmap_mode="r" if size >= 65_536 else None)
        return np.asarray(values)
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise Damaged("The cache of groups is unreadable.", hint="Run `yutang rebuild`.") from error
