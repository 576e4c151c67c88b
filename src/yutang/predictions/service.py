"""Predictions of one brand: fitted by the worker after the orders have moved, once a day, and by
a page where nothing fitting is kept. Who refuses profiling is nowhere in them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any, TypeVar

import numpy as np
from pyroaring import BitMap
from sqlalchemy import Connection

from yutang.customers import Customers, Snapshot
from yutang.errors import BadInput
from yutang.ingest import get_meta, set_meta
from yutang.kit.bitmaps import packed
from yutang.predictions.attributes import attributes_of
from yutang.predictions.fitting import MODELS, Fitted, Model, Scores, fitted
from yutang.predictions.holdout import Holdout, hold_out
from yutang.predictions.keeping import Keeper, Kept, Settings
from yutang.predictions.purchases import Purchases, day_number, from_sales
from yutang.sequence.calendar import day_of
from yutang.sequence.source import Attribute
from yutang.workspace import Workspace

_SETTINGS = "predictions"
_USED: Model = "bgnbd"  # of which attributes are made
Made = TypeVar("Made", Fitted, Scores, Holdout)


class Predictions:
    """Predictions over all orders of a brand's customers. refusing: gives those who refuse
    profiling: the models are fitted without them, and nothing is said of them."""

    def __init__(
        self,
        workspace: Workspace,
        customers: Customers,
        refusing: Callable[[], BitMap] = BitMap,
    ) -> None:
        self._workspace = workspace
        self._customers = customers
        self._refusing = refusing
        self._keeper = Keeper(workspace.cache / "predictions")
        self._lock = threading.Lock()
        self._named: tuple[tuple[Any, ...], str] = ((), "")
        self._made_of = ""
        self._made: dict[tuple[Any, ...], Any] = {}
        self._attributes: tuple[Any, dict[str, Attribute]] = (None, {})

    # --- asking ------------------------------------------------------------------------------
    def purchases(self, until: date | None = None) -> Purchases:
        """Purchase days up to a day, else up to the newest fact. Raises BadInput without orders."""
        snapshot = self._customers.snapshot()
        if not len(snapshot.sales):
            raise BadInput("There are no orders yet.", hint="Import orders first.")
        newest = day_number(day_of(snapshot.as_of, self._workspace.zone))
        last = newest if until is None else min(newest, day_number(until))
        return from_sales(snapshot.sales, self._told(snapshot.people.alive), last)

    def fitted(self, model: Model = "bgnbd", until: date | None = None) -> Fitted:
        """The model of today, or as it would have been on a day. Raises BadInput."""
        if until is not None:
            return fitted(self.purchases(until), model)
        with self._lock:
            return self._fitted(model)

    def scores(self, model: Model = "bgnbd") -> Scores:
        """What the model of today expects of each customer. Raises BadInput."""
        used = self.settings()

        def make() -> Scores:
            found = self._fitted(model)
            return found.scores(margin=used.margin, discount=used.discount)

        with self._lock:
            return self._once(
                ("scores", model, used),
                model,
                lambda kept: kept.scores if kept.settings == used else None,
                make,
            )

    def holdout(self, model: Model = "bgnbd", until: date | None = None) -> Holdout:
        """Whether the model would have foretold the last third of the time. Raises BadInput."""
        if until is not None:
            return hold_out(self.purchases(until), model)
        with self._lock:
            return self._once(
                ("holdout", model),
                model,
                lambda kept: kept.holdout,
                lambda: hold_out(self.purchases(), model),
            )

    def known(self) -> dict[Model, Fitted]:
        """The models of today that need not be fitted for it."""
        found: dict[Model, Fitted] = {}
        with self._lock:
            made_of = self._stand()
            for model in MODELS:
                kept = self._keeper.read(model)
                one = self._made.get(("fit", model))
                if one is None and kept is not None and kept.made_of == made_of:
                    one = kept.fitted
                if one is not None:
                    found[model] = one
        return found

    def refused(self) -> int:
        """How many customers refuse profiling."""
        return len(self._refusing())

    def attributes(self) -> dict[str, Attribute]:
        """Customer attributes of what was expected last, by which any analysis can filter and
        group; none before anything was fitted. Never fits; the same object until they change."""
        kept, refusing = self._keeper.read(_USED), self._refusing()
        if kept is None:
            return {}
        used = self.settings()
        with self._lock:
            key, held = self._attributes
            if key is None or key[0] is not kept or key[1:] != (used, refusing):
                scores = kept.scores
                if kept.settings != used:
                    scores = kept.fitted.scores(margin=used.margin, discount=used.discount)
                held = attributes_of(scores, refusing, self._workspace.zone)
                self._attributes = ((kept, used, refusing.copy()), held)
            return held

    # --- the worker --------------------------------------------------------------------------
    def refresh(self) -> tuple[Model, ...]:
        """Fit what was fitted last on an earlier day and on other orders, and keep it (the worker
        only). The models that were fitted."""
        if not len(self._customers.snapshot().sales):
            return ()
        now, used = self._workspace.now(), self.settings()
        today = day_of(now, self._workspace.zone)
        with self._lock:
            made_of = self._stand()
        done: list[Model] = []
        for model in MODELS:
            last = self._keeper.read(model)
            if last is not None and (
                last.made_of == made_of or day_of(last.made_at, self._workspace.zone) >= today
            ):
                continue
            try:
                found = fitted(self.purchases(), model)
            except BadInput:  # too few who bought again: a page says so
                continue
            scores = found.scores(margin=used.margin, discount=used.discount)
            kept = Kept(made_of, now, used, found, scores, self._tested(model))
            self._keeper.write(model, kept)
            done.append(model)
        return tuple(done)

    def clear(self) -> None:
        """Forget what is kept: the facts are made anew, or somebody must be in nothing."""
        self._keeper.clear()

    # --- inside ------------------------------------------------------------------------------
    def _told(self, alive: np.ndarray) -> np.ndarray:
        """Of whom may be told, by customer id (bool)."""
        refusing = [one for one in self._refusing() if one < len(alive)]
        if not refusing:
            return alive
        told = np.array(alive)
        told[refusing] = False
        return told

    def _tested(self, model: Model) -> Holdout | None:
        try:
            return hold_out(self.purchases(), model)
        except BadInput:  # too little time
            return None

    def _fitted(self, model: Model) -> Fitted:
        return self._once(
            ("fit", model),
            model,
            lambda kept: kept.fitted,
            lambda: fitted(self.purchases(), model),
        )

    def _once(
        self,
        key: tuple[Any, ...],
        model: Model,
        read: Callable[[Kept], Made | None],
        make: Callable[[], Made],
    ) -> Made:
        """What was made of the orders as they stand: kept by the worker, or made here once. The
        caller holds the lock, so that the second who asks waits for the first one's answer."""
        made_of = self._stand()
        if key not in self._made:
            kept = self._keeper.read(model)
            found = read(kept) if kept is not None and kept.made_of == made_of else None
            self._made[key] = make() if found is None else found
        found_: Made = self._made[key]
        return found_

    def _stand(self) -> str:
        """Names what a model is fitted on today; what was made of anything else is dropped."""
        snapshot, refusing = self._customers.snapshot(), packed(self._refusing())
        seen = (snapshot.version, snapshot.made_at, refusing)
        if seen != self._named[0]:
            self._named = (seen, _name_of(snapshot, refusing, self._workspace.zone))
        if self._named[1] != self._made_of:
            self._made_of, self._made = self._named[1], {}
        return self._made_of

    # --- settings ----------------------------------------------------------------------------
    def settings(self) -> Settings:
        with self._workspace.db.read() as connection:
            return _settings(connection)

    def set_settings(self, *, margin: float, discount: float) -> Settings:
        """Raises BadInput."""
        new = check_settings(Settings(), margin, discount)
        with self._workspace.db.write() as connection:
            set_meta(connection, _SETTINGS, json.dumps(asdict(new)))
        return new


def _name_of(snapshot: Snapshot, refusing: bytes, zone: str) -> str:
    """Digest of the sales, of who is there and of the last day: events that are no orders move
    nothing."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{day_of(snapshot.as_of, zone)}".encode())
    digest.update(refusing)
    sales = snapshot.sales
    for values in (
        sales.customer, sales.day, sales.paid_fen, sales.refund_fen, snapshot.people.alive,
    ):  # fmt: skip
        digest.update(np.ascontiguousarray(values).view(np.uint8).data)
    return digest.hexdigest()


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
