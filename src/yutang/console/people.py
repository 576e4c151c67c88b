"""Sets of people that stand behind a number, named in an address so that a link can be shared.

A reference says where the people come from, not who they are: the list is made again when it is
opened, so it is as fresh as the page. The kinds are those of `segments.Origin`.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from yutang.console.guard import Session
from yutang.console.language import mark
from yutang.segments import unreadable


@dataclass(frozen=True)
class People:
    """`members` is a bitmap of customer ids; `title` is a message, or final text (`plain`)."""

    members: Any
    title: str
    plain: bool = False


TITLES = {
    "analysis": mark("people of an analysis"),
    "metric": mark("people behind a number"),
    "movement": mark("people who moved between layers"),
    "lifecycle": mark("people who moved between stages"),
    "matrix": mark("people of the strategy matrix"),
    "products": mark("people behind a number of products"),
    "segment": mark("people of a segment"),
    "rule": mark("people of a rule"),
    "change": mark("people who came or went"),
    "group": mark("people of customer groups"),
}


def reference(kind: str, **what: Any) -> str:
    """The text that stands for the people in an address."""
    raw = json.dumps({"kind": kind, **what}, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def origin_of(text: str) -> dict[str, Any]:
    """What a reference says. Raises BadInput when it cannot be read."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = json.loads(raw)
    except (binascii.Error, ValueError) as error:
        raise unreadable() from error
    if not isinstance(found, dict):
        raise unreadable()
    return found


def people_of(session: Session, text: str) -> People:
    """The people a reference stands for. Raises BadInput when it cannot be read."""
    origin = origin_of(text)
    kind = origin.get("kind")
    if kind not in TITLES:
        raise unreadable()
    members = session.brand.segments.origins.people(origin)
    if kind == "segment":
        return People(members, session.brand.segments.get(int(origin["segment"])).name, True)
    return People(members, TITLES[kind])
