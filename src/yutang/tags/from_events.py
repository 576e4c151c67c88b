"""Tags that platforms and files tell as events: `tag_added` and `tag_removed`.

Every event is taken once, by its arrival; it keeps its time and who said it. What somebody changed
later than an event happened stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from yutang.errors import BadInput, Conflict, NotFound
from yutang.ingest import get_meta, set_meta
from yutang.sequence.shard import ShardSet
from yutang.sequence.view import View
from yutang.tags import rules
from yutang.tags.changing import Saying
from yutang.tags.model import TagGroup
from yutang.tags.service import Tags
from yutang.workspace import Workspace

EVENTS = {"tag_added": True, "tag_removed": False}
TEXTS = ("tag", "tag_group", "guide", "source")
_ARRIVED = "tags_arrived"  # in `meta`: the newest arrival that was taken


@dataclass(frozen=True)
class Said:
    """Events in the order of time: customer uint32, time, arrival int64, added bool, and codes of
    texts (int32, -1 none) with the texts."""

    customer: np.ndarray
    time: np.ndarray
    arrival: np.ndarray
    added: np.ndarray
    codes: dict[str, np.ndarray]
    words: dict[str, list[str]]


class FromEvents:
    """Takes what is new among the events of one brand; the caller holds the writer lock."""

    def __init__(self, workspace: Workspace, tags: Tags, shards: Callable[[], ShardSet]) -> None:
        self._workspace = workspace
        self._tags = tags
        self._shards = shards

    def take(self) -> int:
        """Turn new events into changes of tags; how many changes."""
        try:
            shards = self._shards()
        except NotFound:
            return 0
        if not any(name in shards.event_codes for name in EVENTS):
            return 0
        with self._workspace.db.read() as connection:
            mark = int(get_meta(connection, _ARRIVED) or 0)
        said = read(shards, mark)
        if not said.customer.size:
            return 0
        about = self._about(said)
        with self._workspace.db.write() as connection:
            changes = sum(self._say(connection, tag, said, rows) for tag, rows in about)
            set_meta(connection, _ARRIVED, str(int(said.arrival.max())))
        return changes

    def _about(self, said: Said) -> list[tuple[int, np.ndarray]]:
        """(tag, its rows) of every tag that is named; new names are made."""
        found: dict[int, list[np.ndarray]] = {}
        pairs = np.stack([said.codes["tag"], said.codes["tag_group"]], axis=1)
        for pair in np.unique(pairs[pairs[:, 0] >= 0], axis=0):
            name, group = pair.tolist()
            words = said.words["tag"][name], said.words["tag_group"][group] if group >= 0 else ""
            tag = self._tag(*words)
            if tag is not None:
                found.setdefault(tag, []).append(np.flatnonzero((pairs == pair).all(axis=1)))
        return [(tag, np.sort(np.concatenate(rows))) for tag, rows in found.items()]

    def _tag(self, name: str, group: str) -> int | None:
        """The tag of these names, made where there is none; None where it is archived, or cannot
        be made."""
        name, group = (" ".join(one.replace("/", " ").split()) for one in (name, group))
        name, group = name[: rules.NAME_LENGTH], group[: rules.NAME_LENGTH]
        fits = [
            one for one in (*self._tags.list_(), *self._tags.list_(archived=True))
            if one.name.casefold() == name.casefold()
            and (not group or one.group.casefold() == group.casefold())
        ]  # fmt: skip
        if fits:
            return fits[0].id if fits[0].archived_at is None else None
        cabinet = self._tags.cabinet
        try:
            home = next((one for one in self._tags.groups() if _is_home(one, group)), None)
            if home is None:
                code = "" if group else rules.EXTERNAL
                home = cabinet.add_group(group or rules.EXTERNAL_NAME, by="", code=code)
            return cabinet.add(home.id, name, by="", kind="platform").id
        except (BadInput, Conflict):  # no name, or too many of them
            return None

    def _say(self, connection: Connection, tag: int, said: Said, rows: np.ndarray) -> int:
        """Note one tag's events, in rounds in which nobody stands twice."""
        who = said.customer[rows]
        order = np.argsort(who, kind="stable")
        starts = np.r_[True, who[order][1:] != who[order][:-1]]
        first = np.maximum.accumulate(np.where(starts, np.arange(order.size), 0))
        rounds = np.empty(order.size, np.int64)
        rounds[order] = np.arange(order.size) - first
        changes = 0
        for n in range(int(rounds.max()) + 1):
            now = rows[rounds == n]
            for added in (False, True):
                mine = now[said.added[now] == added]
                told = [self._saying(said, row) for row in mine.tolist()]
                changes += self._tags.changing.say(connection, tag, told, added=added)
        return changes

    def _saying(self, said: Said, row: int) -> Saying:
        guide, source = (
            said.words[name][said.codes[name][row]] if said.codes[name][row] >= 0 else ""
            for name in ("guide", "source")
        )
        return Saying(int(said.customer[row]), int(said.time[row]), guide or source, source)


def _is_home(one: TagGroup, name: str) -> bool:
    """Whether a new tag goes into this group: the one that is named, else the one of outsiders."""
    return one.name.casefold() == name.casefold() if name else one.code == rules.EXTERNAL


def read(shards: ShardSet, mark: int) -> Said:
    """Events of tags that arrived after `mark`, in the order of time."""
    parts: dict[str, list[np.ndarray]] = {}
    words = {name: _texts(shards, name) for name in TEXTS}
    for shard in shards.shards:
        view = View(shards, shard, 0, shard.customers.size)
        for name, added in EVENTS.items():
            if name not in shards.event_codes:
                continue
            listed = shard.listed(shards.event_codes[name])
            new = shard.arrival[listed.rows] > mark
            if shard.keep.size:
                new &= shard.keep[listed.who]
            rows = listed.rows[new].astype(np.int64)
            found = {
                "customer": shard.customers[listed.who[new]],
                "time": shard.time[rows],
                "arrival": shard.arrival[rows],
                "added": np.full(rows.size, added),
            }
            for text in TEXTS:
                found[text] = (
                    view.values_at(text, rows) if words[text] else np.full(rows.size, -1, np.int32)
                )
            for key, values in found.items():
                parts.setdefault(key, []).append(values)
    every = {key: np.concatenate(values) for key, values in parts.items()}
    order = np.lexsort((every["arrival"], every["time"]))
    every = {key: values[order] for key, values in every.items()}
    codes = {name: every.pop(name) for name in TEXTS}
    return Said(**every, codes=codes, words=words)


def _texts(shards: ShardSet, name: str) -> list[str]:
    if name not in shards.columns or shards.columns[name].type != "string":
        return []
    return [str(word) for word in shards.dictionary(name).to_pylist()]
