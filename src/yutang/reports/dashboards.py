"""Dashboards: saved reports and words side by side, under common days and a common filter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yutang.errors import BadInput, NotFound
from yutang.reports.belongings import FILES, forget_schedules
from yutang.reports.service import checked_name
from yutang.state.brand import dashboard_cards, dashboards, saved_reports, schedules
from yutang.workspace import Workspace

SHOWS: dict[str, tuple[str, str]] = {
    "chart": ("图表", "chart"),
    "number": ("数字", "number"),
    "table": ("表格", "table"),
}
WIDTHS = (3, 4, 6, 8, 9, 12)  # of 12 columns
COLUMNS = 12
MOST_CARDS = 40  # of a dashboard: all are asked when it is opened
MOST_DASHBOARDS = 200
DESCRIPTION_LENGTH = 500
NOTE_LENGTH = 4_000
SETTINGS_LENGTH = 20_000  # as JSON
_KNOWN = ("show", "title", "measure")


@dataclass(frozen=True)
class Card:
    """`report_id` is None on a card of words. settings: `show` (SHOWS), `title` (instead of the
    report's name), `measure` (the column that a number shows)."""

    id: int
    report_id: int | None
    note: str
    settings: Mapping[str, Any]
    position: int
    width: int

    @property
    def show(self) -> str:
        return str(self.settings.get("show", "chart"))

    @property
    def title(self) -> str:
        return str(self.settings.get("title", ""))

    @property
    def measure(self) -> str:
        return str(self.settings.get("measure", ""))


@dataclass(frozen=True)
class Dashboard:
    """`settings`: the scope it opens with (scope.py). `cards` in their order; times UTC ms."""

    id: int
    name: str
    description: str
    settings: Mapping[str, Any]
    ready: str
    created_by: str
    created_at: int
    changed_at: int
    cards: tuple[Card, ...] = ()


_COLUMNS = [
    dashboards.c[name]
    for name in (
        "id", "name", "description", "settings", "ready", "created_by", "created_at", "changed_at",
    )
]  # fmt: skip
_CARD = dashboard_cards.c
_CARD_COLUMNS = [
    _CARD[name] for name in ("id", "report_id", "note", "settings", "position", "width")
]


class Dashboards:
    """Dashboards of one brand. A card that is removed stays, hidden, until the next one is, so that
    it can be put back: its position is negative then."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def list_(self) -> list[Dashboard]:
        """With their cards; those changed last first."""
        query = select(*_COLUMNS).order_by(dashboards.c.changed_at.desc(), dashboards.c.id)
        cards = select(_CARD.dashboard_id, *_CARD_COLUMNS).where(_CARD.position >= 0)
        by: dict[int, list[Card]] = {}
        with self._workspace.db.read() as connection:
            for of, *card in connection.execute(cards.order_by(_CARD.position, _CARD.id)):
                by.setdefault(of, []).append(Card(*card))
            return [
                replace(Dashboard(*row), cards=tuple(by.get(row.id, ())))
                for row in connection.execute(query)
            ]

    def get(self, dashboard_id: int) -> Dashboard:
        with self._workspace.db.read() as connection:
            return _get(connection, dashboard_id)

    def find(self, name: str) -> Dashboard | None:
        """By its number or its name."""
        found = self.list_()
        return next((one for one in found if str(one.id) == name or one.name == name), None)

    def add(
        self,
        name: str,
        *,
        by: str,
        description: str = "",
        settings: Mapping[str, Any] | None = None,
        ready: str = "",
    ) -> Dashboard:
        with self._workspace.db.write() as connection:
            count = connection.execute(select(func.count()).select_from(dashboards)).scalar_one()
            if count >= MOST_DASHBOARDS:
                raise BadInput(
                    "A brand has at most %(n)d dashboards.",
                    hint="Remove one first.",
                    n=MOST_DASHBOARDS,
                )
            now = self._workspace.now()
            new = connection.execute(
                insert(dashboards)
                .values(
                    name=checked_name(name), description=_description(description),
                    settings=_settings(settings), ready=ready, created_by=by,
                    created_at=now, changed_at=now,
                )
                .returning(dashboards.c.id)
            ).scalar_one()  # fmt: skip
            return _get(connection, int(new))

    def change(
        self,
        dashboard_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Dashboard:
        """What is None stays."""
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = checked_name(name)
        if description is not None:
            values["description"] = _description(description)
        if settings is not None:
            values["settings"] = _settings(settings)
        with self._workspace.db.write() as connection:
            _get(connection, dashboard_id)
            self._touch(connection, dashboard_id, **values)
            return _get(connection, dashboard_id)

    def copy(self, dashboard_id: int, name: str, *, by: str) -> Dashboard:
        """The same cards over the same reports under another name."""
        before = self.get(dashboard_id)
        made = self.add(
            name,
            by=by,
            description=before.description,
            settings=before.settings,
            ready=before.ready,
        )
        with self._workspace.db.write() as connection:
            for card in before.cards:
                values = {c.name: getattr(card, c.name) for c in _CARD_COLUMNS if c.name != "id"}
                connection.execute(insert(dashboard_cards).values(dashboard_id=made.id, **values))
        return self.get(made.id)

    def remove(self, dashboard_id: int) -> None:
        """The dashboard with its cards and schedules; its reports stay."""
        with self._workspace.db.write() as connection:
            _get(connection, dashboard_id)
            connection.execute(delete(dashboard_cards).where(_CARD.dashboard_id == dashboard_id))
            files = forget_schedules(connection, schedules.c.dashboard_id == dashboard_id)
            connection.execute(delete(dashboards).where(dashboards.c.id == dashboard_id))
        for name in files:
            (self._workspace.root / FILES / name).unlink(missing_ok=True)

    def add_card(
        self,
        dashboard_id: int,
        *,
        report_id: int | None = None,
        note: str = "",
        width: int = 6,
        settings: Mapping[str, Any] | None = None,
    ) -> Card:
        """A card at the end: of a saved report, or of words. Raises BadInput, NotFound."""
        values = _checked_card(report_id, note, width, settings)
        with self._workspace.db.write() as connection:
            before = _get(connection, dashboard_id).cards
            if len(before) >= MOST_CARDS:
                raise BadInput(
                    "A dashboard has at most %(n)d cards.",
                    hint="Make a second dashboard.",
                    n=MOST_CARDS,
                )
            wanted = select(saved_reports.c.id).where(saved_reports.c.id == report_id)
            if report_id is not None and connection.execute(wanted).first() is None:
                raise NotFound("There is no such report.")
            place = before[-1].position + 1 if before else 0
            new = connection.execute(
                insert(dashboard_cards)
                .values(dashboard_id=dashboard_id, report_id=report_id, position=place, **values)
                .returning(_CARD.id)
            ).scalar_one()
            self._touch(connection, dashboard_id)
            return _card(connection, dashboard_id, int(new))

    def change_card(
        self,
        dashboard_id: int,
        card_id: int,
        *,
        width: int | None = None,
        note: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Card:
        """What is None stays."""
        with self._workspace.db.write() as connection:
            card = _card(connection, dashboard_id, card_id)
            values = _checked_card(
                card.report_id,
                card.note if note is None else note,
                card.width if width is None else width,
                card.settings if settings is None else settings,
            )
            connection.execute(update(dashboard_cards).where(_CARD.id == card_id).values(**values))
            self._touch(connection, dashboard_id)
            return _card(connection, dashboard_id, card_id)

    def order(self, dashboard_id: int, card_ids: Sequence[int]) -> None:
        """The cards in this order; those that are not named follow in the order they had."""
        with self._workspace.db.write() as connection:
            known = [card.id for card in _get(connection, dashboard_id).cards]
            first = [one for one in dict.fromkeys(card_ids) if one in known]
            for place, one in enumerate([*first, *(one for one in known if one not in first)]):
                connection.execute(
                    update(dashboard_cards).where(_CARD.id == one).values(position=place)
                )
            self._touch(connection, dashboard_id)

    def remove_card(self, dashboard_id: int, card_id: int) -> Card:
        with self._workspace.db.write() as connection:
            card = _card(connection, dashboard_id, card_id)
            gone = (_CARD.dashboard_id == dashboard_id) & (_CARD.position < 0)
            connection.execute(delete(dashboard_cards).where(gone))
            self._move(connection, card_id, -1 - card.position)
            self._touch(connection, dashboard_id)
            return card

    def restore_card(self, dashboard_id: int, card_id: int) -> Card:
        """Put back the card that was removed last. Raises NotFound where it is gone for good."""
        with self._workspace.db.write() as connection:
            card = _card(connection, dashboard_id, card_id, removed=True)
            self._move(connection, card_id, -1 - card.position)
            self._touch(connection, dashboard_id)
            return _card(connection, dashboard_id, card_id)

    def removed_card(self, dashboard_id: int) -> Card | None:
        """The card that can be put back."""
        query = select(*_CARD_COLUMNS).where(_CARD.dashboard_id == dashboard_id, _CARD.position < 0)
        with self._workspace.db.read() as connection:
            row = connection.execute(query).first()
        return Card(*row) if row else None

    def _move(self, connection: Connection, card_id: int, position: int) -> None:
        connection.execute(
            update(dashboard_cards).where(_CARD.id == card_id).values(position=position)
        )

    def _touch(self, connection: Connection, dashboard_id: int, **values: Any) -> None:
        values["changed_at"] = self._workspace.now()
        connection.execute(
            update(dashboards).where(dashboards.c.id == dashboard_id).values(**values)
        )


def _get(connection: Connection, dashboard_id: int) -> Dashboard:
    row = connection.execute(select(*_COLUMNS).where(dashboards.c.id == dashboard_id)).first()
    if row is None:
        raise NotFound("There is no such dashboard.", hint="Somebody may have removed it.")
    query = select(*_CARD_COLUMNS).where(_CARD.dashboard_id == dashboard_id, _CARD.position >= 0)
    cards = connection.execute(query.order_by(_CARD.position, _CARD.id))
    return replace(Dashboard(*row), cards=tuple(Card(*card) for card in cards))


def _card(
    connection: Connection, dashboard_id: int, card_id: int, *, removed: bool = False
) -> Card:
    row = connection.execute(
        select(*_CARD_COLUMNS).where(_CARD.dashboard_id == dashboard_id, _CARD.id == card_id)
    ).first()
    if row is None or (row.position < 0) != removed:
        raise NotFound("There is no such card.", hint="Somebody may have removed it.")
    return Card(*row)


def _checked_card(
    report_id: int | None, note: str, width: int, settings: Mapping[str, Any] | None
) -> dict[str, Any]:
    note = note.strip()
    if report_id is None and not note:
        raise BadInput("A card holds a saved report or words.", hint="Choose one, or write some.")
    if len(note) > NOTE_LENGTH:
        raise BadInput("The words of a card have at most %(n)d characters.", n=NOTE_LENGTH)
    if not 1 <= width <= COLUMNS:
        raise BadInput("A card is 1 to %(n)d columns wide.", n=COLUMNS)
    kept = {key: str(value).strip() for key, value in (settings or {}).items() if value}
    unknown = sorted(set(kept) - set(_KNOWN))
    if unknown:
        raise BadInput("A card has no setting “%(name)s”.", name=unknown[0][:40])
    if kept.get("show", "chart") not in SHOWS:
        raise BadInput("A card cannot be shown as “%(name)s”.", name=kept["show"][:40])
    if "title" in kept:
        kept["title"] = checked_name(kept["title"])
    if len(kept.get("measure", "")) > 200:
        raise BadInput("A card has no setting “%(name)s”.", name="measure")
    return {"note": note, "width": width, "settings": kept}


def _description(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_LENGTH:
        raise BadInput("A description has at most %(n)d characters.", n=DESCRIPTION_LENGTH)
    return text


def _settings(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    kept = dict(settings or {})
    if len(json.dumps(kept)) > SETTINGS_LENGTH:
        raise BadInput("The filter is too long.", hint="Use fewer conditions.")
    return kept
