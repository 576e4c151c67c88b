"""Brings the cache of groups up to the newest facts. Only the brand's one writer calls it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yutang.customers import Snapshot
from yutang.groups import arrays, build
from yutang.groups.arrays import RAW, READ, REMOVED, Made
from yutang.groups.facts import Gathered, gather
from yutang.groups.words import WordLists
from yutang.identity import Identities, later_owners, owned_at
from yutang.ingest import kinds_since
from yutang.kit import clock
from yutang.workspace import Workspace

# Commits that add facts, or move customers; after any other one all is read again.
ADDING = frozenset({"events", "stream", "replay", "orders", "identity", "shops"})
MOST_PARTS = 24
_FILES = {"messages": RAW, "removed": REMOVED, "reads": READ}


def refresh(
    workspace: Workspace,
    identities: Identities,
    snapshot: Snapshot,
    last: Made,
    lists: WordLists,
    *,
    whole: bool = False,
) -> None:
    """Make a new generation where facts, customers or word lists changed since the last."""
    root = workspace.cache / "groups"
    stands = (last.version, last.snapshot_at, last.words)
    if not whole and stands == (snapshot.version, snapshot.made_at, lists.mark):
        return
    (root / "raw").mkdir(parents=True, exist_ok=True)
    with workspace.db.read() as connection:
        kinds = kinds_since(connection, last.version)
    grows = (
        not whole and last.version and last.words == lists.mark and kinds <= ADDING
        and last.version <= snapshot.version and _complete(root, last.parts)
    )  # fmt: skip
    into = Gathered({}, {}, [])
    parts: list[str] = []
    if grows:
        into.groups.update({life.key: code for code, life in enumerate(last.lives)})
        into.owners.update({name: code for code, name in enumerate(last.owners)})
        into.lives += [replace(life, changes=list(life.changes)) for life in last.lives]
        parts = list(last.parts)
    gather(workspace, last.version if grows else 0, snapshot.version, lists, into)
    parts = _keep(root, parts, into)
    _join_keys(snapshot, into)
    made = _make(workspace, identities, snapshot, lists, into, root, parts)
    arrays.write(root, made, whole=whole)


def _complete(root: Path, parts: list[str]) -> bool:
    return all((root / "raw" / f"{part}.{name}.npy").exists() for part in parts for name in _FILES)


def _keep(root: Path, parts: list[str], into: Gathered) -> list[str]:
    """Write what was read as a further part; many small parts become one."""
    news = {
        name: np.concatenate([*getattr(into, name), np.empty(0, dtype)])
        for name, dtype in _FILES.items()
    }
    if not any(len(values) for values in news.values()):
        return parts
    there = [path.name.partition(".")[0] for path in (root / "raw").glob("*.npy")]
    number = 1 + max((int(part) for part in there), default=0)
    for name, values in news.items():
        if len(parts) >= MOST_PARTS:
            values = np.concatenate([_load(root, parts, name), values])
        np.save(root / "raw" / f"{number}.{name}.npy", values)
    return [str(number)] if len(parts) >= MOST_PARTS else [*parts, str(number)]


def _load(root: Path, parts: list[str], name: str) -> NDArray[Any]:
    found = [np.load(root / "raw" / f"{part}.{name}.npy") for part in parts]
    return np.concatenate(found) if found else np.empty(0, _FILES[name])


def _join_keys(snapshot: Snapshot, into: Gathered) -> None:
    """Groups that only joins and leaves name."""
    ties = snapshot.ties
    codes = np.unique(ties.key[ties.kind == build.GROUP_TIE])
    names = snapshot.words.get("group", [])
    for code in codes[codes >= 0].tolist():
        into.groups.setdefault(names[code], len(into.groups))
    into.lives += [arrays.Life(name) for name in list(into.groups)[len(into.lives) :]]


def _make(
    workspace: Workspace, identities: Identities, snapshot: Snapshot, lists: WordLists,
    into: Gathered, root: Path, parts: list[str],
) -> Made:  # fmt: skip
    raw, gone = _load(root, parts, "messages"), _load(root, parts, "removed")
    with workspace.db.read() as connection:
        customer_of = identities.owners.customers(connection)
        later = later_owners(connection)
    who = owned_at(customer_of, later, raw["identity"], raw["time"])
    # A message of somebody who was erased is gone from the lake; one whose identity is nobody's
    # for now (a merge in between) stays a message.
    gone_who = owned_at(customer_of, later, gone["identity"], gone["time"])
    removed = set(
        zip(gone["group"].tolist(), gone_who.tolist(), gone["time"].tolist(), strict=True)
    )
    names = snapshot.words.get("group", [])
    code_of = {name: into.groups.get(name, -1) for name in names}
    zone = workspace.zone
    stays = build.stays_of(snapshot.ties, names, code_of, into.lives, removed, zone)
    talk, cells, questions = build.spoken(raw, who, stays, zone)
    as_of = snapshot.as_of
    today = int(clock.day_numbers(np.array([as_of], np.int64), zone)[0]) if as_of else 0
    owners = list(into.owners)
    reads = build.reads_of(_load(root, parts, "reads"), into.lives, owners)
    return Made(
        version=snapshot.version, snapshot_at=snapshot.made_at, words=lists.mark, as_of=as_of,
        today=today, lives=into.lives, owners=owners, parts=parts, stays=stays, talk=talk,
        cells=cells, questions=questions, reads=reads,
    )  # fmt: skip


def lists_of(text: str | None) -> WordLists:
    """The word lists as they were kept."""
    if not text:
        return WordLists()
    kept = json.loads(text)
    return WordLists(tuple(kept["question"]), tuple(kept["complaint"]))
