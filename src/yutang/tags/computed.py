"""Tags that a rule gives: whoever meets it has the tag, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
from pyroaring import BitMap

from yutang.errors import BadInput, NotFound, YutangError
from yutang.sequence.everybody import people_where
from yutang.sequence.shard import ShardSet
from yutang.tags.model import Done, Tag
from yutang.tags.rules import PROPERTY
from yutang.tags.service import Tags

PeopleOfRule = Callable[[Mapping[str, Any]], BitMap]
MOST_RULE = 8_000  # characters of a condition as JSON


def no_rules(rule: Mapping[str, Any]) -> BitMap:
    """Where nothing keeps rules of segments yet."""
    raise BadInput("There are no rules of segments yet.")


class Computed:
    """The rules of tags.

    {"filter": …} of a computed tag: a condition over customer attributes. Any other rule, of a
    `rule` tag, is asked of `people_of_rule`. customers: uint32 ids of those who are alive.
    """

    def __init__(
        self,
        tags: Tags,
        shards: Callable[[], ShardSet],
        customers: Callable[[], np.ndarray],
        today: Callable[[], date],
        people_of_rule: PeopleOfRule = no_rules,
    ) -> None:
        self._tags = tags
        self._shards = shards
        self._customers = customers
        self._today = today
        self._people_of_rule = people_of_rule
        self._asked: tuple[object, ...] = ()

    def people(self, rule: Mapping[str, Any]) -> BitMap:
        """Who meets a rule today. Raises BadInput, and NotFound before there are caches."""
        if "filter" not in rule:
            return self._people_of_rule(rule)
        spec = rule["filter"]
        text = json.dumps(spec)
        if len(text) > MOST_RULE:
            raise BadInput("A condition has at most %(n)s characters.", n=f"{MOST_RULE:,}")
        if f'"{PROPERTY}"' in text:
            raise BadInput("A tag's condition cannot ask for tags: it would ask for itself.")
        return people_where(spec, self._shards(), self._customers(), today=self._today())

    def is_behind(self, facts_version: int) -> bool:
        """Were the rules asked of other facts, or of other rules, last?"""
        return self._asked != self._question(facts_version)

    def recompute(self, facts_version: int = 0) -> list[tuple[Tag, Done]]:
        """Bring every computed and rule tag up to date; those that changed. What cannot be asked
        (any more) stays as it is."""
        changed = []
        self._asked = self._question(facts_version)
        for tag in self._tags.list_():
            if tag.rule is None:
                continue
            try:
                wanted = self.people(tag.rule)
            except (BadInput, NotFound):
                continue
            changed += [(tag, done) for done in self._settle(tag, wanted) if done.changes]
        return changed

    def problem(self, tag: Tag) -> YutangError | None:
        """Why a tag's rule cannot be asked; None where it can."""
        try:
            self.people(tag.rule or {})
        except (BadInput, NotFound) as error:
            return error
        return None

    def _question(self, facts_version: int) -> tuple[object, ...]:
        asked = [(tag.id, json.dumps(tag.rule)) for tag in self._tags.list_() if tag.rule]
        return (facts_version, self._today(), tuple(asked))

    def _settle(self, tag: Tag, wanted: BitMap) -> list[Done]:
        has = self._tags.people(tag.id)
        kind = "rule" if tag.kind == "rule" else "computed"
        out = []
        if new := wanted - has:
            out.append(self._tags.add([tag.id], new, kind=kind, by=""))
        if gone := has - wanted:
            out.append(self._tags.remove([tag.id], gone, kind=kind, by=""))
        return out
