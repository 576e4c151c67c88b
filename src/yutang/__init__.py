"""Yutang 鱼塘: the open platform on which consumer brands run their private domain.

In a notebook: `pond = yutang.open("home")`, then `pond.funnel(steps=["code_scanned", …])`; see
docs/python.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yutang.notebook import Pond

__version__ = "0.1.0"


def open(path: str | Path, brand: str = "") -> Pond:
    """A brand of the installation in the folder `path`, to be asked and never changed.

    brand: its address name or name; the first without one. Raises NotFound.
    """
    from yutang.notebook import open_pond  # loaded when it is wanted: `import yutang` stays light

    return open_pond(path, brand)
