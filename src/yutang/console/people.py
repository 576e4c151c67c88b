"""Sets of people that stand behind a number, named in an address so that a link can be shared.

A reference says where the people come from, not who they are: the list is made again when it is
opened, so it is as fresh as the page. `analysis` = a cell of a model's table; `metric` = a metric
of a period.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
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
        members = people_behind(session.brand, what["model"], what["params"], what["cell"])
        return People(members, mark("people of an analysis"))
    if kind == "metric":
        first, last = (date.fromisoformat(what[end]) for end in ("first", "last"))
        period = session.brand.measure.period("custom", first=first, last=last)
        if what["period"] != "custom":
            period = session.brand.measure.period(what["period"])
        members = session.brand.measure.people(what["metric"], period)
        return People(members, mark("people behind a number"))
    raise BadInput("This link to a group of people cannot be read.")


def people_behind(brand: Any, model: str, params: dict[str, Any], cell: Mapping[str, Any]) -> Any:
    """The people of a cell. A page names the column of the value, too; a model whose rows count the
    same people in every column has no use for it."""
    shards, cell = brand.shards(), dict(cell)
    try:
        return analysis.people(model, shards, params, cell)
    except BadInput:
        if cell.pop("measure", None) is None:
            raise
        return analysis.people(model, shards, params, cell)
