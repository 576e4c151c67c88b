"""Building and refreshing a brand's shards. Only the brand's one writer calls these.

`refresh` reads only what is new, rewrites the touched customers whole into a new overlay, and
switches the pointer in one step; when the overlay grows past a twentieth of the base, everything
is built again. Either way the answers are those of a full build.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from yutang.errors import Busy
from yutang.sequence.files import (
    read_pointer,
    remove_unused,
    save_array,
    switch_pointer,
    sync_folder,
)
from yutang.sequence.intake import Intake
from yutang.sequence.shard import ShardSet, open_shards
from yutang.sequence.source import Facts

# design.md §1: past this share of the base's rows, masking costs more than building again.
OVERLAY_SHARE = 0.05
# Tiny bases are rebuilt so quickly that an overlay would only add files; but not on each fact.
_SMALLEST_OVERLAY = 1_000
_TRIES = 3


@dataclass(frozen=True)
class Built:
    """What a build or refresh did."""

    facts_version: int
    how: str  # "unchanged" | "overlay" | "full"
    rows: int
    touched: int  # customers written


def refresh(facts: Facts, folder: Path) -> Built:
    """Bring the shards in `folder` up to the facts' version; builds them where there are none."""
    return _steady(facts, lambda version: _refresh(facts, folder, version))


def build(facts: Facts, folder: Path) -> Built:
    """Build everything again. Nothing of the old generations stays on disk (erasure needs that)."""
    return _steady(facts, lambda version: _build(facts, folder, version))


def _steady(facts: Facts, work: Callable[[int], Built | None]) -> Built:
    """Do `work` at one facts version; again if facts were committed meanwhile."""
    for _ in range(_TRIES):
        done = work(facts.version())
        if done is not None:
            return done
    raise Busy("Facts kept arriving while the analysis cache was being built.")


def _build(facts: Facts, folder: Path, version: int) -> Built | None:
    number = _next_number(folder)
    spool = folder / f"spool-{number:06d}"
    intake = Intake(spool, list(facts.columns()))
    try:
        for batch in facts.batches():
            intake.add(batch)
        base = intake.write(folder / f"base-{number:06d}", facts.zone)
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    if facts.version() != version:
        return None
    _switch(facts, folder, version, intake, base, None)
    return Built(version, "full", base["rows"], base["customers"])


def _refresh(facts: Facts, folder: Path, version: int) -> Built | None:
    manifest = read_pointer(folder)
    if manifest is None or manifest["zone"] != facts.zone:
        return _build(facts, folder, version)
    since = manifest["facts_version"]
    if since == version:
        return Built(version, "unchanged", _rows(manifest), 0)
    if since > version:  # a restored backup: the cache knows facts that no longer exist
        return _build(facts, folder, version)
    number = _next_number(folder)
    spool = folder / f"spool-{number:06d}"
    current = open_shards(folder)
    try:
        overlay, intake = _overlay(facts, current, since, spool, folder / f"overlay-{number:06d}")
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    if facts.version() != version:
        return None
    if overlay is None:
        return _build(facts, folder, version)
    _switch(facts, folder, version, intake, manifest["base"], overlay)
    return Built(version, "overlay", _rows({**manifest, "overlay": overlay}), overlay["customers"])


def _overlay(
    facts: Facts, current: ShardSet, since: int, spool: Path, folder: Path
) -> tuple[dict[str, Any] | None, Intake]:
    """Write the next overlay; None in its place where it would grow too large."""
    base, old = current.shards[0], current.shards[1:]
    changed = np.unique(np.asarray(facts.changed(since), np.uint32))
    intake = Intake(spool, list(facts.columns()), current.event_names, _dictionaries(current))
    most = max(base.rows * OVERLAY_SHARE, _SMALLEST_OVERLAY)
    for batch in facts.batches(since=since, whole=changed):
        intake.add(batch)
        if intake.rows > most:
            return None, intake
    touched = np.union1d(changed, intake.customers())
    appended = np.setdiff1d(touched, changed, assume_unique=True)
    intake.add_rows(base, base.rows_of(appended))
    for shard in old:
        kept = np.setdiff1d(shard.customers, changed, assume_unique=True)
        intake.add_rows(shard, shard.rows_of(kept))
    if intake.rows > most:
        return None, intake
    overlay = intake.write(folder, facts.zone)
    masked = np.union1d(current.masked, touched).astype(np.uint32)
    overlay["files"] |= save_array(folder, "masked", masked)
    sync_folder(folder)
    return overlay, intake


def _dictionaries(current: ShardSet) -> dict[str, Any]:
    """Each dictionary of the set, and how many of its strings the base keeps."""
    known = {}
    for name, column in current.columns.items():
        if column.type in ("string", "list"):
            file = current.shards[0].column(name)
            in_base = len(file.words) if file is not None and file.words is not None else 0
            known[name] = (current.dictionary(name), in_base)
    return known


def _switch(
    facts: Facts,
    folder: Path,
    version: int,
    intake: Intake,
    base: dict[str, Any],
    overlay: dict[str, Any] | None,
) -> None:
    sync_folder(folder)
    switch_pointer(
        folder,
        {
            "facts_version": version,
            "zone": facts.zone,
            "events": list(intake.events),
            "columns": [list(column) for column in facts.columns()],
            "base": base,
            "overlay": overlay,
        },
    )
    used = {base["folder"]} | ({overlay["folder"]} if overlay else set())
    remove_unused(folder, used)


def _rows(manifest: dict[str, Any]) -> int:
    overlay = manifest.get("overlay")
    return int(manifest["base"]["rows"]) + (int(overlay["rows"]) if overlay else 0)


def _next_number(folder: Path) -> int:
    """The number of the next generation; never one of a folder that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    tails = [p.name.rpartition("-")[2] for p in folder.iterdir() if p.is_dir()]
    return max((int(tail) for tail in tails if tail.isdecimal()), default=0) + 1
