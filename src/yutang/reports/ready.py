"""Making the ready dashboards (ready_cards.py) out of what a brand has.

Where a card has no way to be asked it is left out, and the reason said.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yutang.reports.dashboards import Dashboard, Dashboards
from yutang.reports.ready_cards import READY, Ready
from yutang.reports.service import Reports


@dataclass(frozen=True)
class LeftOut:
    """A card that could not be made, and the events or properties that it lacks."""

    zh: str
    en: str
    missing: tuple[str, ...]


def find_ready(key: str) -> Ready | None:
    return next((one for one in READY if one.key == key), None)


def make_ready(
    ready: Ready,
    known: Collection[str],
    dashboards: Dashboards,
    reports: Reports,
    *,
    language: str,
    by: str,
) -> tuple[Dashboard, list[LeftOut]]:
    """A dashboard of its own with reports of its own, all free to be changed.

    known: events and properties of the brand (`customer.…` for attributes); language: "zh" or "en",
    in which its names are written.
    """
    zh = language == "zh"
    made = dashboards.add(
        ready.zh if zh else ready.en,
        by=by,
        description=ready.about[0 if zh else 1],
        settings=ready.settings,
        ready=ready.key,
    )
    left_out = []
    for card in ready.cards:
        way = next((one for one in card.ways if set(one.needs) <= set(known)), None)
        if way is None:
            missing = tuple(one for one in card.ways[0].needs if one not in known)
            left_out.append(LeftOut(card.zh, card.en, missing))
            continue
        names = way.title or (card.zh, card.en)
        report = reports.add(names[0 if zh else 1], way.model, way.params, by=by)
        settings = {"show": way.show, "measure": way.measure}
        dashboards.add_card(made.id, report_id=report.id, width=card.width, settings=settings)
    return dashboards.get(made.id), left_out


def names_of(shards: Any) -> set[str]:
    """Events and properties that a brand's facts hold, as `make_ready` wants them."""
    attributes = {f"customer.{name}" for name in shards.attributes}
    return {*shards.event_names, *shards.columns, *attributes}


def words_of(left_out: Sequence[LeftOut], names: Mapping[str, str], *, language: str) -> str:
    """The left out cards with their reasons as the words of a card; "" where there are none.
    names: what the brand calls events and properties."""
    zh = language == "zh"
    lines = []
    for one in left_out:
        lacks = ("、" if zh else ", ").join(names.get(name, name) for name in one.missing)
        lines.append(f"{one.zh}：还没有{lacks}" if zh else f"{one.en}: there is no {lacks} yet")
    return "\n".join(lines)
