"""Lists of customers and files of tags: who is meant, and what could not be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyroaring import BitMap

from yutang.errors import BadInput, NotFound
from yutang.identity import Identities, Matched, lists
from yutang.tags.model import Done
from yutang.tags.service import Tags
from yutang.workspace import Workspace

MOST_ROWS = 200_000
MOST_BYTES = 16_000_000
# How the first line may call its columns.
IDENTIFIER = ("identifier", "id", "customer", "phone", "member_no", "unionid", "external_userid",
              "标识", "客户", "手机号", "手机", "会员号", "客户标识")  # fmt: skip
TAG = ("tag", "tags", "标签", "标签名", "标签名称")
REASONS = {
    "empty_identifier": "the identifier is missing",
    "empty_tag": "the tag is missing",
    "unknown_tag": "there is no such tag",
    "several_tags": "several groups have a tag of this name",
    "nobody": "nobody has this identifier",
    "several": "it fits several customers",
}


@dataclass(frozen=True)
class Rejected:
    """A row that was not taken. column: identifier | tag; reason: of REASONS."""

    line: int
    column: str
    reason: str
    identifier: str
    tag: str


@dataclass(frozen=True)
class Plan:
    """What a file says: tag → customers, and the rows that cannot be taken. rows: that say
    something."""

    rows: int
    people: Mapping[int, BitMap] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()

    @property
    def taken(self) -> int:
        return self.rows - len(self.rejected)


class Files:
    """Reads lists and files for tags. alive: bool by customer number."""

    def __init__(
        self,
        workspace: Workspace,
        identities: Identities,
        tags: Tags,
        alive: Callable[[], np.ndarray],
    ) -> None:
        self._workspace = workspace
        self._identities = identities
        self._tags = tags
        self._alive = alive

    def match(self, text: str, kind: str = "") -> Matched:
        """Whom a list of identifiers means, one a line. Raises BadInput, also for nobody."""
        find = self._identities.find_customers
        return lists.match(lists.read_lines(text), kind, find, self.existing)

    def match_all(self, identifiers: list[str], kind: str = "") -> Matched:
        """The same of a list in memory; "lines" are its places, from 1."""
        lines = [(n, text.strip()) for n, text in enumerate(identifiers, start=1)]
        return lists.match(lines, kind, self._identities.find_customers, self.existing)

    def existing(self, ids: BitMap) -> BitMap:
        """Those of these customer numbers that there are, merges followed."""
        with self._workspace.db.read() as connection:
            followed = self._identities.survivors.follow(connection, ids)
        alive = self._alive()
        return BitMap([one for one in followed if one < len(alive) and alive[one]])

    def plan(self, text: str, kind: str = "") -> Plan:
        """What a file of the columns identifier and tag says. Raises BadInput where it is none."""
        rows, rejected = _read(text)
        tags: dict[str, int | str] = {}
        found = self._customers([one[1] for one in rows if one[1]], kind)
        people: dict[int, BitMap] = {}
        for line, identifier, name in rows:
            if name not in tags:
                tags[name] = self._tag(name)
            tag, who = tags[name], found.get(identifier, set())
            if isinstance(tag, str):
                rejected.append(Rejected(line, "tag", tag, identifier, name))
            elif len(who) != 1:
                reason = "several" if who else "nobody"
                rejected.append(Rejected(line, "identifier", reason, identifier, name))
            else:
                people.setdefault(tag, BitMap()).update(who)
        total = len(rows) + sum(one.reason.startswith("empty") for one in rejected)
        return Plan(total, people, tuple(sorted(rejected, key=lambda one: one.line)))

    def apply(self, plan: Plan, *, by: str, job: str, note: str = "") -> Done:
        """Give the tags of a plan. Raises BadInput where no row can be taken."""
        if not plan.people:
            raise BadInput("No row of the file can be taken.", hint="See why at each of them.")
        changes: list[int] = []
        added = already = replaced = 0
        for tag, people in plan.people.items():
            done = self._tags.add([tag], people, kind="import", by=by, note=note, job=job)
            changes += done.changes
            added, already = added + done.added, already + done.already
            replaced += done.replaced
        return Done(tuple(changes), added, already, replaced, job)

    def _customers(self, values: list[str], kind: str) -> Mapping[str, set[int]]:
        if kind not in lists.KINDS:
            raise BadInput("There is no kind of identifier “%(kind)s”.", kind=kind[:40])
        if kind != "customer":
            return self._identities.find_customers(values, kind)
        numbers = {one: one.lstrip("#") for one in values}
        ids = {one: int(n) for one, n in numbers.items() if n.isascii() and n.isdigit()}
        here = self.existing(BitMap([n for n in ids.values() if 0 < n < 1 << 32]))
        return {one: {n} for one, n in ids.items() if n in here}

    def _tag(self, name: str) -> int | str:
        try:
            return self._tags.find(name).id
        except NotFound:
            return "unknown_tag"
        except BadInput:
            return "several_tags"


def _read(text: str) -> tuple[list[tuple[int, str, str]], list[Rejected]]:
    """(line, identifier, tag) of each row, and rows where one is missing."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise BadInput("A file has at most %(n)s MB.", n=MOST_BYTES // 1_000_000)
    text = text.removeprefix("\ufeff")
    first = text.split("\n", 1)[0]
    cut = "\t" if "\t" in first else ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text), delimiter=cut)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        who = next((n for n, cell in enumerate(header) if cell in IDENTIFIER), None)
        what = next((n for n, cell in enumerate(header) if cell in TAG), None)
        if who is None or what is None:
            raise BadInput(
                "The first line names no columns “identifier” and “tag”.",
                hint="Write: identifier,tag. Then one customer and one tag a line.",
            )
        return _rows(reader, who, what)
    except csv.Error as error:
        raise BadInput("The file cannot be read as CSV.", hint="Save it as CSV again.") from error


def _rows(reader: Any, who: int, what: int) -> tuple[list[tuple[int, str, str]], list[Rejected]]:
    rows: list[tuple[int, str, str]] = []
    rejected: list[Rejected] = []
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        line = reader.line_num
        identifier, tag = (
            row[place].strip()[:200] if place < len(row) else "" for place in (who, what)
        )
        if not identifier or not tag:
            column = "tag" if identifier else "identifier"
            rejected.append(Rejected(line, column, f"empty_{column}", identifier, tag))
        else:
            rows.append((line, identifier, tag))
        if len(rows) + len(rejected) > MOST_ROWS:
            raise BadInput("A file has at most %(n)s rows.", n=f"{MOST_ROWS:,}")
    if not rows and not rejected:
        raise BadInput("The file has no rows.", hint="Write one customer and one tag a line.")
    return rows, rejected
