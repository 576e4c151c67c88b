"""The tags that guides set, judged: reads what `quality` counts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyroaring import BitMap

from yutang.errors import BadInput, NotFound
from yutang.identity import Identities
from yutang.kit.clock import DAY_MS
from yutang.sequence.memberships import ids_of
from yutang.tags import quality, repository, rules
from yutang.tags.holding import is_archived
from yutang.tags.model import Tag
from yutang.tags.quality import Agreement, Contacts, Found, GuideQuality, Holdings
from yutang.tags.service import Tags
from yutang.workspace import Workspace

_OURS = ("computed", "rule")  # tags that nobody sets by hand


@dataclass(frozen=True)
class TagQuality:
    """One tag. set: how many have it because a person gave it; agreement: with the behaviour it is
    tied to; found: where it is tied to none, what tells its people from the others."""

    tag: Tag
    set: int
    agreement: Agreement | None
    found: Found | None
    problem: str = ""


@dataclass(frozen=True)
class Quality:
    """now: the newest fact, from which ages are counted; days: of the period, 0 = all."""

    now: int
    days: int
    guides: list[GuideQuality]
    tags: list[TagQuality]
    contacts: int
    tagged: int


class Judging:
    """Tagging quality of one brand.

    contacts: live contacts of guides; buyers: category → who bought it; people_of: who meets a
    rule; as_of: the newest fact (UTC ms).
    """

    def __init__(
        self,
        workspace: Workspace,
        identities: Identities,
        tags: Tags,
        contacts: Callable[[], Contacts],
        buyers: Callable[[], Mapping[str, BitMap]],
        people_of: Callable[[Mapping[str, Any]], BitMap],
        as_of: Callable[[], tuple[int, int]],
    ) -> None:
        self._workspace = workspace
        self._survivors = identities.survivors
        self._tags = tags
        self._contacts = contacts
        self._buyers = buyers
        self._people_of = people_of
        self._as_of = as_of
        self._lock = threading.Lock()
        self._kept: tuple[Any, dict[int, Quality]] = (None, {})

    def quality(self, days: int = 0) -> Quality:
        """Of contacts that began in the last days (0 = all that live). Kept until tags or facts
        change."""
        with self._lock:
            stamp = (self._as_of(), self._tags.stamp())
            if self._kept[0] != stamp:
                self._kept = (stamp, {})
            if days not in self._kept[1]:
                self._kept[1][days] = self._judge(days)
            return self._kept[1][days]

    def categories(self) -> list[str]:
        """What a tag can be tied to buying."""
        return sorted(self._buyers())

    def tie(self, tag_id: int, behaviour: Mapping[str, Any] | None) -> Tag:
        """Tie a tag to what its people should do or be: {"category"}, or {"filter"} over customer
        attributes; None unties it. Raises NotFound, BadInput."""
        self._tags.get(tag_id)
        if behaviour is not None:
            self._shows(behaviour, self._buyers())
        return self._tags.cabinet.set_behaviour(tag_id, behaviour)

    # --- inside ------------------------------------------------------------------------------
    def _judge(self, days: int) -> Quality:
        now, _ = self._as_of()
        since = now - days * DAY_MS if days else 0
        every = self._contacts()
        contacts = every.since_(since) if days else every
        holdings = self._holdings(every.guides)
        behaviours: dict[int, BitMap] = {}
        tags = [tag for tag in self._tags.list_() if tag.kind not in _OURS]
        buyers = self._buyers() if tags else {}
        judged = [self._of_tag(tag, contacts, holdings, buyers, behaviours) for tag in tags]
        guides = quality.guides_of(contacts, holdings, behaviours, now, since)
        people = np.unique(contacts.customer)
        tagged = int(np.isin(people, holdings.customer).sum())
        return Quality(now, days, guides, judged, people.size, tagged)

    def _of_tag(
        self,
        tag: Tag,
        contacts: Contacts,
        holdings: Holdings,
        buyers: Mapping[str, BitMap],
        behaviours: dict[int, BitMap],
    ) -> TagQuality:
        mine = BitMap(holdings.customer[holdings.tag == tag.id])
        if tag.behaviour is None:
            return TagQuality(tag, len(mine), None, quality.strongest(mine, buyers))
        try:
            shows = self._shows(tag.behaviour, buyers)
        except (BadInput, NotFound) as error:
            return TagQuality(tag, len(mine), None, None, str(error))
        behaviours[tag.id] = shows
        among = quality.agreement(mine, shows, BitMap(contacts.customer))
        return TagQuality(tag, len(mine), among, None)

    def _shows(self, behaviour: Mapping[str, Any], buyers: Mapping[str, BitMap]) -> BitMap:
        if set(behaviour) == {"category"}:
            if behaviour["category"] not in buyers:
                raise BadInput(
                    "Nobody has bought the category “%(name)s”.",
                    name=str(behaviour["category"])[:80],
                )
            return buyers[behaviour["category"]]
        if set(behaviour) == {"filter"}:
            return self._people_of(behaviour)
        raise BadInput("A tag is tied to a category, or to a condition over customer attributes.")

    def _holdings(self, guides: Sequence[str]) -> Holdings:
        """Tags that a person gave, or that a platform says a guide gave."""
        codes = {name: n for n, name in enumerate(guides)}
        with self._workspace.db.read() as connection:
            state = self._tags.state(connection)
            ids = [
                id_ for id_, row in state.tags.items()
                if row.kind not in _OURS and not is_archived(id_, state)
            ]  # fmt: skip
            words = repository.words_of_all(connection, ids)
            rows, texts = repository.additions(connection, ids)
            parts = []
            for id_ in ids:
                numbers = ids_of(state.stored[id_])
                last, _ = rules.last_words(numbers, *words[id_])
                who = self._survivors.today(connection, numbers)
                parts.append(np.stack([who, np.full(who.size, id_), last], axis=1, dtype=np.int64))
        if not parts or not len(rows):
            none = np.empty(0, np.int64)
            return Holdings(none.astype(np.uint32), none, none, none.astype(np.int32))
        every = np.concatenate(parts)
        at = np.minimum(np.searchsorted(rows[:, 0], every[:, 2]), len(rows) - 1)
        by = np.array([codes.get(text, -1) for text in texts], np.int32)[at]
        mine = (rows[at, 0] == every[:, 2]) & ((rows[at, 2] == 1) | (by >= 0))
        return Holdings(
            every[mine, 0].astype(np.uint32), every[mine, 1], rows[at[mine], 1], by[mine]
        )
