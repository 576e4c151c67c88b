"""Front-end files: icons that exist, scripts that stay small."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from yutang.console import navigation
from yutang.console.assets import FOLDER
from yutang.console.customers.portrait import ICONS as TIMELINE

ROOT = Path(__file__).parents[2]
CONSOLE = FOLDER.parent
MOST_LINES = 1_500


def vendored() -> set[str]:
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "tools" / "vendor.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return set(module.ICONS)


def test_every_icon_a_template_names_is_vendored():
    named = {section.icon for section in navigation.SECTIONS}
    named |= {name for name, _ in TIMELINE.values()}
    for path in CONSOLE.rglob("*.html"):
        text = path.read_text()
        for call in re.findall(r"\b(?:icon|empty)\(([^)]*)", text):
            # icon("a"), icon("a" if x else "b"), icon({"x": "a"}.get(x, "b"))
            named |= set(re.findall(r'(?:^|else |: )"([a-z-]+)"', call.strip()))
    assert len(named) > 40
    assert named <= vendored()


def test_our_own_scripts_stay_small():
    lines = sum(len(path.read_text().splitlines()) for path in FOLDER.glob("*.js"))
    assert lines <= MOST_LINES


def test_the_lock_names_no_registry():
    lock = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text()
