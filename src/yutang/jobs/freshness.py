"""The facts version that every cache of a brand has: written last by a refresh."""

from __future__ import annotations

import json
import os
from pathlib import Path

MARK = "made.json"  # under the brand's cache folder


def made_version(cache: Path) -> int:
    """The facts version at which the last refresh was complete; 0 where none was."""
    path = cache / MARK
    return int(json.loads(path.read_text())["version"]) if path.exists() else 0


def mark_made(cache: Path, version: int) -> None:
    temporary = (cache / MARK).with_suffix(".tmp")
    temporary.write_text(json.dumps({"version": version}))
    os.replace(temporary, cache / MARK)
