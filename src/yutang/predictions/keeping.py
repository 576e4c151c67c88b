"""Fits and scores as they were made last, on disk: a page after a restart does not fit again.

A cache under cache/predictions: a folder a generation, one .npy file an array (opened as a memory
map), and a pointer of each model that is switched in one step.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from yutang.predictions.fitting import HORIZONS, Fitted, Model, Scores
from yutang.predictions.holdout import Holdout
from yutang.stats.fitting import Fit
from yutang.stats.purchases import Cells

FORMAT = 1
Arrays = Mapping[str, np.ndarray]
Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Settings:
    """margin: contribution margin, the share of a purchase's value that is earned; discount: a
    year."""

    margin: float = 1.0
    discount: float = 0.1


@dataclass(frozen=True)
class Kept:
    """What one model said. made_of: names the orders and people it was fitted on; made_at: UTC ms;
    settings: those of the scores; holdout: None where there was too little time to test it."""

    made_of: str
    made_at: int
    settings: Settings
    fitted: Fitted
    scores: Scores
    holdout: Holdout | None


class Keeper:
    """Reads and writes what is kept of each model."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[Model, tuple[tuple[int, int], Kept | None]] = {}

    def read(self, model: Model) -> Kept | None:
        """The newest, the same object until another one is written; None where there is none."""
        try:
            stat = self._pointer(model).stat()
        except FileNotFoundError:
            return None
        stamp = (stat.st_mtime_ns, stat.st_ino)
        held = self._open.get(model)
        if held is None or held[0] != stamp:
            held = self._open[model] = (stamp, self._read(model))
        return held[1]

    def write(self, model: Model, kept: Kept) -> None:
        """Keep it instead of the one before (the worker only)."""
        folder = self._root / f"{model}-{kept.made_at}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        arrays: dict[str, np.ndarray] = {}
        plain: dict[str, Any] = {}
        for name in ("fitted", "scores", "holdout"):
            _take_apart(name, getattr(kept, name), arrays, plain)
        for name, values in arrays.items():
            np.save(folder / f"{name}.npy", values)
        manifest = {
            "format": FORMAT,
            "folder": folder.name,
            "made_of": kept.made_of,
            "made_at": kept.made_at,
            "settings": asdict(kept.settings),
            "plain": plain,
        }
        temporary = self._root / f"{model}.json.new"
        temporary.write_text(json.dumps(manifest), encoding="utf-8")
        os.replace(temporary, self._pointer(model))
        for old in self._root.glob(f"{model}-*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)  # who has it open keeps its pages

    def clear(self) -> None:
        """Nothing is kept any more."""
        shutil.rmtree(self._root, ignore_errors=True)

    def _pointer(self, model: Model) -> Path:
        return self._root / f"{model}.json"

    def _read(self, model: Model) -> Kept | None:
        """None where it is of another format, torn, or just being replaced: it is made again."""
        try:
            manifest = json.loads(self._pointer(model).read_text(encoding="utf-8"))
            if manifest["format"] != FORMAT:
                return None
            folder, plain = self._root / manifest["folder"], manifest["plain"]
            arrays = {
                path.stem: np.load(path, mmap_mode="r", allow_pickle=False)
                for path in folder.glob("*.npy")
            }
            return Kept(
                manifest["made_of"],
                manifest["made_at"],
                Settings(**manifest["settings"]),
                _fitted("fitted", model, arrays, plain),
                _scores(arrays),
                _holdout(model, arrays, plain) if "holdout.weeks" in arrays else None,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _take_apart(
    name: str, value: Any, arrays: dict[str, np.ndarray], plain: dict[str, Any]
) -> None:
    """Arrays by their path, and the rest as plain data."""
    if isinstance(value, np.ndarray):
        arrays[name] = value
    elif isinstance(value, Fit):
        plain[name] = asdict(value)
    elif is_dataclass(value):
        for field in fields(value):
            _take_apart(f"{name}.{field.name}", getattr(value, field.name), arrays, plain)
    elif isinstance(value, dict):
        for key, one in value.items():
            _take_apart(f"{name}.{key}", one, arrays, plain)
    elif value is not None and not isinstance(value, (tuple, list)):  # names are those of files
        plain[name] = value


def _fit(found: Mapping[str, Any] | None) -> Fit | None:
    return None if found is None else Fit(**{**found, "at_bound": tuple(found["at_bound"])})


def _fitted(name: str, model: Model, arrays: Arrays, plain: Plain) -> Fitted:
    often = _fit(plain[f"{name}.fit"])
    assert often is not None
    return Fitted(
        model,
        often,
        _fit(plain.get(f"{name}.spending")),
        Cells(*(arrays[f"{name}.cells.{field.name}"] for field in fields(Cells))),
        arrays[f"{name}.customers"],
        arrays[f"{name}.x"],
        arrays[f"{name}.mean"],
        arrays[f"{name}.at"],
        plain[f"{name}.until"],
        (),
    )


def _scores(arrays: Arrays) -> Scores:
    return Scores(
        arrays["scores.customers"],
        arrays["scores.alive"],
        {days: arrays[f"scores.orders.{days}"] for days in HORIZONS},
        {days: arrays[f"scores.value.{days}"] for days in HORIZONS},
        arrays["scores.next_on"],
        arrays["scores.churn"],
    )


def _holdout(model: Model, arrays: Arrays, plain: Plain) -> Holdout:
    parts = ("weeks", "expected_curve", "actual_curve", "expected", "actual")
    return Holdout(
        _fitted("holdout.calibration", model, arrays, plain),
        plain["holdout.until"],
        *(arrays[f"holdout.{name}"] for name in parts),
    )
