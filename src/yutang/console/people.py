"""Sets of people that stand behind a number, named in an address so that a link can be shared.

A reference says where the people come from, not who they are: the list is made again when it is
opened, so it is as fresh as the page. `analysis` = a cell of a model's table; `metric` = a metric
of a period; `movement` = who went from one layer of RFM to another between two runs.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from yutang import analysis
from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.errors import BadInput


@dataclass(frozen=True)
class People:
    """`members` is a bitmap of customer ids; `title` is a message."""

    members: Any
    title: str


def reference(kind: str, **what: Any) -> str:
    """The text that stands for the people in an address."""
    raw = json.dumps({"kind": kind, **what}, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def people_of(session: Session, text: str) -> People:
    """The people a reference stands for. Raises BadInput when it cannot be read."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        what = json.loads(raw)
        kind = what.pop("kind")
    except (binascii.Error, ValueError, KeyError, AttributeError) as error:
        raise BadInput("This link to a group of people cannot be read.") from error
    if kind == "analysis":
        return People(_of_analysis(session, what), mark("people of an analysis"))
    if kind == "movement":
        return People(_of_movement(session, what), mark("people who moved between layers"))
    if kind == "metric":
        first, last = (date.fromisoformat(what[end]) for end in ("first", "last"))
        period = session.brand.measure.period("custom", first=first, last=last)
        if what["period"] != "custom":
            period = session.brand.measure.period(what["period"])
        members = session.brand.measure.people(what["metric"], period)
        return People(members, mark("people behind a number"))
    raise BadInput("This link to a group of people cannot be read.")


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise BadInput("This link to a group of people cannot be read.")
    return value


def _of_movement(session: Session, what: dict[str, Any]) -> Any:
    movement = session.brand.runs.movement(
        session.brand.shards(),
        _whole(what["before"]),
        _whole(what["after"]),
        session.brand.measure.today(),
        edges=str(what["edges"]),
    )
    before, after = what["cell"]
    return movement.people(str(before), str(after))


def _of_analysis(session: Session, what: dict[str, Any]) -> Any:
    """The people of a cell. A page names the column of the value, too; a model whose rows count the
    same people in every column has no use for it."""
    shards, cell = session.brand.shards(), dict(what["cell"])
    try:
        return analysis.people(what["model"], shards, what["params"], cell)
    except BadInput:
        if cell.pop("measure", None) is None:
            raise
        return analysis.people(what["model"], shards, what["params"], cell)
