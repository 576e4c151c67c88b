"""Predictions of one brand, fitted anew whenever its facts have moved."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Connection

from yutang.customers import Customers
from yutang.errors import BadInput
from yutang.ingest import get_meta, set_meta
from yutang.predictions.fitting import MODELS, Fitted, Model, Scores, fitted
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
        self._stamp: tuple[int, int] = (0, 0)
        self._kept: dict[tuple[Any, ...], Any] = {}

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
        with self._lock:
            return self._fitted(model)

    def scores(self, model: Model = "bgnbd") -> Scores:
        """What the model of today expects of each customer. Raises BadInput."""
        used = self.settings()
        with self._lock:
            found = self._fitted(model)
            return cast(
                Scores,
                self._once(
                    ("scores", model, used),
                    lambda: found.scores(margin=used.margin, discount=used.discount),
                ),
            )

    def holdout(self, model: Model = "bgnbd", until: date | None = None) -> Holdout:
        """Whether the model would have foretold the last third of the time. Raises BadInput."""
        if until is not None:
            return hold_out(self.purchases(until), model)
        with self._lock:
            made = self._once(("holdout", model), lambda: hold_out(self.purchases(), model))
            return cast(Holdout, made)

    def _fitted(self, model: Model) -> Fitted:
        return cast(Fitted, self._once(("fit", model), lambda: fitted(self.purchases(), model)))

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What was made of the facts as they stand; the caller holds the lock, so that the second
        who asks waits for the first one's answer."""
        snapshot = self._customers.snapshot()
        stamp = (snapshot.version, snapshot.made_at)
        if stamp != self._stamp:
            self._stamp, self._kept = stamp, {}
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

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
        raise BadInput("There is no model “%(name)s”.", hint="Choose bgnbd or pnbd.", name=name)
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
