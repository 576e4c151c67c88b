"""The facts version that every cache of a brand has: written last by a refresh."""

from __future__ import annotations

import json
import os
from pathlib import Path

MARK = "made.json"  # under the brand's cache folder
# Raised when the format of any cache changes: an upgraded installation then makes them anew.
FORMAT = 2


def made_version(cache: Path) -> int:
    """The facts version at which the last refresh was complete; 0 where none was, or only one of
    an older program."""
    path = cache / MARK
    made = json.loads(path.read_text()) if path.exists() else {}
    return int(made["version"]) if made.get("format") == FORMAT else 0


def mark_made(cache: Path, version: int) -> None:
    temporary = (cache / MARK).with_suffix(".tmp")
    temporary.write_text(json.dumps({"version": version, "format": FORMAT}))
    os.replace(temporary, cache / MARK)
