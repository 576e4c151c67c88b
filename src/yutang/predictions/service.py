"""Predictions of one brand, fitted anew whenever its facts have moved."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection

from yutang.customers import Customers
from yutang.errors import BadInput
from yutang.ingest import get_meta, set_meta
from yutang.predictions.fitting import MODELS, Fitted, Model, fitted
from yutang.predictions.holdout import Holdout, hold_out
from yutang.predictions.purchases import Purchases, day_number, from_sales
from yutang.sequence.calendar import day_of
from yutang.workspace import Workspace

_SETTINGS = "predictions"


@dataclass(frozen=True)
class Settings:
    """margin: contribution margin, the share of a purchase's value that is earned; discount: a
    year."""

    margin: float = 1.0
    discount: float = 0.1


class Predictions:
    """Predictions over all orders of a brand's customers."""

    def __init__(self, workspace: Workspace, customers: Customers) -> None:
        self._workspace = workspace
        self._customers = customers
        self._lock = threading.Lock()
        self._kept: dict[Model, tuple[tuple[int, int], Fitted]] = {}

    def purchases(self, until: date | None = None) -> Purchases:
        """Purchase days up to a day, else up to the newest fact. Raises BadInput without orders."""
        snapshot = self._customers.snapshot()
        if not len(snapshot.sales):
            raise BadInput("There are no orders yet.", hint="Import orders first.")
        newest = day_number(day_of(snapshot.as_of, self._workspace.zone))
        last = newest if until is None else min(newest, day_number(until))
        return from_sales(snapshot.sales, snapshot.people.alive, last)

    def fitted(self, model: Model = "bgnbd", until: date | None = None) -> Fitted:
        """The model of today, or as it would have been on a day. Raises BadInput."""
        if until is not None:
            return fitted(self.purchases(until), model)
        with self._lock:  # the second who asks waits for the first one's answer
            snapshot = self._customers.snapshot()
            stamp = (snapshot.version, snapshot.made_at)
            held = self._kept.get(model)
            if held is None or held[0] != stamp:
                held = self._kept[model] = stamp, fitted(self.purchases(), model)
            return held[1]

    def holdout(self, model: Model = "bgnbd", until: date | None = None) -> Holdout:
        """Whether the model would have foretold the last third of the time. Raises BadInput."""
        return hold_out(self.purchases(until), model)

    def settings(self) -> Settings:
        with self._workspace.db.read() as connection:
            return _settings(connection)

    def set_settings(self, *, margin: float, discount: float) -> Settings:
        """Raises BadInput."""
        new = check_settings(Settings(), margin, discount)
        with self._workspace.db.write() as connection:
            set_meta(connection, _SETTINGS, json.dumps(asdict(new)))
        return new


def check_model(name: str) -> Model:
    """The model of this name. Raises BadInput."""
    found = next((model for model in MODELS if model == name), None)
    if found is None:
        raise BadInput(
            "There is no model “%(name)s”.", hint=f"Choose one of: {', '.join(MODELS)}.", name=name
        )
    return found


def check_settings(known: Settings, margin: float | None, discount: float | None) -> Settings:
    """`known` with what is given. Raises BadInput."""
    new = Settings(
        known.margin if margin is None else margin, known.discount if discount is None else discount
    )
    if not 0 < new.margin <= 1:
        raise BadInput("The contribution margin lies above 0 and is at most 1.")
    if not 0 <= new.discount <= 1:
        raise BadInput("The discount rate of a year lies between 0 and 1.")
    return new


def _settings(connection: Connection) -> Settings:
    text = get_meta(connection, _SETTINGS)
    return Settings(**json.loads(text)) if text else Settings()
