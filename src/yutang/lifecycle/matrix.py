"""The strategy matrix: stage × value × fatigue, and what each cell gets. Pure, and its versions.

The defaults follow four sentences: who is tired is left alone; a coupon goes where it can bring
somebody back or to a second purchase; who buys anyway is asked to recommend, not paid to buy; who
has not bought is shown what the goods are good for. The versions are one JSON value of `meta`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from yutang.customers import Snapshot, views
from yutang.errors import BadInput, NotFound
from yutang.ingest import get_meta, set_meta

Label = tuple[str, str]
ACTIONS: dict[str, Label] = {
    "coupon": ("发券", "coupon"),
    "task": ("派任务", "task"),
    "seeding": ("种草", "seeding"),
    "leave": ("不打扰", "leave alone"),
}
VERSIONS = "strategy_matrix"
MOST_VERSIONS = 200
NOTE_LENGTH = 300

# (stage, value) → what the rested get, what those of medium fatigue get, and why the former.
_DEFAULTS: dict[tuple[str, str], tuple[str, str, Label]] = {
    ("never", "low"): ("seeding", "leave", (
        "还没买过，先用内容让他知道产品好在哪里；一上来发券容易招来只薅羊毛的人",
        "has not bought: show what the goods are good for; a coupon first draws bargain hunters")),
    ("first", "high"): ("coupon", "seeding", (
        "首单就花得多，用二单券趁热促成复购",
        "spent much at once: a coupon for the second order while it is fresh")),
    ("first", "middle"): ("coupon", "seeding", (
        "首购到复购是最大的断层，用二单券推一把",
        "most are lost between first and second order: a coupon helps over the step")),
    ("first", "low"): ("seeding", "leave", (
        "花得少，先用内容和搭配建议养着，不急着让利",
        "spent little: content and what goes with it, no discount yet")),
    ("repeat", "high"): ("task", "seeding", (
        "本来就会买，让利是白送；请他分享、晒单、带新，做成 KOC",
        "buys anyway, a discount is given away: ask him to share and to bring friends")),
    ("repeat", "middle"): ("task", "seeding", (
        "买得稳定，派轻任务（晒单、打卡）加深关系",
        "buys steadily: light tasks deepen the relation")),
    ("repeat", "low"): ("seeding", "leave", (
        "买得勤但单价低，种草更高价值的品",
        "often but little: show goods of more value")),
    ("dormant", "high"): ("coupon", "coupon", (
        "高价值客户正在离开，值得用专属券唤醒，越早越便宜",
        "a valuable customer is leaving: a coupon of his own, the sooner the cheaper")),
    ("dormant", "middle"): ("coupon", "seeding", (
        "超过了回购周期，用小额券提醒他回来",
        "past the time to come back: a small coupon reminds him")),
    ("dormant", "low"): ("seeding", "leave", (
        "唤醒券很难回本，用上新和内容轻轻提醒",
        "a coupon hardly pays back: news and content remind him softly")),
    ("lost", "high"): ("coupon", "coupon", (
        "曾经的大客户，值得用一张力度大的回归券再试一次",
        "was a great customer: one strong coupon is worth a try")),
    ("lost", "middle"): ("coupon", "leave", (
        "离开已久，一张回归券试一次，无回应就停",
        "long gone: try one coupon, then stop")),
    ("lost", "low"): ("leave", "leave", (
        "离开已久且价值低，找回的花费多半高于收益",
        "long gone and of low value: winning him back costs more than it brings")),
}  # fmt: skip
_TIRED: dict[str, Label] = {
    "medium": (
        "近 30 天已经收到不少消息，降一档力度",
        "was sent quite a lot in 30 days: one step softer",
    ),
    "heavy": (
        "近 30 天收到的消息太多，再发换来的多半是删除，先停下来",
        "was sent too much in 30 days: more of it ends in deletions, so pause",
    ),
}


@dataclass(frozen=True)
class CellChoice:
    """What somebody chose for a cell."""

    action: str
    note: str = ""


@dataclass(frozen=True)
class MatrixVersion:
    """One version: number (0 = the defaults), when (UTC ms), by whom, the cells that differ."""

    version: int
    at: int
    by: str
    note: str
    cells: Mapping[str, CellChoice]


@dataclass(frozen=True)
class Cell:
    """One cell: people, share of all people, net fen of the window of value; the action, why, and
    whether somebody chose it."""

    key: str
    stage: str
    value: str
    fatigue: str
    people: int
    share: float
    net_fen: int
    action: str
    reason: Label
    note: str
    chosen: bool

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "reason": self.reason[1]}


@dataclass(frozen=True)
class Matrix:
    """All cells, in the order of stages, values (high first), fatigue."""

    cells: tuple[Cell, ...]
    version: MatrixVersion
    people: int

    def cell(self, key: str) -> Cell:
        """Raises NotFound."""
        for one in self.cells:
            if one.key == key:
                return one
        raise NotFound("The strategy matrix has no such cell.")

    def by_action(self) -> dict[str, tuple[int, int]]:
        """Action → people and net fen."""
        return {
            action: (
                sum(one.people for one in self.cells if one.action == action),
                sum(one.net_fen for one in self.cells if one.action == action),
            )
            for action in ACTIONS
        }


KEYS = tuple(
    f"{stage}.{value}.{fatigue}" for stage, value in _DEFAULTS for fatigue in views.FATIGUES
)


def default_of(key: str) -> tuple[str, Label]:
    """What a cell gets where nobody chose, and why."""
    stage, value, fatigue = key.split(".")
    rested, tired, reason = _DEFAULTS[stage, value]
    if fatigue == "heavy":
        return "leave", _TIRED["heavy"]
    if fatigue == "medium" and tired != rested:
        return tired, _TIRED["medium"]
    return rested, reason


def codes(snapshot: Snapshot) -> NDArray[np.int64]:
    """Place of each customer in KEYS (int64 by id; -1 = nobody alive)."""
    people = snapshot.people
    stage = people.stage.astype(np.int64)
    tier = len(views.TIERS) - 1 - people.value_tier.astype(np.int64)  # high first
    # Who never bought has one value only, so the first stage has one row, the others three.
    row = np.where(stage == 0, 0, 1 + (stage - 1) * len(views.TIERS) + tier)
    out = (row * len(views.FATIGUES) + people.fatigue).astype(np.int64)
    out[~people.alive] = -1
    return out


def counted(snapshot: Snapshot, version: MatrixVersion) -> Matrix:
    """The matrix of a snapshot."""
    at = codes(snapshot)
    alive = np.flatnonzero(at >= 0)
    people = np.bincount(at[alive], minlength=len(KEYS))
    net = np.bincount(
        at[alive], snapshot.people.value_net_fen[alive].astype(np.float64), minlength=len(KEYS)
    )
    total = len(alive)
    return Matrix(
        tuple(
            _cell(key, int(n), total, round(fen), version.cells.get(key))
            for key, n, fen in zip(KEYS, people, net.tolist(), strict=True)
        ),
        version,
        total,
    )


def _cell(key: str, people: int, total: int, fen: int, choice: CellChoice | None) -> Cell:
    stage, value, fatigue = key.split(".")
    action, reason = default_of(key)
    return Cell(
        key,
        stage,
        value,
        fatigue,
        people,
        people / total if total else 0.0,
        fen,
        choice.action if choice else action,
        reason,
        choice.note if choice else "",
        choice is not None,
    )


# --- versions ----------------------------------------------------------------------------------
DEFAULT = MatrixVersion(0, 0, "", "", {})


def versions(connection: Connection) -> list[MatrixVersion]:
    """Newest first; the defaults where nobody ever chose."""
    stored = json.loads(get_meta(connection, VERSIONS) or "[]")
    found = [
        MatrixVersion(
            one["version"],
            one["at"],
            one["by"],
            one["note"],
            {key: CellChoice(**choice) for key, choice in one["cells"].items()},
        )
        for one in stored
    ]
    return found or [DEFAULT]


def with_changes(
    known: Mapping[str, CellChoice], changes: Mapping[str, CellChoice | None]
) -> dict[str, CellChoice]:
    """The choices after changes; None takes a choice back. Raises BadInput."""
    cells = dict(known)
    for key, choice in changes.items():
        if key not in KEYS:
            raise BadInput("The strategy matrix has no cell “%(key)s”.", key=key[:60])
        if choice is None:
            cells.pop(key, None)
            continue
        if choice.action not in ACTIONS:
            raise BadInput(
                "There is no action “%(name)s”.",
                hint="Choose one of %(known)s.",
                name=choice.action[:40],
                known=", ".join(ACTIONS),
            )
        if len(choice.note) > NOTE_LENGTH:
            raise BadInput("A note has at most %(n)d characters.", n=NOTE_LENGTH)
        cells[key] = CellChoice(choice.action, choice.note.strip())
    return cells


def add_version(
    connection: Connection, cells: Mapping[str, CellChoice], *, by: str, at: int, note: str = ""
) -> MatrixVersion:
    """Put choices in force. The same again makes no version."""
    known = versions(connection)
    if known[0].cells == cells:
        return known[0]
    made = MatrixVersion(known[0].version + 1, at, by, note.strip()[:NOTE_LENGTH], dict(cells))
    kept = [made, *(one for one in known if one.version)][:MOST_VERSIONS]
    rows = [{**asdict(one), "cells": {k: asdict(c) for k, c in one.cells.items()}} for one in kept]
    set_meta(connection, VERSIONS, json.dumps(rows, ensure_ascii=False))
    return made
