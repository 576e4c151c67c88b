"""Files of a shard cache: arrays, dictionaries, and the pointer that is switched atomically.

Every file is fsynced before the pointer names it, so after a power cut the pointer never leads to
half-written arrays. The manifest keeps each file's size: a torn or foreign file is `Damaged`.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from yutang.errors import Damaged

POINTER = "current.json"
FORMAT = 2
# Below this a plain read is cheaper than a mapping (and an empty file cannot be mapped).
_MAP_FROM_BYTES = 65_536


def save_array(folder: Path, name: str, values: np.ndarray) -> dict[str, int]:
    """Write one array, fsynced; returns {file name: size}."""
    path = folder / f"{name}.npy"
    with path.open("wb") as handle:
        np.save(handle, np.ascontiguousarray(values), allow_pickle=False)
        _sync(handle)
    return {path.name: path.stat().st_size}


def load_array(folder: Path, name: str) -> np.ndarray:
    """A read-only array, memory-mapped when large.

    Read-only always: numba compiles read-only and writable arrays apart, and only the read-only
    kernels are compiled at set-up.
    """
    path = folder / f"{name}.npy"
    mapped = path.stat().st_size >= _MAP_FROM_BYTES
    values = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    return frozen(np.asarray(values))


def frozen(values: np.ndarray) -> np.ndarray:
    """The same array, read-only and contiguous, as the kernels were compiled for."""
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view


def save_strings(folder: Path, name: str, values: pa.ChunkedArray) -> dict[str, int]:
    """Write a dictionary of strings as an Arrow file, fsynced; returns {file name: size}."""
    path = folder / f"{name}.arrow"
    table = pa.table({"value": values})
    with path.open("wb") as handle:
        with pa.ipc.new_file(handle, table.schema) as writer:
            writer.write_table(table)
        _sync(handle)
    return {path.name: path.stat().st_size}


def load_strings(folder: Path, name: str) -> pa.ChunkedArray:
    """The strings of a dictionary file, mapped, not read."""
    source = pa.memory_map(str(folder / f"{name}.arrow"))
    return pa.ipc.open_file(source).read_all().column("value")


def check_files(folder: Path, files: dict[str, int]) -> None:
    """Every file is there with the size that was written, else `Damaged`."""
    for name, size in files.items():
        if (folder / name).stat().st_size != size:
            raise Damaged(
                "The analysis cache file %(file)s has the wrong size.",
                hint="`yutang rebuild` makes the cache again.",
                file=name,
            )


def read_pointer(folder: Path) -> dict[str, Any] | None:
    """The current manifest, or None where nothing was built or the format is an older one."""
    try:
        manifest: dict[str, Any] = json.loads((folder / POINTER).read_bytes())
    except FileNotFoundError:
        return None
    return manifest if manifest.get("format") == FORMAT else None


def switch_pointer(folder: Path, manifest: dict[str, Any]) -> None:
    """Make `manifest` the current one in one step that survives a power cut."""
    fresh = folder / f"{POINTER}.new"
    with fresh.open("w", encoding="utf-8") as handle:
        json.dump({"format": FORMAT, **manifest}, handle, ensure_ascii=False)
        _sync(handle)
    fresh.replace(folder / POINTER)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """fsync a directory, so that the names in it survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_unused(folder: Path, used: set[str]) -> None:
    """Remove generations the pointer no longer names. Open mappings of them stay readable."""
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in used:
            shutil.rmtree(entry, ignore_errors=True)


def _sync(handle: Any) -> None:
    handle.flush()
    os.fsync(handle.fileno())
